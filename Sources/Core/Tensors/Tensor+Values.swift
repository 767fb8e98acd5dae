/// Reading a tensor's elements as Swift numbers, and making tensors from them.
extension Tensor {
    /// Makes a tensor of `shape` by letting `fill` write all its elements.
    ///
    /// - Precondition: the shape's element count does not overflow.
    package init<Element: BitwiseCopyable>(
        _ elementType: ElementType, shape: [Int],
        filledBy fill: (UnsafeMutableBufferPointer<Element>) throws -> Void
    ) rethrows {
        precondition(elementType.size == MemoryLayout<Element>.stride)
        guard let size = Tensor.byteCount(of: shape, elementType) else {
            preconditionFailure("tensor shape \(shape) is negative or overflows")
        }
        let storage = try unsafe ByteStorage(count: size) { buffer in
            try unsafe fill(buffer.bindMemory(to: Element.self))
        }
        self.init(elementType: elementType, shape: shape, storage: storage)
    }

    private init<Element: BitwiseCopyable>(
        _ elementType: ElementType, _ values: [Element], shape: [Int]?
    ) {
        let shape = shape ?? [values.count]
        precondition(Tensor.elementCount(of: shape) == values.count, "values do not fill the shape")
        unsafe self.init(elementType, shape: shape) {
            (buffer: UnsafeMutableBufferPointer<Element>) in
            _ = unsafe buffer.update(fromContentsOf: values)
        }
    }

    /// A float32 tensor; one axis unless a shape is given.
    package init(_ values: [Float], shape: [Int]? = nil) {
        self.init(.float32, values, shape: shape)
    }

    /// A float64 tensor; one axis unless a shape is given.
    package init(_ values: [Double], shape: [Int]? = nil) {
        self.init(.float64, values, shape: shape)
    }

    /// An int64 tensor; one axis unless a shape is given.
    package init(_ values: [Int64], shape: [Int]? = nil) {
        self.init(.int64, values, shape: shape)
    }

    /// `values` rounded to `elementType` (to nearest, ties to even; integers truncate and saturate).
    package init(rounding values: [Double], to elementType: ElementType, shape: [Int]) {
        switch elementType {
        case .float32: self.init(.float32, values.map { Float($0) }, shape: shape)
        case .float64: self.init(.float64, values, shape: shape)
        case .float16: self.init(.float16, values.map { Half.bits(rounding: $0) }, shape: shape)
        case .bfloat16:
            self.init(.bfloat16, values.map { BrainFloat.bits(rounding: $0) }, shape: shape)
        case .int8: self.init(.int8, values.map { Int8(saturating: $0) }, shape: shape)
        case .int16: self.init(.int16, values.map { Int16(saturating: $0) }, shape: shape)
        case .int32: self.init(.int32, values.map { Int32(saturating: $0) }, shape: shape)
        case .int64: self.init(.int64, values.map { Int64(saturating: $0) }, shape: shape)
        case .uint8: self.init(.uint8, values.map { UInt8(saturating: $0) }, shape: shape)
        case .uint16: self.init(.uint16, values.map { UInt16(saturating: $0) }, shape: shape)
        case .uint32: self.init(.uint32, values.map { UInt32(saturating: $0) }, shape: shape)
        case .uint64: self.init(.uint64, values.map { UInt64(saturating: $0) }, shape: shape)
        case .bool: self.init(.bool, values.map { UInt8($0 == 0 ? 0 : 1) }, shape: shape)
        }
    }

    private func elements<Element: BitwiseCopyable>(_: Element.Type) -> [Element] {
        unsafe [Element](unsafeUninitializedCapacity: elementCount) { buffer, count in
            unsafe withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
            }
            count = elementCount
        }
    }

    /// The elements as float32: widened or rounded to nearest where the type differs.
    package func floats() -> [Float] {
        switch elementType {
        case .float32: elements(Float.self)
        case .float16: elements(UInt16.self).map { Float(Half.value($0)) }
        case .bfloat16: elements(UInt16.self).map { BrainFloat.value($0) }
        default: doubles().map { Float($0) }
        }
    }

    /// The elements as float64: exact for every type but 64-bit integers beyond 2⁵³.
    package func doubles() -> [Double] {
        switch elementType {
        case .float32: elements(Float.self).map { Double($0) }
        case .float64: elements(Double.self)
        case .float16: elements(UInt16.self).map { Half.value($0) }
        case .bfloat16: elements(UInt16.self).map { Double(BrainFloat.value($0)) }
        case .int8: elements(Int8.self).map { Double($0) }
        case .int16: elements(Int16.self).map { Double($0) }
        case .int32: elements(Int32.self).map { Double($0) }
        case .int64: elements(Int64.self).map { Double($0) }
        case .uint8, .bool: elements(UInt8.self).map { Double($0) }
        case .uint16: elements(UInt16.self).map { Double($0) }
        case .uint32: elements(UInt32.self).map { Double($0) }
        case .uint64: elements(UInt64.self).map { Double($0) }
        }
    }

    /// The elements as int64, or nil when the type is not an integer or a value does not fit.
    package func integers() -> [Int64]? {
        switch elementType {
        case .int64: return elements(Int64.self)
        case .uint64:
            let values = elements(UInt64.self)
            return values.allSatisfy { $0 <= Int64.max } ? values.map { Int64($0) } : nil
        case .float32, .float64, .float16, .bfloat16: return nil
        default: return doubles().map { Int64($0) }
        }
    }

    /// The elements converted to `elementType`; the same tensor when it has that type already.
    package func converted(to elementType: ElementType) -> Tensor {
        if elementType == self.elementType { return self }
        if elementType == .int64, let integers = integers() {
            return Tensor(integers, shape: shape)
        }
        return Tensor(rounding: doubles(), to: elementType, shape: shape)
    }
}

extension FixedWidthInteger {
    /// `value` truncated towards zero, clamped to what fits; NaN becomes 0.
    init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else {
            self = Self(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
        }
    }
}
