package import Tensors

/// x with axes of size 1 inserted.
///
/// Inputs: x, axes [k] (constant): where the new axes stand in the output, negative ones counting
/// from its end.
///
/// Source: ONNX operator Unsqueeze; before opset 13 the axes are an attribute.
package struct Unsqueeze: Foldable, AttributeFree {
    package static let type = "Unsqueeze"
    package static let folding = Folding.sharesBytes

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        if reader.opset < 13, let axes = try reader.ints("axes") {
            reader.addInput(1, Tensor(axes.map { Int64($0) }))
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let input = try inputs.present(0)
        let axes = try inputs.requiredList(1, limit: maximumRank)
        return [
            ValueInfo(elementType: input.elementType, shape: try widened(input.shape, axes))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [input.reshaped(try widened(input.shape, inputs.integers(1) ?? []))]
    }

    private func widened(_ shape: [Int], _ axes: [Int]) throws(OperatorError) -> [Int] {
        try checkRank(shape.count + axes.count)
        let isNew = try axisFlags(axes, rank: shape.count + axes.count)
        var rest = shape[...]
        return isNew.map { $0 ? 1 : rest.removeFirst() }
    }
}
