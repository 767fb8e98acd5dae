/// One layer's activation on both sides.
package struct LayerRow: Codable, Equatable, Sendable {
    /// The layer's name in the network that is judged; in the reference where only that has it.
    package var name: String
    /// The reference's name for the same activation; empty where it has none.
    package var referenceName: String
    /// What the layer computes, with what is fused into it: `Conv + Relu`.
    package var operation: String
    /// What the reference computes there where that is something else.
    package var referenceOperation: String?
    /// The activation's, in the network that is judged; nil where it was not computed.
    package var shape: [Int]?
    package var parity: ParityRow

    package init(
        name: String, referenceName: String, operation: String, referenceOperation: String? = nil,
        shape: [Int]? = nil, parity: ParityRow
    ) {
        self.name = name
        self.referenceName = referenceName
        self.operation = operation
        self.referenceOperation = referenceOperation
        self.shape = shape
        self.parity = parity
    }
}

/// The first layer whose activation lies outside the tolerance.
package struct Bisection: Codable, Equatable, Sendable {
    package var layer: String
    package var operation: String
    /// What the reference computes there where that is something else.
    package var referenceOperation: String?
    /// Whether the layer differs on the reference's own input too; nil when that cannot be tried.
    package var isBornHere: Bool?
    /// What the layer answers to the reference's input, beside the reference's answer.
    package var onReferenceInput: TensorDifference?
    /// Of an inherited error, the layer before that adds most to it; nil when none stands out.
    package var origin: String?
    /// The above in words.
    package var explanation: String

    package init(
        layer: String, operation: String, referenceOperation: String? = nil, isBornHere: Bool?,
        onReferenceInput: TensorDifference? = nil, origin: String? = nil, explanation: String
    ) {
        self.layer = layer
        self.operation = operation
        self.referenceOperation = referenceOperation
        self.isBornHere = isBornHere
        self.onReferenceInput = onReferenceInput
        self.origin = origin
        self.explanation = explanation
    }
}
