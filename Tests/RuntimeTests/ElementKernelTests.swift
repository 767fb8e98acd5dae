import Foundation
import KernelInterface
import Testing

@Suite struct ElementKernels {
    /// Ordinary numbers, and those that comparisons and additions treat apart.
    private static let special: [Float] = [
        0, -0.0, 1, -1, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 6, 6.5, 1e30, -1e30,
        .greatestFiniteMagnitude,
    ]

    @Test(arguments: [
        Bounds.none, .relu, Bounds(lower: 0, upper: 6), Bounds(lower: 1, upper: -1),
    ])
    func `clamping and adding are IEEE 754's, with NaN kept`(_ bounds: Bounds) {
        for count in [1, 15, 16, 17, 48, 100] {
            let input = (0..<count).map { Self.special[$0 % 13] }
            let other = (0..<count).map { Self.special[$0 * 5 % 13] }
            let clamped = input.map { clamp($0, bounds) }
            let added = zip(input, other).map { clamp($0 + $1, bounds) }
            for kernels in kernelSets {
                for start in [0, 1, min(count, 7)] {
                    let range = start..<count
                    expectEqual(
                        elements(kernels.clamp, input, other, bounds, range),
                        Array(clamped[range]), "clamp, \(kernels.name)")
                    expectEqual(
                        elements(kernels.add, input, other, bounds, range),
                        Array(added[range]), "add, \(kernels.name)")
                }
            }
        }
    }

    @Test(arguments: [1, 3, 15, 16, 17, 33, 64])
    func `a channel's scale and shift round once`(_ channels: Int) {
        let x = randomFloats(5 * channels, seed: 1)
        let scales = randomFloats(channels, seed: 2)
        let shifts = randomFloats(channels, seed: 3)
        let expected = x.enumerated().map { index, value in
            clamp(
                shifts[index % channels].addingProduct(value, scales[index % channels]), .relu)
        }
        for kernels in kernelSets {
            let input = FloatBlock(x)
            let scale = FloatBlock(scales)
            let shift = FloatBlock(shifts)
            let output = FloatBlock(untouched: x.count)
            let task = unsafe ChannelTask(
                input: input.pointer, output: output.pointer, scale: scale.pointer,
                shift: shift.pointer, channels: channels, bounds: .relu)
            kernels.scaleChannels(task, 2..<5)
            kernels.scaleChannels(task, 0..<2)
            expectEqual(output.values, expected, kernels.name)
            output.expectWholeBorders()
        }
    }

    @Test(arguments: [1, 3, 15, 16, 17, 33, 64])
    func `a channel's shift and quotient round each`(_ channels: Int) {
        let x = (0..<5 * channels).map { Self.special[$0 * 3 % 13] }
        let divisors = (0..<channels).map { Self.special[$0 * 7 % 13] }
        let shifts = (0..<channels).map { Self.special[$0 * 5 % 13] }
        let expected = x.enumerated().map { index, value in
            clamp((value + shifts[index % channels]) / divisors[index % channels], .relu)
        }
        for kernels in kernelSets {
            let values = FloatBlock(x)
            let scale = FloatBlock(divisors)
            let shift = FloatBlock(shifts)
            // In place, as a chain of operators runs.
            let task = unsafe ChannelTask(
                input: values.pointer, output: values.pointer, scale: scale.pointer,
                shift: shift.pointer, channels: channels, bounds: .relu)
            kernels.divideChannels(task, 2..<5)
            kernels.divideChannels(task, 0..<2)
            expectEqual(values.values, expected, kernels.name)
            values.expectWholeBorders()
        }
    }

    @Test(arguments: [1, 4, 15, 16, 17, 33, 64], [(2, 2), (0, 0), (1, 2), (33, 0), (64, 64)])
    func `responses are normalised across the channels beside them`(
        _ channels: Int, _ reach: (before: Int, after: Int)
    ) {
        let pixels = 3
        let x = randomFloats(pixels * channels, seed: channels).map { $0 * 40 }
        var first: [UInt32]?
        for kernels in kernelSets {
            let input = FloatBlock(x)
            let output = FloatBlock(untouched: x.count)
            let task = unsafe LRNTask(
                input: input.pointer, output: output.pointer, channels: channels,
                before: reach.before, after: reach.after, scale: 0.02, bias: 2)
            kernels.normalizeAcrossChannels(task, 1..<pixels)
            kernels.normalizeAcrossChannels(task, 0..<1)
            output.expectWholeBorders()
            let bits = output.bits
            #expect(bits == first ?? bits, "\(kernels.name)")
            first = first ?? bits
        }
        let wrong = (first ?? []).enumerated().filter { index, bits in
            let (pixel, channel) = (index / channels, index % channels)
            let window = max(0, channel - reach.before)...min(channels - 1, channel + reach.after)
            let squares = window.reduce(0.0) { sum, other in
                let value = Double(x[pixel * channels + other])
                return sum + value * value
            }
            let expected = Double(x[index]) / pow(2 + Double(Float(0.02)) * squares, 0.75)
            // All terms are positive: the sum's relative error is at most γ, then 5 roundings.
            let bound = sumBound(terms: window.count + 6, magnitude: expected.magnitude)
            return !((Double(Float(bitPattern: bits)) - expected).magnitude <= bound)
        }
        #expect(wrong.isEmpty)
    }

    @Test(arguments: [1, 3, 15, 16, 17, 40], [1, 5, 16, 33])
    func `matrices with gaps between their rows are transposed`(_ rows: Int, _ columns: Int) {
        let inputStride = columns + 3
        let outputStride = rows + 2
        let x = randomFloats(rows * inputStride, seed: rows)
        for kernels in kernelSets {
            let input = FloatBlock(x)
            let output = FloatBlock(untouched: columns * outputStride)
            let task = unsafe TransposeTask(
                input: input.pointer, output: output.pointer, rows: rows,
                inputStride: inputStride, outputStride: outputStride)
            let middle = columns / 3
            kernels.transpose(task, middle..<columns)
            kernels.transpose(task, 0..<middle)
            output.expectWholeBorders()
            for (index, bits) in output.bits.enumerated() {
                let (column, row) = (index / outputStride, index % outputStride)
                let expected =
                    row < rows
                    ? x[row * inputStride + column].bitPattern : FloatBlock.untouched
                #expect(bits == expected)
            }
        }
    }

    @Test func `probes do the work they are timed for`() {
        for kernels in kernelSets {
            #expect(kernels.probeFMA(100).isFinite)
            let ones = FloatBlock([Float](repeating: 1, count: 1 << 12))
            let bytes = unsafe UnsafeRawBufferPointer(start: ones.pointer, count: 1 << 14)
            let sum = unsafe kernels.probeRead(bytes)
            #expect(sum == 4096)
        }
    }

    private func clamp(_ value: Float, _ bounds: Bounds) -> Float {
        let raised = value < bounds.lower ? bounds.lower : value
        return raised > bounds.upper ? bounds.upper : raised
    }

    /// What a kernel makes of the elements in `range`; the rest must stay untouched.
    private func elements(
        _ kernel: (ElementTask, Range<Int>) -> Void, _ input: [Float], _ other: [Float],
        _ bounds: Bounds, _ range: Range<Int>
    ) -> [Float] {
        let x = FloatBlock(input)
        let z = FloatBlock(other)
        let y = FloatBlock(untouched: input.count)
        let task = unsafe ElementTask(
            input: x.pointer, other: z.pointer, output: y.pointer, bounds: bounds)
        kernel(task, range)
        y.expectWholeBorders()
        let before = y.bits[..<range.lowerBound]
        #expect(before.allSatisfy { $0 == FloatBlock.untouched })
        return Array(y.values[range])
    }

    /// Equal bits, but that any NaN equals any other.
    private func expectEqual(
        _ found: [Float], _ expected: [Float], _ context: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let agree = found.elementsEqual(expected) { a, b in
            a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
        }
        #expect(
            agree, "\(context): expected \(expected), found \(found)",
            sourceLocation: sourceLocation)
    }
}
