package import Tensors

/// Mistakes that show when a normalisation's tensors are looked at together: by the names "scale",
/// "shift", "mean" and "variance".
package struct StatisticsCauses {
    private let value: [String: Tensor]
    private let reference: [String: Tensor]
    private let epsilon: Double

    /// The causes found, by the name of the tensor that differs.
    package private(set) var causes: [String: TensorCause] = [:]

    private static let names = ["scale", "shift", "mean", "variance"]

    package init(value: [String: Tensor], reference: [String: Tensor], epsilon: Double) {
        self.value = value
        self.reference = reference
        self.epsilon = epsilon
        findPermutation()
        findDefaults()
        findDeviation()
    }

    private func differs(_ name: String) -> Bool {
        guard let mine = value[name], let theirs = reference[name], causes[name] == nil else {
            return false
        }
        return !mine.isBitEqual(to: theirs)
    }

    /// Tensors in each other's places.
    private mutating func findPermutation() {
        var sources: [String: String] = [:]
        for name in Self.names where differs(name) {
            guard let mine = value[name], !isConstant(mine, nil) else { continue }
            sources[name] = Self.names.first { other in
                other != name && reference[other].map { $0.isBitEqual(to: mine) } ?? false
            }
        }
        for (name, source) in sources {
            causes[name] = TensorCause(
                .statisticsPermuted, "the \(name) holds what is the reference's \(source)")
        }
    }

    /// Numbers that a normalisation has before anything is read into it.
    private mutating func findDefaults() {
        let isReset =
            differs("mean") && differs("variance") && isConstant(value["mean"], 0)
            && isConstant(value["variance"], 1)
        if isReset {
            for name in ["mean", "variance"] {
                causes[name] = TensorCause(
                    .statisticsReset, "mean 0 and variance 1 everywhere: statistics not read")
            }
        }
        for (name, number, cause) in [
            ("scale", 1.0, Cause.scaleIgnored), ("shift", 0, .shiftIgnored),
        ] where differs(name) && isConstant(value[name], number) {
            causes[name] = TensorCause(cause, "the \(name) is \(Int(number)) everywhere")
        }
    }

    private mutating func findDeviation() {
        guard differs("variance"), let mine = value["variance"]?.settled,
            let theirs = reference["variance"]?.settled, mine.shape == theirs.shape
        else { return }
        let epsilon = epsilon
        let slack = 8 * Scaling.roundingError(mine.elementType)
        let rules: [(Cause, String, (Double) -> Double)] = [
            (.varianceIsDeviation, "holds √variance", { $0.squareRoot() }),
            (
                .varianceIsDeviation, "holds √(variance + ε)",
                { ($0 + epsilon).squareRoot() }
            ),
            (
                .varianceIsDeviation, "adds ε to the deviation: (√variance + ε)² − ε",
                { ($0.squareRoot() + epsilon) * ($0.squareRoot() + epsilon) - epsilon }
            ),
            (.varianceIsInverseDeviation, "holds 1/√variance", { 1 / $0.squareRoot() }),
            (
                .varianceIsInverseDeviation, "holds 1/√(variance + ε)",
                { 1 / ($0 + epsilon).squareRoot() }
            ),
        ]
        let found = rules.first { _, _, make in
            mine.allPairs(theirs) { value, reference in
                let expected = make(reference)
                return (value - expected).magnitude <= slack * expected.magnitude
            }
        }
        if let found { causes["variance"] = TensorCause(found.0, "the variance \(found.1)") }
    }

    /// Whether all elements are `number`, or one number where that is nil.
    private func isConstant(_ tensor: Tensor?, _ number: Double?) -> Bool {
        guard let values = tensor?.settled.doubles(), let first = values.first else { return false }
        return values.allSatisfy { $0 == number ?? first }
    }
}
