import KernelInterface
import Testing

/// Convolutions of few input channels or few outputs a group, whose kernels know no padding.
@Suite struct PaddedConvolutions {
    @Test(arguments: [1, 2, 3, 6, 16], [1, 2, 3, 5, 11])
    func `few channels have the bits of the implicit matrix product`(_ channels: Int, _ kernel: Int)
    {
        var variant = channels + kernel
        for stride in [1, 2, 4] {
            for dilation in kernel == 1 ? [1] : [1, 2] {
                variant += 1
                check(
                    ConvolutionCase(
                        channels: channels, outputs: [1, 6, 16, 20, 33, 64, 70][variant % 7],
                        kernel: (kernel, kernel + variant % 2), stride: (stride, 1 + variant % 3),
                        dilation: (dilation, 1), padTop: 0, padLeft: 0,
                        outputHeight: 1 + variant % 3, outputWidth: 6 + variant % 8,
                        bounds: variant % 3 == 0 ? Bounds(lower: -0.5, upper: 0.5) : .none))
            }
        }
    }

    @Test(arguments: 1...70)
    func `any number of outputs is computed, and none beyond`(_ outputs: Int) {
        check(
            ConvolutionCase(
                channels: 3, outputs: outputs, kernel: (3, 3), stride: (1, 1), dilation: (1, 1),
                padTop: 0, padLeft: 0, outputHeight: 3, outputWidth: 7))
    }

    @Test(arguments: 6...40)
    func `rows of any width are computed`(_ width: Int) {
        for outputs in [5, 16, 64] {
            check(
                ConvolutionCase(
                    channels: 2, outputs: outputs, kernel: (2, 3), stride: (1, 1),
                    dilation: (1, 1), padTop: 0, padLeft: 0, outputHeight: 4, outputWidth: width))
        }
    }

    @Test(arguments: [1, 2, 5], [1, 15, 16, 17, 40])
    func `lane by lane, each output has the bits of its own convolution`(_ depth: Int, _ lanes: Int)
    {
        for (kernel, stride) in [
            ((3, 3), (1, 1)), ((5, 2), (2, 3)), ((1, 1), (1, 1)), ((12, 11), (1, 1)),
        ] {
            let single = ConvolutionCase(
                channels: depth, outputs: 1, kernel: kernel, stride: stride, dilation: (1, 2),
                padTop: 0, padLeft: 0, outputHeight: 3, outputWidth: 7 + lanes % 4,
                bounds: lanes % 2 == 0 ? .relu : .none)
            checkByLane(single, lanes: lanes)
        }
    }

    @Test(arguments: 1...8)
    func `few outputs have the bits of the implicit matrix product`(_ outputs: Int) {
        for width in [16, 17, 28, 31, 32, 33, 50] {
            let convolution = ConvolutionCase(
                channels: 1 + width % 4, outputs: outputs, kernel: (2 + width % 4, 5),
                stride: (1 + width % 2, 1), dilation: (1, 1 + outputs % 2), padTop: 0, padLeft: 0,
                outputHeight: 3, outputWidth: width,
                bounds: width % 3 == 0 ? Bounds(lower: -0.5, upper: 0.5) : .none)
            for kernels in kernelSets {
                let expected = withoutGaps(convolution.run(on: kernels).bits, convolution)
                let (planes, wholeBorders) = runAlongRows(convolution, on: kernels)
                let bits = (0..<planes.count).map { index in
                    planes[index % outputs * convolution.positions + index / outputs]
                }
                let name = "\(convolution.testDescription), \(kernels.name)"
                #expect(wholeBorders, "\(name)")
                #expect(bits == expected, "\(name)")
            }
        }
    }

    /// Rows of the input channel by channel.
    private func runAlongRows(
        _ convolution: ConvolutionCase, on kernels: KernelSet
    ) -> (bits: [UInt32], wholeBorders: Bool) {
        let (weights, bias, _) = convolution.packed(panelWidth: 8)
        let (width, channels) = (convolution.inputWidth, convolution.channels)
        let source = convolution.input
        var input = [Float](repeating: 0, count: convolution.inputHeight * channels * width)
        for index in input.indices {
            let (y, rest) = (index / (channels * width), index % (channels * width))
            input[index] =
                source[(y * width + rest % width) * convolution.inputPixelStride + rest / width]
        }
        let offsets = (0..<convolution.kernel.height).flatMap { i in
            (0..<convolution.kernel.width).flatMap { j in
                (0..<channels).map { channel in
                    (i * convolution.dilation.height * channels + channel) * width
                        + j * convolution.dilation.width
                }
            }
        }
        return runPadded(
            convolution, offsets: offsets, input: input, weights: weights, bias: bias,
            outputs: convolution.outputs, pixel: 1, lineSize: channels * width, kernels: kernels,
            kernels.convolveAlongRows)
    }

    private func check(
        _ convolution: ConvolutionCase, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var first: [UInt32]?
        for kernels in kernelSets {
            let expected = withoutGaps(convolution.run(on: kernels).bits, convolution)
            let (bits, wholeBorders) = runPadded(convolution, on: kernels)
            let name = "\(convolution.testDescription), \(kernels.name)"
            #expect(wholeBorders, "\(name)", sourceLocation: sourceLocation)
            #expect(bits == expected, "\(name)", sourceLocation: sourceLocation)
            #expect(bits == first ?? bits, "\(name)", sourceLocation: sourceLocation)
            first = bits
        }
    }

    private func withoutGaps(_ bits: [UInt32], _ convolution: ConvolutionCase) -> [UInt32] {
        (0..<convolution.positions).flatMap { position in
            bits[
                position * convolution.outputPixelStride..<(position + 1)
                    * convolution.outputPixelStride
            ]
            .prefix(convolution.outputs)
        }
    }

    private func runPadded(
        _ convolution: ConvolutionCase, on kernels: KernelSet
    ) -> (bits: [UInt32], wholeBorders: Bool) {
        let (weights, bias, _) = convolution.packed(panelWidth: 16)
        let pixel = convolution.inputPixelStride
        let offsets = (0..<convolution.kernel.height).flatMap { i in
            (0..<convolution.kernel.width).flatMap { j in
                (0..<convolution.channels).map { channel in
                    (i * convolution.dilation.height * convolution.inputWidth
                        + j * convolution.dilation.width) * pixel + channel
                }
            }
        }
        return runPadded(
            convolution, offsets: offsets, input: convolution.input, weights: weights, bias: bias,
            outputs: convolution.outputs, pixel: pixel, kernels: kernels, kernels.convolvePadded)
    }

    private func runPadded(
        _ convolution: ConvolutionCase, offsets: [Int], input: [Float], weights: [Float],
        bias: [Float], outputs: Int, pixel: Int, lineSize: Int? = nil, kernels: KernelSet,
        _ kernel: (PaddedConvolutionTask, Range<Int>) -> Void
    ) -> (bits: [UInt32], wholeBorders: Bool) {
        let x = FloatBlock(input)
        let w = FloatBlock(weights)
        let b = FloatBlock(bias)
        let y = FloatBlock(untouched: convolution.positions * outputs)
        let totals = FloatBlock(untouched: PaddedConvolutionTask.totalsCount)
        unsafe offsets.withUnsafeBufferPointer { offsets in
            guard let first = offsets.baseAddress else { return }
            var task = unsafe PaddedConvolutionTask(
                input: x.pointer, offsets: first, products: offsets.count,
                chain: max(1, 128 / convolution.channels) * convolution.channels,
                weights: w.pointer, bias: b.pointer, output: y.pointer, outputs: outputs,
                outputWidth: convolution.outputWidth,
                positionStride: convolution.stride.width * pixel,
                lineStride: convolution.stride.height
                    * (lineSize ?? convolution.inputWidth * pixel),
                bounds: convolution.bounds, totals: totals.pointer)
            task.planeStride = convolution.positions
            // Rows in any order: none may be touched by another's call.
            for line in (0..<convolution.outputHeight).reversed() { kernel(task, line..<line + 1) }
            let middle = convolution.outputHeight / 2
            kernel(task, middle..<convolution.outputHeight)
            kernel(task, 0..<middle)
        }
        return (y.bits, y.hasWholeBorders && totals.hasWholeBorders)
    }

    /// Compares lanes with convolutions of one output, whose channels are the lane's own numbers.
    private func checkByLane(_ single: ConvolutionCase, lanes: Int) {
        let vectors = (lanes + 15) / 16
        let laneStride = vectors * 16
        let pixels = single.inputHeight * single.inputWidth
        let depth = single.channels
        let products = single.taps * depth
        // Every lane reads the same numbers, but a different lane of the input.
        let source = single.input
        var input = [Float](repeating: 0, count: pixels * depth * laneStride)
        var weights = [Float](repeating: 0, count: vectors * products * 16)
        let (packed, bias, _) = single.packed(panelWidth: 16)
        for lane in 0..<lanes {
            for pixel in 0..<pixels {
                for k in 0..<depth {
                    input[(pixel * depth + k) * laneStride + lane] =
                        source[pixel * single.inputPixelStride + k] * (lane % 3 == 1 ? -2 : 1)
                }
            }
            for product in 0..<products {
                weights[(lane / 16 * products + product) * 16 + lane % 16] =
                    packed[product * 16] * (lane % 3 == 1 ? -0.5 : 1)
            }
        }
        let offsets = (0..<single.kernel.height).flatMap { i in
            (0..<single.kernel.width).flatMap { j in
                (0..<depth).map { k in
                    ((i * single.dilation.height * single.inputWidth
                        + j * single.dilation.width) * depth + k) * laneStride
                }
            }
        }
        for kernels in kernelSets {
            let expected = withoutGaps(single.run(on: kernels).bits, single)
            let (bits, wholeBorders) = runPadded(
                single, offsets: offsets, input: input, weights: weights,
                bias: [Float](repeating: bias[0], count: laneStride), outputs: lanes,
                pixel: depth * laneStride, kernels: kernels, kernels.convolveByLane)
            let name = "\(single.testDescription), \(lanes) lanes, \(kernels.name)"
            #expect(wholeBorders, "\(name)")
            let all = expected.flatMap { [UInt32](repeating: $0, count: lanes) }
            #expect(bits == all, "\(name)")
        }
    }
}
