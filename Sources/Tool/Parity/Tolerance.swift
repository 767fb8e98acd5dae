/// How far a value may lie from its reference: |v − r| ≤ relative·|r| + absoluteOfMaximum·max|r|.
///
/// max|r| is the largest finite magnitude in the whole reference tensor. Only finite values can lie
/// within a tolerance.
package struct Tolerance: Codable, Equatable, Sendable {
    /// Allowed error as a part of the reference value itself.
    package var relative: Double
    /// Allowed error as a part of the largest reference magnitude.
    package var absoluteOfMaximum: Double
    /// Why these numbers.
    package var reason: String

    package init(relative: Double, absoluteOfMaximum: Double, reason: String) {
        precondition(relative >= 0 && absoluteOfMaximum >= 0, "a tolerance is not negative")
        self.relative = relative
        self.absoluteOfMaximum = absoluteOfMaximum
        self.reason = reason
    }

    /// The pass line for network outputs.
    package static let outputs = Tolerance(
        relative: 1e-4, absoluteOfMaximum: 1e-5,
        reason: "float32 sums taken in another order differ by up to 2e-5 of the largest logit on "
            + "full-size networks; a wrong padding, axis order or epsilon moves far more")

    /// No difference at all.
    package static let exact = Tolerance(
        relative: 0, absoluteOfMaximum: 0, reason: "a weight that is only moved keeps its value")

    /// The largest allowed |value − reference|.
    package func bound(reference: Double, maximum: Double) -> Double {
        relative * reference.magnitude + absoluteOfMaximum * maximum
    }

    /// Whether `value` is close enough to `reference`; never when either is NaN or infinite.
    package func admits(_ value: Double, reference: Double, maximum: Double) -> Bool {
        value.isFinite && reference.isFinite
            && (value - reference).magnitude <= bound(reference: reference, maximum: maximum)
    }
}
