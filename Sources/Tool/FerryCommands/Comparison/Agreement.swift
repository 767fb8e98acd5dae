import Foundation
import Parity
import Tensors

/// Why two tensors that stand for each other need not have the same bits, and how far apart rounding
/// may have put them.
struct Agreement {
    /// As a report has it.
    let reason: String
    /// What is compared, where that is no tensor of both files.
    var subject: String?
    let tolerance: Tolerance
    /// Whether one of the two was made of several tensors of its network, so that no file has its bits.
    var isDerived = true
    /// What the formula makes, in the file's element type. Where some numbers are further apart than
    /// rounding explains, those that are not have the file's bits, so that only others differ.
    private(set) var made: Tensor?
    /// How far the file's numbers lie from those made in float64; nil where the tensors are compared.
    private var measured: Measured?

    private struct Measured {
        var largest: Double
        var isWithin: Bool
    }

    /// Exporters fold in float32: each weight is a product of three roundings, and a bias the
    /// difference of two products.
    static let folding = Tolerance(
        relative: 1e-5, absoluteOfMaximum: 1e-6, reason: "folding rounds in float32")

    /// A normalisation worked into the convolution or dense layer before it.
    static func folded(isDerived: Bool) -> Agreement {
        Agreement(
            reason: "BatchNormalization folded into the convolution", tolerance: folding,
            isDerived: isDerived)
    }

    private init(reason: String, tolerance: Tolerance, isDerived: Bool) {
        self.reason = reason
        self.tolerance = tolerance
        self.isDerived = isDerived
    }

    /// Numbers of a file that should be what a formula makes of others.
    ///
    /// |number − made| may come to `roundings` unit roundoffs u of the coarser element type times the
    /// magnitude of what was summed: 8·2⁻²⁴ ≈ 4.8e-7 for float32. An exporter rounds the variance's
    /// sum with ε, the root, its reciprocal, two products and a sum, each by at most u.
    ///
    /// - Parameters:
    ///   - part: what of a normalisation the numbers are.
    ///   - made: in float64, one for each number of `file`.
    ///   - terms: the magnitudes of the summands, added.
    ///   - types: element types of the tensors that they are made of.
    init(_ part: String, _ file: Tensor, made: [Double], terms: [Double], types: [ElementType]) {
        let slack =
            Self.roundings
            * types.reduce(file.elementType.unitRoundoff) { max($0, $1.unitRoundoff) }
        // Where summands cancel, the error is a part of them.
        let cancelled = zip(terms, made).map { $0 - $1.magnitude }.max() ?? 0
        let share = cancelled / (made.map(\.magnitude).max() ?? 0)
        reason = "equal as the normalisation's \(part)"
        subject = "the normalisation's \(part)"
        tolerance = Tolerance(
            relative: slack,
            absoluteOfMaximum: share.isFinite && share > 0 ? slack * share : 0,
            reason: "\(Int(Self.roundings)) roundings of the numbers' element type")
        let numbers = file.doubles()
        let distances = zip(numbers, made).map { ($0 - $1).magnitude }
        let areWithin = zip(distances, terms).map { $0.isFinite && $0 <= slack * $1 }
        let isWithin = areWithin.allSatisfy(\.self)
        measured = Measured(largest: distances.max() ?? 0, isWithin: isWithin)
        let shown = made.indices.map { !isWithin && areWithin[$0] ? numbers[$0] : made[$0] }
        self.made = Tensor(rounding: shown, to: file.elementType, shape: file.shape)
    }

    private static let roundings = 8.0

    /// The reason with the largest difference; nil where rounding alone does not explain it.
    func explanation(_ value: Tensor, _ reference: Tensor) -> String? {
        if let measured { return measured.isWithin ? words(measured.largest) : nil }
        let difference = TensorDifference(of: value, from: reference, tolerance: tolerance)
        return difference.isWithinTolerance ? words(difference.maximumAbsolute) : nil
    }

    private func words(_ largest: Double) -> String {
        "\(reason), largest difference \(largest == 0 ? "0" : String(format: "%.1e", largest))"
    }
}

extension ElementType {
    /// Half the distance of 1 from the next larger number.
    var unitRoundoff: Double {
        switch self {
        case .float64: 0x1p-53
        case .float16: 0x1p-11
        case .bfloat16: 0x1p-8
        default: 0x1p-24
        }
    }
}
