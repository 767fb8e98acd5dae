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
        if let format = elementType.smallFloat {
            self.init(elementType, values.map { UInt8(format.code(rounding: $0)) }, shape: shape)
            return
        }
        switch elementType {
        case .float32: self.init(.float32, values.map { Float($0) }, shape: shape)
        case .float64: self.init(.float64, values, shape: shape)
        case .float16: self.init(.float16, values.map { Half.bits(rounding: $0) }, shape: shape)
        case .bfloat16:
            self.init(.bfloat16, values.map { BrainFloat.bits(rounding: $0) }, shape: shape)
        case .int8: self.init(.int8, values.map { Int8(saturating: $0) }, shape: shape)
        case .int16: self.init(.int16, values.map { Int16(saturating: $0) }, shape: shape)
        case .int32: self.init(.int32, values.map { Int32(saturating: $0) }, shape: shape)
        case .uint8: self.init(.uint8, values.map { UInt8(saturating: $0) }, shape: shape)
        case .uint16: self.init(.uint16, values.map { UInt16(saturating: $0) }, shape: shape)
        case .uint32: self.init(.uint32, values.map { UInt32(saturating: $0) }, shape: shape)
        case .uint64: self.init(.uint64, values.map { UInt64(saturating: $0) }, shape: shape)
        case .bool: self.init(.bool, values.map { UInt8($0 == 0 ? 0 : 1) }, shape: shape)
        default:
            self.init(
                truncating: values.map { Int64(saturating: $0) }, to: elementType, shape: shape)
        }
    }

    /// The lowest bits of integers, as many as `elementType` has; for a bool whether they are not 0.
    ///
    /// - Precondition: the type is bool or an integer's.
    package init(truncating values: [Int64], to elementType: ElementType, shape: [Int]) {
        func truncated<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> Tensor {
            Tensor(elementType, values.map { Word(truncatingIfNeeded: $0) }, shape: shape)
        }
        precondition(!elementType.isFloatingPoint)
        switch elementType {
        case .bool: self.init(.bool, values.map { UInt8($0 == 0 ? 0 : 1) }, shape: shape)
        default:
            switch elementType.size {
            case 1:
                self.init(
                    elementType,
                    values.map { elementType.element(in: UInt8(truncatingIfNeeded: $0)) },
                    shape: shape)
            case 2: self = truncated(UInt16.self)
            case 4: self = truncated(UInt32.self)
            default: self = truncated(UInt64.self)
            }
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
        if let values = elementType.smallFloat?.values {
            return elements(UInt8.self).map { values[Int($0)] }
        }
        switch elementType {
        case .float32: return elements(Float.self).map { Double($0) }
        case .float64: return elements(Double.self)
        case .float16: return elements(UInt16.self).map { Half.value($0) }
        case .bfloat16: return elements(UInt16.self).map { Double(BrainFloat.value($0)) }
        case .uint64: return elements(UInt64.self).map { Double($0) }
        default: return words().map { Double($0) }
        }
    }

    /// The elements as int64, or nil when the type is not an integer or a value does not fit.
    package func integers() -> [Int64]? {
        if elementType.isFloatingPoint { return nil }
        let words = words()
        return elementType == .uint64 && words.contains { $0 < 0 } ? nil : words
    }

    /// The 64 bits of integers and truth values; those of 2⁶³ and more look negative.
    private func words() -> [Int64] {
        func widened<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> [Int64] {
            elements(Word.self).map { Int64(truncatingIfNeeded: $0) }
        }
        switch elementType {
        case .int8, .int4, .int2: return widened(Int8.self)
        case .int16: return widened(Int16.self)
        case .int32: return widened(Int32.self)
        case .int64: return widened(Int64.self)
        case .uint16: return widened(UInt16.self)
        case .uint32: return widened(UInt32.self)
        case .uint64: return widened(UInt64.self)
        default: return widened(UInt8.self)
        }
    }

    /// The elements converted to `elementType`; the same tensor when it has that type already.
    ///
    /// Between integers the lowest bits are kept; from floating point they are truncated towards
    /// zero, and saturate in types of at least 8 bits. Floats are rounded once.
    ///
    /// - Parameters:
    ///   - saturates: whether floats of at most 8 bits take the nearest finite number for what is
    ///     out of range.
    ///   - rounding: how float8e8m0 rounds; away from zero when nil.
    package func converted(
        to elementType: ElementType, saturates: Bool = true,
        rounding: FloatingPointRoundingRule? = nil
    ) -> Tensor {
        if elementType == self.elementType { return self }
        if !self.elementType.isFloatingPoint, !elementType.isFloatingPoint {
            return Tensor(truncating: words(), to: elementType, shape: shape)
        }
        let values = elementType == .float64 ? doubles() : doublesToRound()
        guard let format = elementType.smallFloat else {
            return Tensor(rounding: values, to: elementType, shape: shape)
        }
        let codes = values.map {
            UInt8(format.code(rounding: $0, saturates: saturates, by: rounding))
        }
        return Tensor(elementType, codes, shape: shape)
    }

    /// The elements as float64, integers beyond 2⁵³ rounded to odd: rounded again to a shorter type
    /// they are what rounding once makes of them.
    private func doublesToRound() -> [Double] {
        guard elementType == .int64 || elementType == .uint64 else { return doubles() }
        return words().map { word in
            let isNegative = elementType == .int64 && word < 0
            let magnitude = isNegative ? word.magnitude : UInt64(bitPattern: word)
            let surplus = max(0, UInt64.bitWidth - magnitude.leadingZeroBitCount - 53)
            let kept = magnitude >> UInt64(surplus)
            let isExact = kept << UInt64(surplus) == magnitude
            return Double(
                sign: isNegative ? .minus : .plus, exponent: surplus,
                significand: Double(isExact ? kept : kept | 1))
        }
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
