package import Tensors

/// y = a where the condition holds, else b; all three broadcast.
///
/// Inputs: condition (bool), a, b of one type.
///
/// Source: ONNX operator Where.
package struct Where: Foldable, AttributeFree {
    package static let type = "Where"

    package init() {}

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(3...3)
        let (condition, a, b) = (
            try inputs.present(0), try inputs.present(1), try inputs.present(2)
        )
        guard condition.elementType == .bool else {
            throw .input(0, expected: "bool elements", found: condition.elementType.rawValue)
        }
        return [
            ValueInfo(
                elementType: try commonElementType([a, b]),
                shape: try broadcastShape([condition.shape, a.shape, b.shape]))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let output = try outputTypes(for: inputs.map { $0.map { ValueInfo($0) } })[0]
        let choices = inputs.present(0).expanded(to: output.shape).doubles().map { $0 != 0 }
        let (a, b) = (inputs.present(1), inputs.present(2))
        if let x = a.expanded(to: output.shape).integers(), output.elementType == .int64,
            let y = b.expanded(to: output.shape).integers()
        {
            let values = choices.indices.map { choices[$0] ? x[$0] : y[$0] }
            return [Tensor(values, shape: output.shape)]
        }
        let x = a.expanded(to: output.shape).doubles()
        let y = b.expanded(to: output.shape).doubles()
        let values = choices.indices.map { choices[$0] ? x[$0] : y[$0] }
        return [Tensor(rounding: values, to: output.elementType, shape: output.shape)]
    }
}
