package import Tensors

/// x with its axes reordered: axis i of y is axis `permutation[i]` of x.
///
/// Source: ONNX operator Transpose.
package struct Transpose: Foldable {
    package static let type = "Transpose"
    package static let folding = Folding.movesBytes

    /// Nil reverses the axes.
    package var permutation: [Int]?

    package init(permutation: [Int]? = nil) {
        self.permutation = permutation
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        permutation = try reader.ints("perm")
    }

    package func encode(to writer: inout AttributeWriter) {
        if let permutation { writer.write("perm", permutation) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.present(0)
        let axes = axes(rank: input.shape.count)
        guard axes.count == input.shape.count, axes.sorted() == Array(0..<axes.count) else {
            throw .attribute(
                "perm", expected: "each of 0 ..< \(input.shape.count) once", found: "\(axes)")
        }
        return [ValueInfo(elementType: input.elementType, shape: axes.map { input.shape[$0] })]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [input.permuted(axes(rank: input.rank))]
    }

    private func axes(rank: Int) -> [Int] {
        permutation ?? (0..<rank).reversed()
    }
}
