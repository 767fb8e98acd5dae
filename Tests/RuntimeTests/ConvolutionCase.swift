import KernelInterface
import Testing

/// A convolution given to the kernels themselves, with gaps between pixels on both sides.
struct ConvolutionCase: CustomTestStringConvertible {
    var channels: Int
    var outputs: Int
    var kernel: (height: Int, width: Int)
    var stride: (height: Int, width: Int)
    var dilation: (height: Int, width: Int)
    var padTop: Int
    var padLeft: Int
    var outputHeight: Int
    var outputWidth: Int
    var bounds = Bounds.none

    var testDescription: String {
        "\(channels)→\(outputs), kernel \(kernel), stride \(stride), dilation \(dilation), "
            + "pads \(padTop), \(padLeft)"
    }

    /// As many rows as the last window needs when half its padding lies behind it.
    var inputHeight: Int {
        max(
            1,
            (outputHeight - 1) * stride.height + (kernel.height - 1) * dilation.height + 1
                - padTop - padTop / 2)
    }
    var inputWidth: Int {
        max(
            1,
            (outputWidth - 1) * stride.width + (kernel.width - 1) * dilation.width + 1
                - padLeft - padLeft / 2)
    }
    var inputPixelStride: Int { channels + 1 }
    var outputPixelStride: Int { outputs + 2 }
    var positions: Int { outputHeight * outputWidth }
    var taps: Int { kernel.height * kernel.width }

    /// [height, width, pixel stride]
    var input: [Float] {
        randomFloats(inputHeight * inputWidth * inputPixelStride, seed: channels * 7 + outputs)
    }
    /// OIHW
    var weights: [Float] { randomFloats(outputs * channels * taps, seed: taps) }
    var bias: [Float] { randomFloats(outputs, seed: 5) }

    /// What the kernels read: [panel][tap][depth][panelWidth], zeros beyond the outputs.
    func packed(panelWidth: Int) -> (weights: [Float], bias: [Float], panels: Int) {
        let panels = (outputs + panelWidth - 1) / panelWidth
        let source = self.weights
        let biases = self.bias
        var packed = [Float](repeating: 0, count: panels * taps * channels * panelWidth)
        var packedBias = [Float](repeating: 0, count: panels * panelWidth)
        for output in 0..<outputs {
            let (panel, lane) = (output / panelWidth, output % panelWidth)
            packedBias[output] = biases[output]
            for tap in 0..<taps {
                for channel in 0..<channels {
                    packed[((panel * taps + tap) * channels + channel) * panelWidth + lane] =
                        source[(output * channels + channel) * taps + tap]
                }
            }
        }
        return (packed, packedBias, panels)
    }

    /// The kernel's output, gaps included; `splits` cuts positions and panels into several calls.
    func run(on kernels: KernelSet, splits: Bool = false) -> (bits: [UInt32], wholeBorders: Bool) {
        let (weights, bias, panels) = packed(panelWidth: kernels.panelWidth)
        let x = FloatBlock(input)
        let w = FloatBlock(weights)
        let b = FloatBlock(bias)
        let y = FloatBlock(untouched: positions * outputPixelStride)
        let zeros = FloatBlock([Float](repeating: 0, count: channels))
        let scratch = FloatBlock(
            untouched: 2 * (taps + kernels.panelWidth) * kernels.tileRows)
        let task = unsafe ConvolutionTask(
            input: x.pointer, weights: w.pointer, bias: b.pointer, output: y.pointer,
            zeros: zeros.pointer,
            rows: UnsafeMutableRawPointer(scratch.pointer)
                .assumingMemoryBound(to: UnsafePointer<Float>.self),
            depth: channels, inputHeight: inputHeight, inputWidth: inputWidth,
            inputPixelStride: inputPixelStride, inputRowStride: inputWidth * inputPixelStride,
            kernelHeight: kernel.height, kernelWidth: kernel.width, strideHeight: stride.height,
            strideWidth: stride.width, dilationHeight: dilation.height,
            dilationWidth: dilation.width, padTop: padTop, padLeft: padLeft,
            outputWidth: outputWidth, outputPixelStride: outputPixelStride, outputs: outputs,
            bounds: bounds)
        let middle = splits ? positions * 3 / 7 : positions
        for range in [0..<middle, middle..<positions] where !range.isEmpty {
            if splits {
                for panel in (0..<panels).reversed() {
                    kernels.convolve(task, range, panel..<panel + 1)
                }
            } else {
                kernels.convolve(task, range, 0..<panels)
            }
        }
        return (y.bits, y.hasWholeBorders && scratch.hasWholeBorders)
    }

    /// The same in plain float64 loops, and how far a float32 sum may lie from it.
    func reference() -> [(value: Double, bound: Double)] {
        let x = input
        let w = weights
        let b = bias
        var results: [(value: Double, bound: Double)] = []
        for position in 0..<positions {
            for output in 0..<outputs {
                var sum = Double(b[output])
                var magnitude = sum.magnitude
                for tap in 0..<taps {
                    let row =
                        position / outputWidth * stride.height - padTop
                        + tap / kernel.width * dilation.height
                    let column =
                        position % outputWidth * stride.width - padLeft
                        + tap % kernel.width * dilation.width
                    guard row >= 0, row < inputHeight, column >= 0, column < inputWidth else {
                        continue
                    }
                    let pixel = (row * inputWidth + column) * inputPixelStride
                    for channel in 0..<channels {
                        let product =
                            Double(x[pixel + channel])
                            * Double(w[(output * channels + channel) * taps + tap])
                        sum += product
                        magnitude += product.magnitude
                    }
                }
                results.append(
                    (bounds.clamp(sum), sumBound(terms: taps * channels, magnitude: magnitude)))
            }
        }
        return results
    }
}
