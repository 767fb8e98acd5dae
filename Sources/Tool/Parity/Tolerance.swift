/// How far a tensor may lie from its reference.
///
/// Every pair must satisfy |v − r| ≤ relative·|r| + absoluteOfMaximum·max|r|, max|r| being the largest
/// finite magnitude in the whole reference tensor; only finite values can. What else is given must
/// hold as well. With both numbers 0 every bit must agree.
package struct Tolerance: Codable, Equatable, Sendable {
    /// Allowed error as a part of the reference value itself.
    package var relative: Double
    /// Allowed error as a part of the largest reference magnitude.
    package var absoluteOfMaximum: Double
    /// Float32 steps that no pair may be further apart than; nil for any number of them.
    package var maximumULP: Int?
    /// The least cosine of the two tensors, each as one vector; nil for any.
    package var minimumCosine: Double?
    /// How many of the best classes must be the same ones in every row, the first in its place; nil
    /// when ranks do not decide.
    package var top: Int?
    /// Why these numbers.
    package var reason: String

    package init(
        relative: Double, absoluteOfMaximum: Double, maximumULP: Int? = nil,
        minimumCosine: Double? = nil, top: Int? = nil, reason: String
    ) {
        precondition(relative >= 0 && absoluteOfMaximum >= 0, "a tolerance is not negative")
        self.relative = relative
        self.absoluteOfMaximum = absoluteOfMaximum
        self.maximumULP = maximumULP
        self.minimumCosine = minimumCosine
        self.top = top
        self.reason = reason
    }

    /// The pass line for network outputs: `TolerancePreset.fp32`.
    package static let outputs = TolerancePreset.fp32.tolerance

    /// No difference at all.
    package static let exact = TolerancePreset.exact.tolerance

    /// Whether nothing but the same bits will do.
    package var isExact: Bool { relative == 0 && absoluteOfMaximum == 0 }

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

/// Tolerances with a name and a reason.
package enum TolerancePreset: String, CaseIterable, Sendable {
    /// The same bits.
    case exact
    /// Float32 arithmetic in another order.
    ///
    /// The line lies between two measurements. Of the largest logit, the largest errors against
    /// float64 on full-size AlexNet and VGG-16 over 20 inputs (Benchmarks/RESULTS.md, "Errors against
    /// float64") are 1.2e-6 for Ferry, 0.9e-6 for ONNX Runtime, 2.1e-6 for ncnn, 3.3e-6 for OpenVINO
    /// and 3.6e-6 for PyTorch: two of them may lie 7e-6 apart, within 1e-5. Mistakes of converters
    /// begin far above: a normalisation's ε of 1e-3 for 1e-5, among the mildest, moves outputs by more
    /// than 1e-3. The relative part allows for layers whose numbers differ in size by channel.
    case fp32
    /// Weights or activations of 16 bits.
    ///
    /// A float16 has 11 significant bits: rounding moves a number by up to 2⁻¹¹ = 4.9e-4 of itself.
    /// Errors of many products cancel for the most part, those of as many layers add up: with all
    /// weights and activations in float16 full-size VGG-16's outputs move by 9.5e-4 of the largest.
    case fp16

    package var tolerance: Tolerance {
        switch self {
        case .exact:
            Tolerance(
                relative: 0, absoluteOfMaximum: 0,
                reason: "what is only moved keeps its bits")
        case .fp32:
            Tolerance(
                relative: 1e-4, absoluteOfMaximum: 1e-5,
                reason: "float32 sums in another order lie up to 4e-6 of the largest logit from "
                    + "the truth in five runtimes; the mildest mistakes move 1e-3")
        case .fp16:
            Tolerance(
                relative: 1e-2, absoluteOfMaximum: 2e-3,
                reason: "16-bit numbers are rounded by up to 5e-4 of themselves, layer after layer")
        }
    }
}
