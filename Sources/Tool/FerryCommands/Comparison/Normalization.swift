import Architectures
import IR
import Parity
import Tensors

/// A batch normalisation's numbers, to be folded into the layer before it:
/// y = f·(W·x + b − mean) + shift with f = scale / √(variance + ε), output by output.
struct Normalization {
    let scale: [Double]
    let shift: [Double]
    let mean: [Double]
    let variance: [Double]
    let epsilon: Double

    /// Nil for an operator that is none, or whose numbers are not all known.
    init?(_ item: GraphView.Item, _ weights: [String: Tensor]) {
        guard let layer = item.layer, layer.kind == .batchNorm else { return nil }
        func numbers(_ role: ParameterRole) -> [Double]? {
            layer.name(of: role).flatMap { weights[$0] }?.doubles()
        }
        guard let scale = numbers(.scale), let shift = numbers(.shift),
            let mean = numbers(.mean), let variance = numbers(.variance)
        else { return nil }
        (self.scale, self.shift, self.mean, self.variance) = (scale, shift, mean, variance)
        epsilon = (layer.epsilon ?? 1e-5).shortest
    }

    /// How factors and biases come about, rightly or not.
    struct Way: Sendable {
        var words = ""
        var factor: @Sendable (_ scale: Double, _ variance: Double, _ epsilon: Double) -> Double = {
            $0 / ($1 + $2).squareRoot()
        }
        var bias:
            @Sendable (_ bias: Double, _ factor: Double, _ mean: Double, _ shift: Double) -> Double =
                {
                    ($0 - $2) * $1 + $3
                }
    }

    /// Mistakes that change the factors.
    private static let wrongFactors: [Way] =
        [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 0].map { epsilon in
            Way(
                words: "with ε \(epsilon == 0 ? "0" : "\(Float(epsilon))")",
                factor: { scale, variance, _ in scale / (variance + epsilon).squareRoot() })
        } + [
            Way(
                words: "with √variance + ε for √(variance + ε)",
                factor: { $0 / ($1.squareRoot() + $2) }),
            Way(words: "with the variance for its root", factor: { $0 / ($1 + $2) }),
            Way(
                words: "with 1/√variance taken for the variance",
                factor: { $0 * ($1 + $2).squareRoot() }),
            Way(words: "without its scale", factor: { 1 / ($1 + $2).squareRoot() }),
        ]

    /// Mistakes that change biases only.
    private static let wrongBiases: [Way] = [
        Way(words: "without its mean", bias: { bias, factor, _, shift in bias * factor + shift }),
        Way(words: "without its shift", bias: { bias, factor, mean, _ in (bias - mean) * factor }),
        Way(words: "with the bias not scaled", bias: { $0 - $2 * $1 + $3 }),
        Way(
            words: "without the layer's bias",
            bias: { _, factor, mean, shift in
                shift - mean * factor
            }),
    ]

    static let wrongWays = wrongFactors + wrongBiases

    func factors(_ way: Way = Way()) -> [Double] {
        scale.indices.map { way.factor(scale[$0], variance[$0], epsilon) }
    }

    /// Whether the layer of `kernel` [out, …] and `bias` [out] has one output for each channel here.
    func fits(_ kernel: Tensor, _ bias: Tensor?) -> Bool {
        [scale, shift, mean, variance].allSatisfy { $0.count == kernel.shape.first }
            && !scale.isEmpty && bias?.elementCount ?? scale.count == scale.count
    }

    /// The kernel with the factors worked in, rounded once.
    func folded(kernel: Tensor, _ way: Way = Way()) -> Tensor {
        let factors = factors(way)
        var values = kernel.settled.doubles()
        let depth = values.count / factors.count
        for (output, factor) in factors.enumerated() {
            for index in output * depth..<(output + 1) * depth { values[index] *= factor }
        }
        return Tensor(rounding: values, to: kernel.elementType, shape: kernel.shape)
    }

    /// The bias with the normalisation worked in, rounded once.
    func folded(bias: Tensor?, like kernel: Tensor, _ way: Way = Way()) -> Tensor {
        let biases = bias?.settled.doubles() ?? [Double](repeating: 0, count: scale.count)
        let values = factors(way).enumerated().map { index, factor in
            way.bias(biases[index], factor, mean[index], shift[index])
        }
        return Tensor(rounding: values, to: kernel.elementType, shape: [values.count])
    }
}
