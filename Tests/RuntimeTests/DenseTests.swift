import KernelInterface
import Tensors
import Testing

/// Weights at any byte address, as a file's mapping has them.
@safe
private struct UnalignedWeights: ~Copyable {
    private let base: UnsafeMutableRawPointer
    private let offset: Int

    init(_ values: [Float], _ type: DenseTask.WeightType, offset: Int) {
        self.offset = offset
        unsafe base = .allocate(byteCount: values.count * type.size + offset, alignment: 64)
        for (index, value) in values.enumerated() {
            let place = offset + index * type.size
            switch type {
            case .float32: unsafe base.storeBytes(of: value, toByteOffset: place, as: Float.self)
            case .float16:
                unsafe base.storeBytes(
                    of: Half.bits(rounding: Double(value)), toByteOffset: place, as: UInt16.self)
            case .bfloat16:
                unsafe base.storeBytes(
                    of: BrainFloat.bits(rounding: Double(value)), toByteOffset: place,
                    as: UInt16.self)
            }
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
    var type = DenseTask.WeightType.float32

    var input: [Float] { randomFloats(batch * depth, seed: depth) }
    var weights: [Float] { randomFloats(outputs * depth, seed: outputs) }
    var bias: [Float] { randomFloats(outputs, seed: 3) }

    /// [batch, outputs], computed in ranges that end at `splits`.
    func run(
        on kernels: KernelSet, offset: Int, splits: [Int] = []
    ) -> (bits: [UInt32], wholeBorders: Bool) {
        let x = FloatBlock(input)
        let w = UnalignedWeights(weights, type, offset: offset)
        let b = FloatBlock(bias)
        let y = FloatBlock(untouched: batch * outputs)
        let packed = FloatBlock(
            untouched: max(1, DenseTask.packedCount(batch: batch, depth: depth)))
        let sums = FloatBlock(untouched: DenseTask.sumCount(batch: batch))
        let task = unsafe DenseTask(
            input: x.pointer, packed: packed.pointer, weights: w.pointer, weightType: type,
            bias: hasBias ? UnsafePointer(b.pointer) : nil, output: y.pointer, sums: sums.pointer,
            batch: batch, depth: depth, outputs: outputs, bounds: bounds)
        kernels.packImages(task, 0..<DenseTask.steps(depth: depth))
        var start = 0
        for end in splits + [outputs] {
            kernels.dense(task, start..<end)
            start = end
        }
        return (
            y.bits, y.hasWholeBorders && packed.hasWholeBorders && sums.hasWholeBorders
        )
    }

    func reference() -> [(value: Double, bound: Double)] {
        let (x, w, b) = (input, weights.map(type.rounded), bias)
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

extension DenseTask.WeightType {
    /// The number that is kept for a weight: the products and sums are of these.
    fileprivate func rounded(_ value: Float) -> Float {
        switch self {
        case .float32: value
        case .float16: Float(Half.value(Half.bits(rounding: Double(value))))
        case .bfloat16: BrainFloat.value(BrainFloat.bits(rounding: Double(value)))
        }
    }
}

@Suite struct DenseKernels {
    static let types: [DenseTask.WeightType] = [.float32, .float16, .bfloat16]

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

    @Test(arguments: types, [1, 2, 3, 4, 5, 6, 7, 8, 9, 32, 33, 65])
    func `all types of weights are summed alike in any batch, with the same bits in all sets`(
        _ type: DenseTask.WeightType, _ batch: Int
    ) {
        for depth in [15, 37, 1024, 1037] {
            check(
                DenseCase(
                    batch: batch, depth: depth, outputs: batch > 9 ? 5 : 37, type: type),
                offsets: batch > 9 ? [1] : [0, 1, 2, 3])
        }
    }

    @Test(arguments: types)
    func `every finite bit pattern of 16 bits is widened exactly`(_ type: DenseTask.WeightType) {
        // One weight of the row is a pattern, its picture's number 1, and all others 0.
        let patterns = (0..<UInt16.max).filter { $0 & 0x7C00 != 0x7C00 && $0 & 0x7F80 != 0x7F80 }
        for kernels in kernelSets {
            let outputs = patterns.count
            let w = UnalignedWeights(
                patterns.flatMap { bits -> [Float] in
                    let value =
                        type == .float16 ? Float(Half.value(bits)) : BrainFloat.value(bits)
                    return [Float](repeating: 0, count: 5) + [value]
                        + [Float](repeating: 0, count: 10)
                }, type, offset: 1)
            let x = FloatBlock((0..<16).map { $0 == 5 ? 1 : 0 })
            let y = FloatBlock(untouched: outputs)
            let sums = FloatBlock(untouched: DenseTask.sumCount(batch: 1))
            let task = unsafe DenseTask(
                input: x.pointer, packed: x.pointer, weights: w.pointer, weightType: type,
                bias: nil, output: y.pointer, sums: sums.pointer, batch: 1, depth: 16,
                outputs: outputs, bounds: .none)
            kernels.dense(task, 0..<outputs)
            let wrong = zip(patterns, y.bits).filter { bits, result in
                let value = type == .float16 ? Float(Half.value(bits)) : BrainFloat.value(bits)
                return Float(bitPattern: result) != value
            }
            #expect(wrong.isEmpty, "\(kernels.name)")
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

    private func check(
        _ dense: DenseCase, offsets: [Int] = [0, 1, 2, 3],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var first: [UInt32]?
        for kernels in kernelSets {
            for offset in offsets {
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
