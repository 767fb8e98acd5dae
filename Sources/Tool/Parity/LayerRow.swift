/// One layer's activation on both sides.
package struct LayerRow: Codable, Equatable, Sendable {
    /// The layer's name in the network that is judged.
    package var name: String
    /// The reference's name for the same activation.
    package var referenceName: String
    /// What the layer computes, with what is fused into it: `Conv + Relu`.
    package var operation: String
    package var parity: ParityRow

    package init(name: String, referenceName: String, operation: String, parity: ParityRow) {
        self.name = name
        self.referenceName = referenceName
        self.operation = operation
        self.parity = parity
    }
}

/// The first layer whose activation lies outside the tolerance.
package struct Bisection: Codable, Equatable, Sendable {
    package var layer: String
    package var operation: String
    /// Whether the layer differs on the reference's own input too; nil when that cannot be tried.
    package var isBornHere: Bool?
    /// What the layer answers to the reference's input, beside the reference's answer.
    package var onReferenceInput: TensorDifference?
    /// The above in words.
    package var explanation: String

    package init(
        layer: String, operation: String, isBornHere: Bool?, onReferenceInput: TensorDifference?,
        explanation: String
    ) {
        self.layer = layer
        self.operation = operation
        self.isBornHere = isBornHere
        self.onReferenceInput = onReferenceInput
        self.explanation = explanation
    }
}
