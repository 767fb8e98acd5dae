import Foundation
import Tensors

/// Differences that are one factor or one summand, for all elements or for each channel.
enum Scaling {
    /// What a product or a sum rounded once to float32 may lie off.
    private static let rounding = 0x1p-22

    /// The factor or summand that explains every element; nil when there is none.
    static func cause(
        _ a: Tensor, _ b: Tensor, _ context: TensorContext, _ differences: ElementDifferences
    ) -> TensorCause? {
        let slack = roundingError(a.elementType)
        if let factor = differences.ratio.map({ settled($0) }), factor != 0, factor != 1,
            factor.isFinite,
            a.allPairs(b, { isProduct($0, $1, factor, slack) })
        {
            return TensorCause(
                .scaled, "every element is \(words(factor)) times the reference's, up to rounding")
        }
        let summand = settled(differences.meanDifference)
        if summand != 0, summand.isFinite, a.elementCount > 1,
            a.allPairs(b, { isSum($0, $1, summand, slack) })
        {
            return TensorCause(
                .offset, "every element is the reference's plus \(words(summand)), up to rounding")
        }
        return channels(a, b, context, slack)
    }

    /// Each output channel by its own factor.
    private static func channels(
        _ a: Tensor, _ b: Tensor, _ context: TensorContext, _ slack: Double
    ) -> TensorCause? {
        guard context.role == .kernel || context.role == .dense, let count = a.shape.first,
            count > 1, a.elementCount >= 4 * count
        else { return nil }
        let size = a.elementCount / count
        var factors: [Double] = []
        for channel in 0..<count {
            let range = channel * size..<(channel + 1) * size
            guard let factor = Self.factor(a.slice(range), b.slice(range), slack) else {
                return nil
            }
            factors.append(factor)
        }
        guard let least = factors.min(), let most = factors.max() else { return nil }
        return TensorCause(
            .channelsScaled,
            "each output channel is the reference's times a factor of its own, "
                + "\(words(least)) … \(words(most)), up to rounding")
    }

    /// The factor from `b` to `a`; nil when there is none.
    static func factor(_ a: Tensor, _ b: Tensor, _ slack: Double) -> Double? {
        let (values, references) = (a.doubles(), b.doubles())
        let squares = references.reduce(0) { $0 + $1 * $1 }
        guard squares > 0, squares.isFinite else { return nil }
        let factor = zip(values, references).reduce(0) { $0 + $1.0 * $1.1 } / squares
        let holds = zip(values, references).allSatisfy { isProduct($0, $1, factor, slack) }
        return holds ? factor : nil
    }

    private static func isProduct(
        _ value: Double, _ reference: Double, _ factor: Double, _ slack: Double
    ) -> Bool {
        let expected = reference * factor
        return expected.isFinite
            && (value - expected).magnitude <= slack * expected.magnitude + 1e-44
    }

    private static func isSum(
        _ value: Double, _ reference: Double, _ summand: Double, _ slack: Double
    ) -> Bool {
        let scale = max(value.magnitude, reference.magnitude, summand.magnitude)
        return (value - reference - summand).magnitude <= slack * scale
    }

    static func roundingError(_ type: ElementType) -> Double {
        switch type {
        case .float64: 0x1p-48
        case .float16: 0x1p-9
        case .bfloat16: 0x1p-6
        default: rounding
        }
    }

    /// A number that is meant, where the measured one is as good as it.
    private static func settled(_ number: Double) -> Double {
        let meant = knownFactors.map { $0.value } + [number.rounded()]
        return meant.first { $0 != 0 && (number / $0 - 1).magnitude < 1e-6 } ?? number
    }

    private static let knownFactors: [(value: Double, words: String)] = [
        (1.0 / 255, "1/255"), (1.0 / 256, "1/256"), (1.0 / 127.5, "1/127.5"),
        (1.0 / 3, "1/3"), (2.0 / 3, "2/3"), (1.0 / 128, "1/128"), (1.0 / 64, "1/64"),
    ]

    /// A factor in words.
    static func words(_ factor: Double) -> String {
        if let known = knownFactors.first(where: { $0.value == factor }) { return known.words }
        if factor == factor.rounded(), factor.magnitude < 1e9 { return "\(Int(factor))" }
        return String(format: "%.6g", factor)
    }
}
