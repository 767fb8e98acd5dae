package import Tensors

/// The number of x's elements, as an int64 scalar.
///
/// Source: ONNX operator Size.
package struct Size: Foldable, AttributeFree {
    package static let type = "Size"

    package init() {}

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let shape = try inputs.present(0).shape
        guard Tensor.elementCount(of: shape) != nil else { throw .outputTooLarge(shape) }
        return [ValueInfo(elementType: .int64, shape: [])]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        [Tensor([Int64(inputs.present(0).elementCount)], shape: [])]
    }

    package func constantOutputs(for inputs: [ValueInfo?]) -> [Tensor]? {
        guard let shape = inputs.optional(0)?.shape,
            let count = Tensor.elementCount(of: shape)
        else { return nil }
        return [Tensor([Int64(count)], shape: [])]
    }
}
