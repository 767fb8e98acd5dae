package import Tensors

/// x as a matrix: [∏ sizes before `axis`, ∏ sizes from it].
///
/// Source: ONNX operator Flatten.
package struct Flatten: Foldable {
    package static let type = "Flatten"
    package static let folding = Folding.sharesBytes

    /// −rank … rank, negative counting from the end.
    package var axis: Int

    package init(axis: Int = 1) {
        self.axis = axis
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        axis = try reader.int("axis", default: 1)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.present(0)
        return [ValueInfo(elementType: input.elementType, shape: try matrix(input.shape))]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [input.reshaped(try matrix(input.shape))]
    }

    private func matrix(_ shape: [Int]) throws(OperatorError) -> [Int] {
        let rank = shape.count
        guard axis >= -rank, axis <= rank else {
            throw .attribute("axis", expected: "−\(rank) to \(rank)", found: "\(axis)")
        }
        let split = axis < 0 ? axis + rank : axis
        guard let rows = Tensor.elementCount(of: Array(shape.prefix(split))),
            let columns = Tensor.elementCount(of: Array(shape.dropFirst(split)))
        else { throw .outputTooLarge(shape) }
        return [rows, columns]
    }
}
