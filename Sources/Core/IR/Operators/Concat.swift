package import Tensors

/// The inputs one after another along `axis`; their other sizes agree.
///
/// Source: ONNX operator Concat; before opset 4 the axis is 1 unless given.
package struct Concat: Foldable {
    package static let type = "Concat"
    package static let folding = Folding.movesBytes

    /// Negative counts from the end.
    package var axis: Int

    package init(axis: Int) {
        self.axis = axis
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        guard let axis = try reader.int("axis") ?? (reader.opset < 4 ? 1 : nil) else {
            throw .attribute("axis", expected: "an axis", found: "none")
        }
        self.axis = axis
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        guard !inputs.isEmpty else { throw .inputCount(expected: "at least 1", found: 0) }
        let first = try inputs.present(0)
        let axis = try normalizedAxis(self.axis, rank: first.shape.count)
        var shape = first.shape
        for index in inputs.indices.dropFirst() {
            let input = try inputs.present(index)
            guard input.elementType == first.elementType else {
                throw .input(
                    index, expected: "\(first.elementType.rawValue) elements",
                    found: input.elementType.rawValue)
            }
            var others = input.shape
            if axis < others.count { others[axis] = first.shape[axis] }
            guard others == first.shape else {
                throw .input(
                    index, expected: "the sizes of \(first.shape) but at axis \(axis)",
                    found: "\(input.shape)")
            }
            let (sum, overflow) = shape[axis].addingReportingOverflow(input.shape[axis])
            if overflow { throw .outputTooLarge(input.shape) }
            shape[axis] = sum
        }
        return [ValueInfo(elementType: first.elementType, shape: shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let tensors = inputs.indices.map { inputs.present($0) }
        let axis = try normalizedAxis(self.axis, rank: tensors[0].rank)
        var shape = tensors[0].shape
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        let type = tensors[0].elementType
        let blocks = shape.prefix(axis).reduce(1, *)
        let storage = unsafe ByteStorage(count: Tensor.byteCount(of: shape, type) ?? 0) { out in
            if unsafe out.isEmpty { return }
            var written = 0
            for block in 0..<blocks {
                for tensor in tensors {
                    let size = tensor.byteCount / blocks
                    unsafe tensor.withUnsafeBytes { bytes in
                        let part = unsafe bytes[block * size..<(block + 1) * size]
                        unsafe UnsafeMutableRawBufferPointer(
                            rebasing: out[written..<written + size]
                        ).copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
                    }
                    written += size
                }
            }
        }
        return [Tensor(elementType: type, shape: shape, storage: storage)]
    }
}
