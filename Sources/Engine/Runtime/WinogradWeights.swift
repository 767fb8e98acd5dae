import IR
import KernelInterface
import Tensors

/// F(m×m, r×r): the sizes of Winograd's filtering.
struct WinogradForm: Hashable, Sendable {
    /// m.
    let tileSize: Int
    /// r.
    let kernelSize: Int

    /// s = m + r − 1: inputs under a tile along each axis.
    var side: Int { tileSize + kernelSize - 1 }
    var positions: Int { side * side }

    var name: String {
        "Winograd F(\(tileSize)×\(tileSize), \(kernelSize)×\(kernelSize))"
    }

    /// Tiles that cover a picture's outputs.
    func tiles(height: Int, width: Int) -> Int {
        ((height + tileSize - 1) / tileSize) * ((width + tileSize - 1) / tileSize)
    }

    /// G: s rows of r, for the points of `WinogradTask`.
    fileprivate var matrix: [[Double]] {
        let points: [Double] = side == 6 ? [0, 0.75, -0.75, 1.5, -1.5] : [0, 1, -1]
        var rows = points.map { point in
            let divisor = points.filter { $0 != point }.reduce(1) { $0 * (point - $1) }
            var power = 1.0
            return (0..<kernelSize).map { _ in
                defer { power *= point }
                return power / divisor
            }
        }
        rows.append((0..<kernelSize).map { $0 == kernelSize - 1 ? 1 : 0 })
        return rows
    }
}

/// Transformed weights: [s²][panel][depth][panelWidth].
struct WinogradWeights: Sendable {
    let form: WinogradForm
    /// Empty where only sizes were asked for.
    let weights: Tensor
    /// Bytes of all weights.
    let byteCount: Int
    /// [panel][panelWidth].
    let bias: Tensor
    let depth: Int
    let panels: Int
    let panelWidth: Int

    /// Floats of one panel at one position.
    var panelSize: Int { depth * panelWidth }
    /// Outputs rounded up to whole panels.
    var paddedOutputs: Int { panels * panelWidth }

    /// G g Gᵀ in float64, rounded once.
    ///
    /// - Parameters:
    ///   - weight: [M, C, r, r] float32.
    ///   - bias: [M] float32, or nil for zeros.
    ///   - pool: threads that transform; nil for the sizes alone.
    init(
        weight: Tensor, bias: Tensor?, folding scale: ChannelScale?, form: WinogradForm,
        panelWidth: Int, pool: WorkPool?
    ) {
        let outputs = weight.shape[0]
        self.form = form
        depth = weight.shape[1]
        panels = (outputs + panelWidth - 1) / panelWidth
        self.panelWidth = panelWidth
        let kernels = KernelTransform(
            form: form, outputs: outputs, depth: depth, panels: panels, panelWidth: panelWidth,
            factors: scale?.factors)
        let (depth, panels) = (depth, panels)
        let count = form.positions * panels * depth * panelWidth
        byteCount = 4 * count
        weights = unsafe Tensor(.float32, shape: [pool == nil ? 0 : count]) {
            (packed: UnsafeMutableBufferPointer<Float>) in
            guard let base = packed.baseAddress, let pool else { return }
            unsafe weight.withUnsafeBytes { source in
                // A panel's sixteenth of the depth is a unit of work.
                pool.run(count: panels * 16) { index, _ in
                    let part = index % 16
                    let scratch = UnsafeMutablePointer<SIMD8<Double>>.allocate(
                        capacity: KernelTransform.scratchCount)
                    defer { unsafe scratch.deallocate() }
                    for channel in depth * part / 16..<depth * (part + 1) / 16 {
                        unsafe kernels.transform(
                            source, to: base, panel: index / 16, channel: channel,
                            scratch: scratch)
                    }
                }
            }
        }
        // The kernels read the transformed weights only.
        weight.releasePages()
        self.bias = PackedConvolution.packedBias(
            bias, outputs: outputs, group: 1, scale: scale, panelWidth: panelWidth)
    }
}

/// Transforms kernels one by one.
private struct KernelTransform: Sendable {
    let form: WinogradForm
    let outputs: Int
    let depth: Int
    let panels: Int
    let panelWidth: Int
    let factors: [Double]?
    /// G row by row.
    private let matrix: [Double]

    init(
        form: WinogradForm, outputs: Int, depth: Int, panels: Int, panelWidth: Int,
        factors: [Double]?
    ) {
        self.form = form
        self.outputs = outputs
        self.depth = depth
        self.panels = panels
        self.panelWidth = panelWidth
        self.factors = factors
        matrix = form.matrix.flatMap(\.self)
    }

    /// Room for eight kernels and for half of their transform.
    static let scratchCount = 25 + 30

    /// The kernels of one input channel for one panel of outputs, eight outputs at a time.
    func transform(
        _ source: UnsafeRawBufferPointer, to packed: UnsafeMutablePointer<Float>, panel: Int,
        channel: Int, scratch: UnsafeMutablePointer<SIMD8<Double>>
    ) {
        let taps = form.kernelSize * form.kernelSize
        for lane in stride(from: 0, to: panelWidth, by: 8) {
            let first = panel * panelWidth + lane
            for tap in 0..<taps { unsafe scratch[tap] = .zero }
            for output in first..<max(first, min(first + 8, outputs)) {
                let factor = factors?[output] ?? 1
                let offset = (output * depth + channel) * taps * 4
                for tap in 0..<taps {
                    let weight = unsafe source.loadUnaligned(
                        fromByteOffset: offset + tap * 4, as: Float.self)
                    unsafe scratch[tap][output - first] = factor * Double(weight)
                }
            }
            let target = unsafe packed + ((panel * depth + channel) * panelWidth + lane)
            unsafe transform(scratch, half: scratch + 25, to: target)
        }
    }

    /// G g Gᵀ of eight kernels, rounded to float32: position by position, `step` floats apart.
    private func transform(
        _ g: UnsafePointer<SIMD8<Double>>, half: UnsafeMutablePointer<SIMD8<Double>>,
        to target: UnsafeMutablePointer<Float>
    ) {
        let (side, size) = (form.side, form.kernelSize)
        let step = panels * depth * panelWidth
        // Columns of the kernel first: half[i, k] = Σ_t G[i, t] · g[t, k].
        for i in 0..<side {
            for k in 0..<size {
                var sum = SIMD8<Double>.zero
                for tap in 0..<size {
                    unsafe sum += matrix[i * size + tap] * g[tap * size + k]
                }
                unsafe half[i * size + k] = sum
            }
        }
        for i in 0..<side {
            for j in 0..<side {
                var sum = SIMD8<Double>.zero
                for k in 0..<size {
                    unsafe sum += matrix[j * size + k] * half[i * size + k]
                }
                let position = unsafe UnsafeMutableRawPointer(target + (i * side + j) * step)
                unsafe position.storeBytes(of: SIMD8<Float>(sum), as: SIMD8<Float>.self)
            }
        }
    }
}
