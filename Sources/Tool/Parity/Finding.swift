/// One difference between two networks, where it is, and what would undo it.
package struct Finding: Codable, Equatable, Sendable {
    /// The layer's name in the network that is judged; in the reference where only that has it.
    package var layer: String
    /// What the layer computes: an operator's name.
    package var operation: String
    /// The tensor that differs; nil when the operator or its attributes do.
    package var tensor: String?
    package var cause: Cause
    /// The cause with its figures, as one sentence without a full stop.
    package var explanation: String
    /// Whether undoing the cause leaves no difference at all.
    package var isExact: Bool

    package init(
        layer: String, operation: String, tensor: String? = nil, cause: Cause,
        explanation: String, isExact: Bool
    ) {
        self.layer = layer
        self.operation = operation
        self.tensor = tensor
        self.cause = cause
        self.explanation = explanation
        self.isExact = isExact
    }
}
