import FormatInterface
import Tensors

/// Makes tensors of what a file says about them; their elements stay in the file where the layout
/// allows.
struct TensorDecoder {
    /// Axes of a tensor; no network needs more.
    static let rankLimit = 32

    let storage: ByteStorage
    let elements: [TensorElements]
    let externalFiles: ExternalFiles

    /// The described tensor.
    ///
    /// - Parameter place: what to name in errors.
    /// - Throws: `ONNXError` for element types Ferry does not carry, data that does not fill the
    ///   shape exactly, and data in files that are not in the model's folder.
    func tensor(
        _ description: TensorDescription, at place: ONNXError.Place
    ) throws(ONNXError) -> Tensor {
        guard let type = ElementType(dataType: description.dataType) else {
            throw ONNXError(
                place, expected: "elements of a type Ferry carries",
                found: DataType.name(of: description.dataType))
        }
        if description.hasSegment {
            throw ONNXError(place, expected: "a whole tensor", found: "a segment of one")
        }
        let shape = try shape(description.dims, type, at: place)
        guard let index = description.elements, elements.indices.contains(index) else {
            throw ONNXError(place, expected: "elements", found: "none")
        }
        if description.dataLocation != 0 || !description.externalData.isEmpty {
            return try externalTensor(description, type, shape, elements[index], at: place)
        }
        return try tensor(type, shape, elements[index], at: place)
    }

    private func tensor(
        _ type: ElementType, _ shape: [Int], _ data: TensorElements, at place: ONNXError.Place
    ) throws(ONNXError) -> Tensor {
        let raw = data.raw.flatMap { $0.isEmpty ? nil : $0 }
        let runs = data.runs.filter { !$0.range.isEmpty }
        if let raw {
            if let run = runs.first {
                throw ONNXError(
                    place, expected: "elements in one field",
                    found: "raw_data and \(TensorElements.fieldName(run.field))")
            }
            return try tensor(type, shape, in: raw, at: place)
        }
        if let run = runs.first(where: { $0.field != type.typedField }) {
            throw ONNXError(
                place,
                expected: "\(type) elements in \(TensorElements.fieldName(type.typedField))",
                found: TensorElements.fieldName(run.field))
        }
        if runs.count == 1, runs[0].isPacked, runs[0].wireType != .varint {
            return try tensor(type, shape, in: runs[0].range, at: place)
        }
        return try tensor(type, shape, from: runs, at: place)
    }

    /// A tensor whose elements lie in another file, at any byte.
    private func externalTensor(
        _ description: TensorDescription, _ type: ElementType, _ shape: [Int],
        _ data: TensorElements, at place: ONNXError.Place
    ) throws(ONNXError) -> Tensor {
        guard description.dataLocation == 0 || description.dataLocation == 1 else {
            throw ONNXError(
                place, expected: "data location DEFAULT or EXTERNAL",
                found: "\(description.dataLocation)")
        }
        guard data.raw?.isEmpty ?? true, data.runs.allSatisfy(\.range.isEmpty) else {
            throw ONNXError(
                place, expected: "elements in the file or in another",
                found: "elements in both")
        }
        let source = try ExternalFiles.Place(description.externalData, at: place)
        let (storage, offset) = try externalFiles.bytes(
            source, count: Tensor.packedByteCount(of: shape, type) ?? 0, at: place)
        return Tensor(unpacking: type, shape: shape, storage: storage, byteOffset: offset)
    }

    private func shape(
        _ dims: [Int64], _ type: ElementType, at place: ONNXError.Place
    ) throws(ONNXError) -> [Int] {
        guard dims.count <= Self.rankLimit else {
            throw ONNXError(
                place, expected: "at most \(Self.rankLimit) dimensions", found: "\(dims.count)")
        }
        let shape = dims.map { Int($0) }
        guard Tensor.byteCount(of: shape, type) != nil else {
            throw ONNXError(
                place, expected: "dimensions of at least 0 whose product fits in 64 bits",
                found: "\(shape)")
        }
        return shape
    }

    /// A tensor whose elements are `range` of the file.
    private func tensor(
        _ type: ElementType, _ shape: [Int], in range: Range<Int>, at place: ONNXError.Place
    ) throws(ONNXError) -> Tensor {
        guard let size = Tensor.packedByteCount(of: shape, type), range.count == size else {
            let size = Tensor.packedByteCount(of: shape, type) ?? 0
            throw ONNXError(
                place, expected: "\(size) bytes for \(type) \(shape)", found: "\(range.count)")
        }
        return Tensor(
            unpacking: type, shape: shape, storage: storage, byteOffset: range.lowerBound)
    }

    /// A tensor of elements that lie apart, or in another width than memory's.
    private func tensor(
        _ type: ElementType, _ shape: [Int], from runs: [TensorElements.Run],
        at place: ONNXError.Place
    ) throws(ONNXError) -> Tensor {
        let found = try NumberReader(storage: storage, runs: runs).count()
        let expected =
            type.isPacked
            ? Tensor.packedByteCount(of: shape, type) : Tensor.elementCount(of: shape)
        guard found == expected else {
            let entries = type.isPacked ? "bytes of \(type)" : "elements"
            throw ONNXError(
                place, expected: "\(expected ?? 0) \(entries) for shape \(shape)",
                found: "\(found)")
        }
        let source = Source(type: type, shape: shape, runs: runs, place: place)
        switch type {
        case .float32, .int32: return try tensor(source) { UInt32(truncatingIfNeeded: $0) }
        case .float64, .int64, .uint64: return try tensor(source) { $0 }
        case .uint32: return try tensor(source) { UInt32(exactly: $0) }
        case .int16: return try tensor(source) { Int16(exactly: Int64(bitPattern: $0)) }
        case .int8: return try tensor(source) { Int8(exactly: Int64(bitPattern: $0)) }
        case .uint16, .float16, .bfloat16: return try tensor(source) { UInt16(exactly: $0) }
        case .bool: return try tensor(source) { $0 > 1 ? nil : UInt8($0) }
        case .uint8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
            return try tensor(source) { UInt8(exactly: $0) }
        case .int4, .uint4, .float4e2m1, .int2, .uint2:
            // Each number is a byte of several elements.
            var bytes = source
            bytes.type = .uint8
            bytes.shape = [found]
            let packed = try tensor(bytes) { UInt8(exactly: $0) }
            return Tensor(unpacking: type, shape: shape, storage: packed.storage, byteOffset: 0)
        }
    }

    private struct Source {
        var type: ElementType
        var shape: [Int]
        var runs: [TensorElements.Run]
        var place: ONNXError.Place
    }

    /// Converts each number as the wire has it (signed ones extended to 64 bits) to an element;
    /// nil refuses it.
    private func tensor<Element: FixedWidthInteger & BitwiseCopyable>(
        _ source: Source, _ element: (UInt64) -> Element?
    ) throws(ONNXError) -> Tensor {
        var failure: ONNXError?
        let tensor = unsafe Tensor(source.type, shape: source.shape) {
            (buffer: UnsafeMutableBufferPointer<Element>) in
            unsafe buffer.initialize(repeating: 0)
            var index = 0
            do throws(ONNXError) {
                let reader = NumberReader(storage: storage, runs: source.runs)
                try reader.forEach { number throws(ONNXError) in
                    guard let value = element(number) else {
                        throw ONNXError(
                            source.place, expected: "\(source.type) elements",
                            found: "\(Int64(bitPattern: number))")
                    }
                    unsafe buffer[index] = value
                    index += 1
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return tensor
    }
}
