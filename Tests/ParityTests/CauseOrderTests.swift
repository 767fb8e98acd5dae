import Parity
import Tensors
import TestSupport
import Testing

/// Why `tensor` differs from `reference`; nil when it does not.
func cause(
    _ tensor: Tensor, _ reference: Tensor, _ context: TensorContext
) -> TensorCause? {
    ElementDifferences(tensor, reference).map {
        TensorCause.search(tensor, reference, context, $0)
    }
}

/// Different numbers everywhere.
func seeded(_ shape: [Int], seed: UInt64 = 1) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(generator.floats(shape.reduce(1, *)), shape: shape)
}

/// `reference` with element (i₀, i₁, …) taken from where `place` says.
private func gathered(_ reference: Tensor, _ place: ([Int]) -> [Int]) -> Tensor {
    let values = reference.floats()
    let shape = reference.shape
    let moved = values.indices.map { index in
        values[zip(place(coordinates(of: index, in: shape)), shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }
    return Tensor(moved, shape: shape)
}

private let kernel = seeded([6, 6, 3, 3])

private struct OrderCase: Sendable {
    let cause: Cause
    let change: @Sendable ([Int]) -> [Int]
}

private let orders: [OrderCase] = {
    var cases: [OrderCase] = []
    func add(_ cause: Cause, _ change: @escaping @Sendable ([Int]) -> [Int]) {
        cases.append(OrderCase(cause: cause, change: change))
    }
    add(.kernelHeightWidthSwapped) { [$0[0], $0[1], $0[3], $0[2]] }
    add(.kernelInOutSwapped) { [$0[1], $0[0], $0[2], $0[3]] }
    add(.kernelLayout) { [$0[1], $0[0], $0[3], $0[2]] }
    add(.kernelFlipped) { [$0[0], $0[1], 2 - $0[2], 2 - $0[3]] }
    add(.kernelFlipped) { [$0[1], $0[0], 2 - $0[2], 2 - $0[3]] }
    add(.kernelMirrored) { [$0[0], $0[1], 2 - $0[2], $0[3]] }
    add(.kernelMirrored) { [$0[0], $0[1], $0[2], 2 - $0[3]] }
    add(.outputChannelsPermuted) { [[3, 1, 2, 0, 4, 5][$0[0]], $0[1], $0[2], $0[3]] }
    add(.inputChannelsPermuted) { [$0[0], [0, 5, 2, 3, 4, 1][$0[1]], $0[2], $0[3]] }
    add(.outputChannelsPermuted) { [5 - $0[0], $0[1], $0[2], $0[3]] }
    add(.groupsExchanged) { [($0[0] + 3) % 6, $0[1], $0[2], $0[3]] }
    return cases
}()

@Test(arguments: orders)
private func `a kernel in another order is explained exactly`(order: OrderCase) {
    let expected = order.cause
    let found = cause(gathered(kernel, order.change), kernel, TensorContext(.kernel))
    #expect(found?.cause == expected, "\(found?.explanation ?? "")")
    #expect(found?.isExact == true)
}

@Test(arguments: [[2, 3, 1, 0], [3, 2, 0, 1], [0, 2, 3, 1]])
func `kernel bytes of one layout under the shape of another are explained`(axes: [Int]) {
    let reference = seeded([4, 3, 2, 5])
    let wrong = reference.permuted(axes).settled.reshaped(reference.shape)
    let found = cause(wrong, reference, TensorContext(.kernel))
    #expect(found?.cause == .kernelLayout)
    #expect(found?.explanation.contains("order under the shape of OIHW") == true)
}

@Test func `a kernel of another shape is explained by its order of axes`() {
    let reference = seeded([4, 3, 2, 5])
    let context = TensorContext(.kernel)
    #expect(
        TensorCause.searchShapes(reference.permuted([0, 1, 3, 2]), reference, context)?.cause
            == .kernelHeightWidthSwapped)
    #expect(
        TensorCause.searchShapes(reference.permuted([2, 3, 1, 0]), reference, context)?.cause
            == .kernelLayout)
    #expect(TensorCause.searchShapes(seeded([3, 4, 2, 5], seed: 2), reference, context) == nil)
}

@Test func `only the network's first layer takes its channels for colours`() {
    let reference = seeded([4, 3, 3, 3])
    let wrong = gathered(reference) { [$0[0], 2 - $0[1], $0[2], $0[3]] }
    let first = cause(wrong, reference, TensorContext(.kernel, isFirst: true))
    #expect(first?.cause == .inputChannelsReversed)
    #expect(cause(wrong, reference, TensorContext(.kernel))?.cause == .inputChannelsPermuted)
}

@Test func `depthwise channels counted by multiplier first are named`() {
    let reference = seeded([6, 1, 3, 3])
    let wrong = gathered(reference) { [$0[0] % 3 * 2 + $0[0] / 3, 0, $0[2], $0[3]] }
    let found = cause(wrong, reference, TensorContext(.kernel, group: 3))
    #expect(found?.cause == .depthwiseOrder)
}

@Test func `a square dense matrix that was not transposed is named`() {
    let reference = seeded([8, 8])
    let found = cause(reference.permuted([1, 0]), reference, TensorContext(.dense))
    #expect(found?.cause == .denseTransposed)
}

@Test func `dense bytes that were not transposed are named whatever the shape`() {
    let reference = seeded([5, 8])
    let wrong = reference.permuted([1, 0]).settled.reshaped([5, 8])
    #expect(cause(wrong, reference, TensorContext(.dense))?.cause == .denseTransposed)
}

@Test(arguments: [[1, 2, 0], [2, 0, 1], [0, 2, 1]])
func `inputs flattened in another order are named`(axes: [Int]) {
    let picture = [3, 4, 5]
    let reference = seeded([7, 60])
    let sizes = axes == [2, 0, 1] ? [4, 5, 3] : picture
    let wrong = reference.reshaped([7] + sizes).permuted([0] + axes.map { $0 + 1 }).settled
        .reshaped([7, 60])
    let context = TensorContext(.dense, flattened: picture)
    #expect(cause(wrong, reference, context)?.cause == .flattenOrder)
    // Nothing is flattened before other dense layers.
    #expect(cause(wrong, reference, TensorContext(.dense))?.cause == .inputChannelsPermuted)
}

@Test func `data from a wrong offset is named by elements or by bytes`() {
    let reference = seeded([4, 4, 3, 3])
    let values = reference.floats()
    let early = Tensor(Array(values.dropFirst()) + [0.25], shape: reference.shape)
    let found = cause(early, reference, TensorContext(.kernel))
    #expect(found?.cause == .elementsShifted)
    #expect(found?.explanation.contains("1 element too early") == true)
    let bytes = unsafe reference.withUnsafeBytes { unsafe Array($0) }
    let late = Tensor(
        elementType: .float32, shape: reference.shape,
        storage: ByteStorage([1, 2, 3] + bytes.dropLast(3)))
    let bytewise = cause(late, reference, TensorContext(.kernel))
    #expect(bytewise?.cause == .elementsShifted)
    #expect(bytewise?.explanation.contains("3 bytes too late") == true)
}

@Test func `an order that none of the mistakes leaves is not explained`() {
    var generator = SeededGenerator(seed: 5)
    let wrong = Tensor(kernel.floats().shuffled(using: &generator), shape: kernel.shape)
    let found = cause(wrong, kernel, TensorContext(.kernel))
    #expect(found?.cause == .elementsReordered)
    #expect(found?.isExact == false)
}

@Test func `where two orders come to the same both are told`() {
    // Symmetric about the axis from bottom left to top right.
    let reference = gathered(kernel) { place in
        let other = [place[0], place[1], 2 - place[3], 2 - place[2]]
        return place.lexicographicallyPrecedes(other) ? place : other
    }
    let wrong = gathered(reference) { [$0[0], $0[1], $0[3], $0[2]] }
    let found = cause(wrong, reference, TensorContext(.kernel))
    #expect(found?.cause == .kernelHeightWidthSwapped)
    #expect(found?.explanation.contains("or, as that comes to the same here") == true)
    #expect(found?.explanation.contains("180°") == true)
}

@Test func `a kernel that mirroring leaves as it is does not differ`() {
    let symmetric = gathered(kernel) {
        [$0[0], $0[1], min($0[2], 2 - $0[2]), min($0[3], 2 - $0[3])]
    }
    let flipped = gathered(symmetric) { [$0[0], $0[1], 2 - $0[2], 2 - $0[3]] }
    #expect(cause(flipped, symmetric, TensorContext(.kernel)) == nil)
}
