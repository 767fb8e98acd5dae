import KernelInterface

/// Eight outputs' numbers: one AVX-512 register, two of AVX2, four of NEON or SSE. The arrays of a
/// type of this file's own are specialised here alone.
private struct Eight {
    var lanes = SIMD8<Double>.zero
}

/// Eight kernels of up to 5×5, and half of their transform.
private typealias Kernels = InlineArray<25, Eight>
private typealias Halves = InlineArray<30, Eight>

/// Transforms the kernels of the channels `channels` for one panel of outputs.
@inline(never)
func winogradWeights(_ task: WinogradWeightTask, _ panel: Int, _ channels: Range<Int>) {
    switch (task.side, task.kernelSize) {
    case (6, 3): transformKernels(task, 6, 3, panel, channels)
    case (4, 3): transformKernels(task, 4, 3, panel, channels)
    default: transformKernels(task, 6, 5, panel, channels)
    }
}

/// Eight outputs at a time; the sizes are known where this is inlined.
@inline(always)
private func transformKernels(
    _ task: WinogradWeightTask, _ side: Int, _ size: Int, _ panel: Int, _ channels: Range<Int>
) {
    let step = task.panels * task.depth * panelWidth
    for channel in channels {
        for lane in stride(from: 0, to: panelWidth, by: 8) {
            let kernels = gatherKernels(
                task, size * size, channel, panel * panelWidth + lane)
            // Columns of the kernel first: half[i, k] = Σ_t G[i, t] · g[t, k].
            var half = Halves(repeating: Eight())
            for i in 0..<side {
                for k in 0..<size {
                    for t in 0..<size {
                        unsafe half[i * size + k].lanes +=
                            task.matrix[i * size + t] * kernels[t * size + k].lanes
                    }
                }
            }
            let target =
                unsafe task.packed + ((panel * task.depth + channel) * panelWidth + lane)
            for i in 0..<side {
                for j in 0..<side {
                    var sum = SIMD8<Double>.zero
                    for k in 0..<size {
                        unsafe sum += task.matrix[j * size + k] * half[i * size + k].lanes
                    }
                    var rounded = SIMD8<Float>.zero
                    for index in 0..<8 { rounded[index] = Float(sum[index]) }
                    unsafe store(rounded, to: target + (i * side + j) * step)
                }
            }
        }
    }
}

/// The kernels of eight outputs from `first` on, tap by tap; zeros beyond the last.
@inline(always)
private func gatherKernels(
    _ task: WinogradWeightTask, _ taps: Int, _ channel: Int, _ first: Int
) -> Kernels {
    var kernels = Kernels(repeating: Eight())
    for lane in 0..<max(0, min(8, task.outputs - first)) {
        let output = first + lane
        let factor = if let factors = unsafe task.factors { unsafe factors[output] } else { 1.0 }
        let kernel = unsafe task.weights + (output * task.depth + channel) * taps * 4
        for tap in 0..<taps {
            let weight = unsafe (kernel + tap * 4).loadUnaligned(as: Float.self)
            kernels[tap].lanes[lane] = factor * Double(weight)
        }
    }
    return kernels
}
