import Foundation
package import Tensors

/// How many elements of a tensor lie how far from a reference, in half decades of the reference's
/// largest magnitude.
package struct DifferenceHistogram: Codable, Equatable, Sendable {
    /// Elements with 10^(k/2) ≤ |v − r| / max|r| < 10^((k+1)/2), k being `halfDecade`.
    package struct Bin: Codable, Equatable, Sendable {
        package var halfDecade: Int
        package var count: Int

        package init(halfDecade: Int, count: Int) {
            self.halfDecade = halfDecade
            self.count = count
        }
    }

    /// Half decades beyond these are counted in the last: 10⁻²⁰ and 10⁵.
    package static let halfDecades = -40...10

    /// The tensor's name.
    package var name: String
    /// Elements that are equal on both sides.
    package var equalCount = 0
    /// Pairs of which one is no finite number.
    package var nonFiniteCount = 0
    /// From the smallest difference to the largest, empty ones between them included.
    package var bins: [Bin] = []
    /// What the tensors were compared with.
    package var tolerance: Tolerance

    /// Counts the differences of `tensor` from `reference`; a reference of zeros counts as of 1.
    ///
    /// - Precondition: the shapes agree.
    package init(
        named name: String, of tensor: Tensor, from reference: Tensor, tolerance: Tolerance
    ) {
        precondition(tensor.shape == reference.shape, "only equal shapes can be compared")
        self.name = name
        self.tolerance = tolerance
        let maximum = TensorSummary(of: reference).maximumMagnitude
        let scale = maximum > 0 ? maximum : 1
        var counts = [Int](repeating: 0, count: Self.halfDecades.count)
        for (values, references) in zip(tensor.chunks(), reference.chunks()) {
            for (value, reference) in zip(values.doubles(), references.doubles()) {
                if !value.isFinite || !reference.isFinite {
                    nonFiniteCount += 1
                } else if value == reference {
                    equalCount += 1
                } else {
                    counts[Self.place((value / scale - reference / scale).magnitude)] += 1
                }
            }
        }
        guard let first = counts.firstIndex(where: { $0 > 0 }),
            let last = counts.lastIndex(where: { $0 > 0 })
        else { return }
        bins = (first...last).map {
            Bin(halfDecade: Self.halfDecades.lowerBound + $0, count: counts[$0])
        }
    }

    /// Where in the list of half decades a difference is counted.
    private static func place(_ difference: Double) -> Int {
        let halfDecade = (2 * log10(difference)).rounded(.down)
        let inside = min(
            max(halfDecade, Double(halfDecades.lowerBound)), Double(halfDecades.upperBound))
        return Int(inside) - halfDecades.lowerBound
    }
}
