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
    fileprivate var matrix: [Double] {
        let points: [Double] = side == 6 ? [0, 0.75, -0.75, 1.5, -1.5] : [0, 1, -1]
        let rows = points.map { point in
            let divisor = points.filter { $0 != point }.reduce(1) { $0 * (point - $1) }
            var power = 1.0
            return (0..<kernelSize).map { _ in
                defer { power *= point }
                return power / divisor
            }
        }
        return rows.flatMap(\.self) + (0..<kernelSize).map { $0 == kernelSize - 1 ? 1 : 0 }
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
        kernels: KernelSet, pool: WorkPool?
    ) {
        let outputs = weight.shape[0]
        self.form = form
        depth = weight.shape[1]
        panelWidth = kernels.panelWidth
        panels = (outputs + panelWidth - 1) / panelWidth
        let count = form.positions * panels * depth * panelWidth
        byteCount = 4 * count
        let (depth, panels) = (depth, panels)
        weights = unsafe Tensor(.float32, shape: [pool == nil ? 0 : count]) {
            (packed: UnsafeMutableBufferPointer<Float>) in
            guard let base = packed.baseAddress, let pool else { return }
            let (matrix, factors) = (form.matrix, scale?.factors ?? [])
            unsafe weight.withUnsafeBytes { source in
                unsafe matrix.withUnsafeBufferPointer { matrix in
                    unsafe factors.withUnsafeBufferPointer { factors in
                        guard let source = source.baseAddress, let matrix = matrix.baseAddress
                        else { return }
                        let task = unsafe WinogradWeightTask(
                            weights: source, factors: scale == nil ? nil : factors.baseAddress,
                            matrix: matrix, packed: base, side: form.side,
                            kernelSize: form.kernelSize, outputs: outputs, depth: depth,
                            panels: panels)
                        // A sixteenth of a panel's depth is a unit of work.
                        pool.run(count: panels * 16) { index, _ in
                            let part = index % 16
                            kernels.winogradWeights(
                                task, index / 16, depth * part / 16..<depth * (part + 1) / 16)
                        }
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
