import KernelInterface
import Tensors

/// A convolution's weights as the kernels read them: [group][panel][tap][depth][panelWidth].
struct PackedConvolution: Sendable {
    /// float32, zeros in the lanes beyond a group's outputs; empty where only sizes were asked for.
    let weights: Tensor
    /// Bytes of all weights.
    let byteCount: Int
    /// [group][panel][panelWidth] float32.
    let bias: Tensor
    let panelsPerGroup: Int
    /// Floats of one panel.
    let panelSize: Int

    /// Packs OIHW weights.
    ///
    /// - Parameters:
    ///   - weight: [M, C/G, kernel height, kernel width], float32.
    ///   - bias: [M] float32, or nil for zeros.
    ///   - scale: factors and terms for each output that a following normalisation applies.
    ///   - pool: threads that pack; nil for the sizes alone.
    init(
        weight: Tensor, bias: Tensor?, group: Int, folding scale: ChannelScale?,
        panelWidth: Int, pool: WorkPool?
    ) {
        let outputs = weight.shape[0] / group
        let depth = weight.shape[1]
        let taps = weight.shape[2] * weight.shape[3]
        let panels = (outputs + panelWidth - 1) / panelWidth
        let size = taps * depth * panelWidth
        panelsPerGroup = panels
        panelSize = size
        let factors = scale?.factors
        byteCount = 4 * group * panels * size
        weights = unsafe Tensor(.float32, shape: [pool == nil ? 0 : group * panels * size]) {
            (packed: UnsafeMutableBufferPointer<Float>) in
            guard let base = packed.baseAddress, let pool else { return }
            unsafe weight.withUnsafeBytes { source in
                pool.run(count: group * panels) { index, _ in
                    let first = index % panels * panelWidth
                    for lane in 0..<panelWidth {
                        let output = index / panels * outputs + first + lane
                        let panel = unsafe base + (index * size + lane)
                        guard first + lane < outputs else {
                            for k in 0..<taps * depth { unsafe panel[k * panelWidth] = 0 }
                            continue
                        }
                        let factor = factors?[output]
                        var offset = output * depth * taps * 4
                        for channel in 0..<depth {
                            for tap in 0..<taps {
                                var value = unsafe source.loadUnaligned(
                                    fromByteOffset: offset, as: Float.self)
                                if let factor { value = Float(Double(value) * factor) }
                                unsafe panel[(tap * depth + channel) * panelWidth] = value
                                offset += 4
                            }
                        }
                    }
                }
            }
        }
        // The kernels read the packed weights only.
        weight.releasePages()
        self.bias = Self.packedBias(
            bias, outputs: weight.shape[0], group: group, scale: scale, panelWidth: panelWidth)
    }

    /// [group][panel][panelWidth]: biases with a normalisation worked in, zeros beyond the outputs.
    static func packedBias(
        _ bias: Tensor?, outputs: Int, group: Int, scale: ChannelScale?, panelWidth: Int
    ) -> Tensor {
        let perGroup = outputs / group
        let panels = (perGroup + panelWidth - 1) / panelWidth
        let biases = bias?.floats()
        var packed = [Float](repeating: 0, count: group * panels * panelWidth)
        for output in 0..<outputs {
            let value = Double(biases?[output] ?? 0)
            packed[output / perGroup * panels * panelWidth + output % perGroup] =
                scale.map { Float(value * $0.factors[output] + $0.terms[output]) } ?? Float(value)
        }
        return Tensor(packed)
    }
}

/// What a normalisation with fixed statistics does to each channel: y = x · factor + term.
struct ChannelScale: Sendable {
    let factors: [Double]
    let terms: [Double]

    /// factor = gamma / √(variance + epsilon), term = beta − mean · factor, in float64.
    init(gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor, epsilon: Float) {
        let factors = zip(gamma.doubles(), variance.doubles()).map {
            $0 / ($1 + Double(epsilon)).squareRoot()
        }
        self.factors = factors
        let means = mean.doubles()
        terms = beta.doubles().enumerated().map { $1 - means[$0] * factors[$0] }
    }
}
