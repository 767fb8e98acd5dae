package import Tensors

/// An operator that maps each element by itself: y[i] = f(x[i]). Output: the shape of x.
package protocol ElementwiseOperator: Foldable {
    /// Whether integers are accepted besides floating-point numbers.
    static var acceptsIntegers: Bool { get }

    /// f(x).
    func value(_ x: Double) -> Double
}

extension ElementwiseOperator {
    package static var acceptsIntegers: Bool { false }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try Self.acceptsIntegers ? inputs.numeric(0) : inputs.floating(0)
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [
            Tensor(
                rounding: input.doubles().map(value), to: input.elementType, shape: input.shape)
        ]
    }
}
