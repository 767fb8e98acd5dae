package import Tensors

/// y = x, of any type.
///
/// Source: ONNX operator Identity.
package struct Identity: Foldable, AttributeFree {
    package static let type = "Identity"
    package static let folding = Folding.sharesBytes

    package init() {}

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        return [try inputs.present(0)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        [inputs.present(0)]
    }
}
