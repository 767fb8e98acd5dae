/// What rounding to another type does to a tensor's elements.
package struct RoundingSummary: Equatable, Sendable {
    /// Finite elements that become infinite.
    package private(set) var overflowCount = 0
    /// The first of them, counted from the first element.
    package private(set) var firstOverflow: Int?
    /// Its value.
    package private(set) var overflowingValue = 0.0
    /// Elements other than 0 that become 0.
    package private(set) var vanishedCount = 0
    /// max |rounded − element| over elements that stay finite.
    package private(set) var largestError = 0.0
    /// Where that is; nil when no element changes.
    package private(set) var worst: Int?
}

extension Tensor {
    /// What rounding did to the elements; nil for a tensor that was not made by `rounded(to:)`.
    package func roundingSummary() -> RoundingSummary? {
        guard let rounding else { return nil }
        var summary = RoundingSummary()
        rounding.eachPair { summary.add($0, $1, $2) }
        return summary
    }
}

extension RoundingSummary {
    @inline(__always)
    fileprivate mutating func add(_ index: Int, _ value: Double, _ rounded: Double) {
        let error = (rounded - value).magnitude
        // Also false for a NaN, which has no error.
        if error <= largestError, rounded != 0 { return }
        note(index, value, rounded, error)
    }

    private mutating func note(_ index: Int, _ value: Double, _ rounded: Double, _ error: Double) {
        guard value.isFinite else { return }
        if rounded.isInfinite {
            overflowCount += 1
            if firstOverflow.map({ index < $0 }) ?? true {
                firstOverflow = index
                overflowingValue = value
            }
            return
        }
        if rounded == 0, value != 0 { vanishedCount += 1 }
        guard error > largestError else { return }
        worst = index
        largestError = error
    }
}
