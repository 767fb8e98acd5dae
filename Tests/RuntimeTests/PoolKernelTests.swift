import KernelInterface
import Testing

/// How a window slides: kernel, stride, dilation, pads, and whether a partial last window counts.
private struct Slide {
    var input: Int
    var kernel: Int
    var stride: Int
    var dilation = 1
    var padBegin = 0
    var padEnd = 0
    var ceiling = false

    var axis: PoolAxis {
        let room = input + padBegin + padEnd - (kernel - 1) * dilation - 1
        var output = room / stride + 1
        if ceiling, room % stride != 0, output * stride < input + padBegin { output += 1 }
        return PoolAxis(
            input: input, kernel: kernel, stride: stride, dilation: dilation, padBegin: padBegin,
            padEnd: padEnd, output: output)
    }

    static let all = [
        Slide(input: 6, kernel: 1, stride: 1), Slide(input: 8, kernel: 2, stride: 2),
        Slide(input: 9, kernel: 3, stride: 2),
        Slide(input: 7, kernel: 3, stride: 1, padBegin: 1, padEnd: 1),
        Slide(input: 7, kernel: 3, stride: 2, padBegin: 2, padEnd: 0),
        Slide(input: 8, kernel: 3, stride: 2, ceiling: true),
        Slide(input: 6, kernel: 3, stride: 3, padBegin: 0, padEnd: 1, ceiling: true),
        Slide(input: 11, kernel: 3, stride: 1, dilation: 2, padBegin: 3, padEnd: 1),
        Slide(input: 5, kernel: 2, stride: 3, dilation: 3, padBegin: 3, padEnd: 3),
        Slide(input: 7, kernel: 7, stride: 1),
    ]
}

extension PoolAxis {
    /// Cells of the window at `position` that lie inside the input.
    fileprivate func cells(at position: Int) -> [Int] {
        (0..<kernel).map { position * stride - padBegin + $0 * dilation }
            .filter { $0 >= 0 && $0 < input }
    }

    /// Cells that lie inside the input or its pads.
    fileprivate func paddedCount(at position: Int) -> Int {
        (0..<kernel).map { position * stride + $0 * dilation }
            .filter { $0 < padBegin + input + padEnd }.count
    }
}

@Suite struct PoolKernels {
    @Test(arguments: [1, 3, 15, 16, 17, 33, 64])
    func `windows are pooled as defined, with the same bits in all sets`(_ channels: Int) {
        for (index, vertical) in Slide.all.enumerated() {
            let horizontal = Slide.all[(index * 3 + channels) % Slide.all.count]
            for kind in [PoolTask.Kind.maximum, .average, .averageWithPadding] {
                check(kind, channels, vertical.axis, horizontal.axis)
            }
        }
    }

    @Test func `a NaN wins a maximum and spoils an average`() {
        let axis = Slide(input: 3, kernel: 3, stride: 1).axis
        for kernels in kernelSets {
            for place in 0..<9 {
                var input = randomFloats(9 * 17, seed: 1)
                input[place * 17 + 16] = .nan
                for kind in [PoolTask.Kind.maximum, .average] {
                    let output = pool(kind, 17, axis, axis, input: input, on: kernels).values
                    #expect(output[16].isNaN)
                    #expect(output.prefix(16).allSatisfy { !$0.isNaN })
                }
            }
        }
    }

    @Test func `padding never wins, however small the input`() {
        let axis = Slide(input: 3, kernel: 3, stride: 1, padBegin: 1, padEnd: 1).axis
        for kernels in kernelSets {
            let input = [Float](repeating: -1e30, count: 9 * 5)
            let output = pool(.maximum, 5, axis, axis, input: input, on: kernels).values
            #expect(output.allSatisfy { $0 == -1e30 })
        }
    }

    private func pool(
        _ kind: PoolTask.Kind, _ channels: Int, _ vertical: PoolAxis, _ horizontal: PoolAxis,
        input: [Float], on kernels: KernelSet
    ) -> (values: [Float], bits: [UInt32], wholeBorders: Bool) {
        let x = FloatBlock(input)
        let y = FloatBlock(untouched: vertical.output * horizontal.output * channels)
        let task = unsafe PoolTask(
            kind: kind, input: x.pointer, output: y.pointer, channels: channels,
            vertical: vertical, horizontal: horizontal)
        for row in (0..<vertical.output).reversed() { kernels.pool(task, row..<row + 1) }
        return (y.values, y.bits, y.hasWholeBorders)
    }

    private func check(
        _ kind: PoolTask.Kind, _ channels: Int, _ vertical: PoolAxis, _ horizontal: PoolAxis
    ) {
        let input = randomFloats(vertical.input * horizontal.input * channels, seed: channels)
        var first: [UInt32]?
        for kernels in kernelSets {
            let (values, bits, wholeBorders) = pool(
                kind, channels, vertical, horizontal, input: input, on: kernels)
            #expect(wholeBorders)
            #expect(bits == first ?? bits, "\(kernels.name)")
            first = first ?? bits
            let wrong = values.enumerated().filter { index, value in
                let (cell, channel) = (index / channels, index % channels)
                let (y, x) = (cell / horizontal.output, cell % horizontal.output)
                let inside = vertical.cells(at: y).flatMap { row in
                    horizontal.cells(at: x).map { column in
                        Double(input[(row * horizontal.input + column) * channels + channel])
                    }
                }
                guard kind != .maximum else { return Double(value) != inside.max() }
                let count =
                    kind == .average
                    ? inside.count : vertical.paddedCount(at: y) * horizontal.paddedCount(at: x)
                let magnitude = inside.reduce(0) { $0 + $1.magnitude } / Double(count)
                let error = Double(value) - inside.reduce(0, +) / Double(count)
                return !(error.magnitude <= sumBound(terms: inside.count + 1, magnitude: magnitude))
            }
            #expect(wrong.isEmpty, "\(kind), \(channels), \(vertical), \(horizontal)")
        }
    }
}
