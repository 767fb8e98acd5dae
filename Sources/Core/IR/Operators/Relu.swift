package import Tensors

/// y = max(x, 0), element by element; NaN stays NaN.
///
/// Source: ONNX operator Relu.
package struct Relu: Operator {
    package static let type = "Relu"

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignore("consumed_inputs")
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.present(0)
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let values = input.doubles().map { $0 < 0 ? 0 : $0 }
        return [Tensor(rounding: values, to: input.elementType, shape: input.shape)]
    }
}
