package import Tensors

/// x without some of its axes of size 1, or without all of them.
///
/// Inputs: x, optionally axes [k] (constant), negative ones counting from the end.
///
/// Source: ONNX operator Squeeze; before opset 13 the axes are an attribute.
package struct Squeeze: Foldable, AttributeFree {
    package static let type = "Squeeze"
    package static let folding = Folding.sharesBytes

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        if reader.opset < 13, let axes = try reader.ints("axes") {
            reader.addInput(1, Tensor(axes.map { Int64($0) }))
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...2)
        let input = try inputs.present(0)
        let axes = try inputs.shortList(1, limit: maximumRank)
        return [
            ValueInfo(elementType: input.elementType, shape: try squeezed(input.shape, axes))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [input.reshaped(try squeezed(input.shape, inputs.integers(1)))]
    }

    private func squeezed(_ shape: [Int], _ axes: [Int]?) throws(OperatorError) -> [Int] {
        guard let axes else { return shape.filter { $0 != 1 } }
        let flags = try axisFlags(axes, rank: shape.count)
        guard zip(shape, flags).allSatisfy({ !$1 || $0 == 1 }) else {
            throw .input(0, expected: "size 1 at axes \(axes)", found: "shape \(shape)")
        }
        return zip(shape, flags).compactMap { $1 ? nil : $0 }
    }
}
