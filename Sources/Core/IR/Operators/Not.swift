package import Tensors

/// y = whether x is false, element by element.
///
/// Source: ONNX operator Not.
package struct Not: Foldable, AttributeFree {
    package static let type = "Not"

    package init() {}

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.present(0)
        guard input.elementType == .bool else {
            throw .input(0, expected: "bool elements", found: input.elementType.rawValue)
        }
        return [ValueInfo(elementType: .bool, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let values = input.doubles().map { $0 == 0 ? 1.0 : 0 }
        return [Tensor(rounding: values, to: .bool, shape: input.shape)]
    }
}
