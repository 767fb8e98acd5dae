package import Tensors

/// y = min(max(x, low), high), element by element; NaN stays NaN, and high wins over low.
///
/// Inputs: x, optionally low, optionally high: one element each.
///
/// Source: ONNX operator Clip; before opset 11 the bounds are attributes.
package struct Clip: Foldable, AttributeFree {
    package static let type = "Clip"

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        guard reader.opset < 11 else { return }
        reader.ignoreConsumedInputs()
        for (index, name) in [(1, "min"), (2, "max")] {
            if let bound = try reader.float(name) {
                reader.addInput(index, Tensor([bound], shape: []))
            }
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...3)
        let input = try inputs.numeric(0)
        for index in 1...2 {
            guard let bound = inputs.optional(index) else { continue }
            let bothFloat = bound.elementType.isFloatingPoint && input.elementType.isFloatingPoint
            guard Tensor.elementCount(of: bound.shape) == 1,
                bound.elementType == input.elementType || bothFloat
            else {
                throw .input(
                    index, expected: "one \(input.elementType.rawValue) element",
                    found: "\(bound.elementType.rawValue) \(bound.shape)")
            }
        }
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let low = inputs.optional(1)?.doubles()[0] ?? -.infinity
        let high = inputs.optional(2)?.doubles()[0] ?? .infinity
        let values = input.doubles().map { x in
            let raised = x < low ? low : x
            return raised > high ? high : raised
        }
        return [Tensor(rounding: values, to: input.elementType, shape: input.shape)]
    }
}
