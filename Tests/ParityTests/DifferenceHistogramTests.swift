import Parity
import Tensors
import Testing

@Test func `a histogram counts every element once, in half decades of the largest reference`() {
    let reference = Tensor([10, 10, 10, 10, 10, 10] as [Float], shape: [6])
    // Differences of 0, 0.5, 0.2, 5 and 2e-5 as parts of 10: 10^-1.5 ≤ 0.05 < 10^-1, and so on.
    let value = Tensor([10, 10.5, 10.2, 15, .infinity, 10.0002] as [Float], shape: [6])
    let histogram = DifferenceHistogram(
        named: "output", of: value, from: reference, tolerance: .outputs)
    #expect(histogram.equalCount == 1)
    #expect(histogram.nonFiniteCount == 1)
    #expect(histogram.bins.first == .init(halfDecade: -10, count: 1))
    #expect(histogram.bins.last == .init(halfDecade: -1, count: 1))
    #expect(histogram.bins.count == 10)
    #expect(histogram.bins.map(\.count) == [1, 0, 0, 0, 0, 0, 1, 1, 0, 1])
}

@Test func `a histogram of equal, of empty, and against zero tensors`() {
    func histogram(_ value: [Float], _ reference: [Float]) -> DifferenceHistogram {
        DifferenceHistogram(
            named: "x", of: Tensor(value), from: Tensor(reference), tolerance: .exact)
    }
    #expect(histogram([1, 2], [1, 2]).bins.isEmpty)
    #expect(histogram([1, 2], [1, 2]).equalCount == 2)
    #expect(histogram([], []).bins.isEmpty)
    #expect(histogram([1, 0], [0, 0]).bins == [.init(halfDecade: 0, count: 1)])
    #expect(histogram([1e38], [1e-38]).bins == [.init(halfDecade: 10, count: 1)])
}

@Test func `inputs are ranked by how far their outputs are`() {
    let reference = Tensor([100, 1, 100, 1, 100, 1, 100, 1] as [Float], shape: [4, 2])
    let value = Tensor([100, 1, 100.01, 1, 100, 1.01, 100, .nan] as [Float], shape: [4, 2])
    let ranked = InputDifference.ranked(of: value, from: reference, tolerance: .outputs)
    // The same difference counts for more where the reference is small.
    #expect(ranked.map(\.index) == [3, 2, 1, 0])
    #expect(ranked[0].maximumAbsolute == .infinity)
    #expect(ranked[0].margin == .infinity)
    #expect(ranked[1].margin > 9 && ranked[1].margin < 10)
    #expect(ranked[3].margin == 0)
    let empty = Tensor([] as [Float], shape: [0, 2])
    #expect(InputDifference.ranked(of: empty, from: empty, tolerance: .outputs).isEmpty)
}
