package import Tensors

/// x broadcast together with a shape: sizes of 1 on either side are stretched to the other's.
///
/// Inputs: x, shape [k] (constant).
///
/// Source: ONNX operator Expand.
package struct Expand: Foldable, AttributeFree {
    package static let type = "Expand"

    package init() {}

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let input = try inputs.present(0)
        let shape = try inputs.requiredList(1, limit: maximumRank)
        guard shape.allSatisfy({ $0 >= 0 }) else {
            throw .input(1, expected: "sizes of at least 0", found: "\(shape)")
        }
        return [
            ValueInfo(
                elementType: input.elementType, shape: try broadcastShape([input.shape, shape]))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let shape = try broadcastShape([input.shape, inputs.integers(1) ?? []])
        return [input.expanded(to: shape)]
    }
}
