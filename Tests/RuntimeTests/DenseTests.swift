import KernelInterface
import Testing

/// Weights at any byte address, as a file's mapping has them.
@safe
private struct UnalignedWeights: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private let offset: Int

    init(_ values: [Float], offset: Int) {
        self.offset = offset
        unsafe base = .allocate(byteCount: values.count * 4 + offset, alignment: 64)
        for (index, value) in values.enumerated() {
            unsafe base.storeBytes(of: value, toByteOffset: offset + index * 4, as: Float.self)
        }
    }

    deinit { unsafe base.deallocate() }

    var pointer: UnsafeRawPointer { unsafe UnsafeRawPointer(base + offset) }
}

private struct DenseCase {
    var batch: Int
    var depth: Int
    var outputs: Int
    var hasBias = true
    var bounds = Bounds.none

    var input: [Float] { randomFloats(batch * depth, seed: depth) }
    var weights: [Float] { randomFloats(outputs * depth, seed: outputs) }
    var bias: [Float] { randomFloats(outputs, seed: 3) }

    /// [batch, outputs], computed in ranges that end at `splits`.
    func run(
        on kernels: KernelSet, offset: Int, splits: [Int] = []
    ) -> (bits: [UInt32], wholeBorders: Bool) {
        let x = FloatBlock(input)
        let w = UnalignedWeights(weights, offset: offset)
        let b = FloatBlock(bias)
        let y = FloatBlock(untouched: batch * outputs)
        let task = unsafe DenseTask(
            input: x.pointer, weights: w.pointer, bias: hasBias ? UnsafePointer(b.pointer) : nil,
            output: y.pointer, batch: batch, depth: depth, outputs: outputs, bounds: bounds)
        var start = 0
        for end in splits + [outputs] {
            kernels.dense(task, start..<end)
            start = end
        }
        return (y.bits, y.hasWholeBorders)
    }

    func reference() -> [(value: Double, bound: Double)] {
        let (x, w, b) = (input, weights, bias)
        return (0..<batch * outputs).map { index in
            let (image, output) = (index / outputs, index % outputs)
            let products = (0..<depth).map {
                Double(x[image * depth + $0]) * Double(w[output * depth + $0])
            }
            let term = hasBias ? Double(b[output]) : 0
            let magnitude = products.reduce(term.magnitude) { $0 + $1.magnitude }
            return (
                bounds.clamp(products.reduce(term, +)),
                sumBound(terms: depth + 1, magnitude: magnitude)
            )
        }
    }
}

@Suite struct DenseKernels {
    @Test(arguments: [1, 15, 16, 17, 100], [1, 3, 4, 5])
    func `sums are right from any weight address, with the same bits in all sets`(
        _ depth: Int, _ batch: Int
    ) {
        for outputs in [1, 2, 3, 4, 5, 17] {
            for hasBias in [true, false] {
                let dense = DenseCase(
                    batch: batch, depth: depth, outputs: outputs, hasBias: hasBias,
                    bounds: outputs % 2 == 0 ? .relu : .none)
                check(dense)
            }
        }
    }

    @Test func `a range's place does not change a bit`() {
        let dense = DenseCase(batch: 5, depth: 100, outputs: 23)
        for kernels in kernelSets {
            let whole = dense.run(on: kernels, offset: 0)
            for splits in [[1], [2, 3], [5, 9, 10, 22], [4, 8, 12]] {
                #expect(dense.run(on: kernels, offset: 1, splits: splits).bits == whole.bits)
            }
        }
    }

    @Test func `a picture's result does not depend on the batch beside it`() {
        for kernels in kernelSets {
            let large = DenseCase(batch: 9, depth: 77, outputs: 6).run(on: kernels, offset: 2)
            // The first pictures of the larger batch are the smaller batch's.
            let small = DenseCase(batch: 3, depth: 77, outputs: 6).run(on: kernels, offset: 2)
            #expect(Array(large.bits.prefix(18)) == small.bits)
        }
    }

    private func check(_ dense: DenseCase, sourceLocation: SourceLocation = #_sourceLocation) {
        var first: [UInt32]?
        for kernels in kernelSets {
            for offset in 0..<4 {
                let (bits, wholeBorders) = dense.run(on: kernels, offset: offset)
                #expect(wholeBorders, sourceLocation: sourceLocation)
                #expect(
                    bits == first ?? bits, "\(kernels.name) at \(offset)",
                    sourceLocation: sourceLocation)
                first = first ?? bits
            }
        }
        let wrong = zip(first ?? [], dense.reference()).filter { bits, expected in
            let error = Double(Float(bitPattern: bits)) - expected.value
            return !(error.magnitude <= expected.bound)
        }
        #expect(wrong.isEmpty, "\(dense)", sourceLocation: sourceLocation)
    }
}
