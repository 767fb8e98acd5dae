import KernelInterface
import Testing

@Suite struct ConvolutionKernels {
    static let channels = [1, 3, 15, 16, 17, 33, 64]
    static let kernels = [1, 3, 5, 11]
    /// Below, at and beyond the widths of one and two panels of every set.
    static let outputs = [1, 7, 15, 16, 17, 31, 32, 33, 50]

    @Test(arguments: channels, kernels)
    func `sums are right for every stride, dilation and padding, with the same bits in all sets`(
        _ channels: Int, _ kernel: Int
    ) {
        var variant = channels + kernel
        for stride in [1, 2, 4] {
            for dilation in kernel == 1 ? [1] : [1, 2] {
                for pad in kernel == 1 ? [0, 1] : [0, kernel / 2, kernel - 1] {
                    variant += 1
                    check(
                        ConvolutionCase(
                            channels: channels, outputs: Self.outputs[variant % 9],
                            kernel: (kernel, kernel), stride: (stride, stride),
                            dilation: (dilation, dilation), padTop: pad * dilation,
                            padLeft: pad, outputHeight: 2 + variant % 3,
                            outputWidth: 3 + variant % 5,
                            bounds: variant % 4 == 0 ? .relu : .none))
                }
            }
        }
    }

    @Test func `rows and columns are told apart`() {
        for (kernel, stride, dilation) in [
            ((1, 7), (1, 2), (1, 3)), ((7, 1), (2, 1), (3, 1)), ((2, 4), (3, 1), (1, 2)),
            ((5, 3), (1, 4), (2, 1)),
        ] {
            check(
                ConvolutionCase(
                    channels: 5, outputs: 19, kernel: kernel, stride: stride, dilation: dilation,
                    padTop: 1, padLeft: 3, outputHeight: 5, outputWidth: 11))
        }
    }

    @Test(arguments: 1...40)
    func `any number of positions is computed, and none beyond`(_ positions: Int) {
        check(
            ConvolutionCase(
                channels: 4, outputs: 18, kernel: (1, 3), stride: (1, 1), dilation: (1, 1),
                padTop: 0, padLeft: 1, outputHeight: 1, outputWidth: positions))
    }

    @Test(arguments: 1...70)
    func `any number of outputs is computed, and none beyond`(_ outputs: Int) {
        check(
            ConvolutionCase(
                channels: 3, outputs: outputs, kernel: (3, 3), stride: (1, 1), dilation: (1, 1),
                padTop: 1, padLeft: 1, outputHeight: 3, outputWidth: 3))
    }

    @Test func `results are clamped to both bounds`() {
        var clamped = ConvolutionCase(
            channels: 16, outputs: 33, kernel: (3, 3), stride: (1, 1), dilation: (1, 1),
            padTop: 1, padLeft: 1, outputHeight: 7, outputWidth: 9)
        for bounds in [
            Bounds(lower: 0, upper: 1), Bounds(lower: -.infinity, upper: 0.5),
            Bounds(lower: 2, upper: -2),
        ] {
            clamped.bounds = bounds
            check(clamped)
        }
    }

    /// Compares every set with the float64 loops, and the sets and splits with each other.
    private func check(
        _ convolution: ConvolutionCase, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let reference = convolution.reference()
        var first: [UInt32]?
        for kernels in kernelSets {
            for splits in [false, true] {
                let (bits, wholeBorders) = convolution.run(on: kernels, splits: splits)
                let name = "\(convolution.testDescription), \(kernels.name)"
                #expect(wholeBorders, "\(name)", sourceLocation: sourceLocation)
                #expect(bits == first ?? bits, "\(name)", sourceLocation: sourceLocation)
                first = first ?? bits
            }
        }
        let stride = convolution.outputPixelStride
        let wrong = (first ?? []).enumerated().filter { index, bits in
            let (position, output) = (index / stride, index % stride)
            guard output < convolution.outputs else { return bits != FloatBlock.untouched }
            let expected = reference[position * convolution.outputs + output]
            let error = Double(Float(bitPattern: bits)) - expected.value
            return !(error.magnitude <= expected.bound)
        }
        #expect(
            wrong.isEmpty, "\(convolution.testDescription): \(wrong.count) wrong",
            sourceLocation: sourceLocation)
    }
}
