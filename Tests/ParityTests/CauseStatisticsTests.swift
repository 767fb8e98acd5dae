import Parity
import Tensors
import TestSupport
import Testing

private let scale = seeded([12], seed: 1)
private let shift = seeded([12], seed: 2)
private let mean = seeded([12], seed: 3)
private let variance = Tensor(seeded([12], seed: 4).floats().map { $0 * $0 + 0.1 })
private let reference = ["scale": scale, "shift": shift, "mean": mean, "variance": variance]

private func causes(_ changed: [String: Tensor]) -> [String: Cause] {
    StatisticsCauses(
        value: reference.merging(changed) { $1 }, reference: reference, epsilon: 1e-3
    ).causes.mapValues(\.cause)
}

@Test func `statistics in each other's places are named, each`() {
    #expect(
        causes(["scale": shift, "shift": scale])
            == ["scale": .statisticsPermuted, "shift": .statisticsPermuted])
    #expect(
        causes(["shift": mean, "mean": variance, "variance": shift])
            == [
                "shift": .statisticsPermuted, "mean": .statisticsPermuted,
                "variance": .statisticsPermuted,
            ])
}

private struct DeviationCase: Sendable {
    let cause: Cause
    let change: @Sendable (Float) -> Float
}

private let deviations: [DeviationCase] = {
    var cases: [DeviationCase] = []
    func add(_ cause: Cause, _ change: @escaping @Sendable (Float) -> Float) {
        cases.append(DeviationCase(cause: cause, change: change))
    }
    add(.varianceIsDeviation) { $0.squareRoot() }
    add(.varianceIsDeviation) { ($0 + 1e-3).squareRoot() }
    add(.varianceIsInverseDeviation) { 1 / $0.squareRoot() }
    add(.varianceIsInverseDeviation) { 1 / ($0 + 1e-3).squareRoot() }
    return cases
}()

@Test(arguments: deviations)
private func `what is stored for the variance is named`(deviation: DeviationCase) {
    let expected = deviation.cause
    let wrong = Tensor(variance.floats().map(deviation.change))
    #expect(causes(["variance": wrong]) == ["variance": expected])
}

@Test func `numbers that were never read are named`() {
    let ones = Tensor([Float](repeating: 1, count: 12))
    let zeros = Tensor([Float](repeating: 0, count: 12))
    #expect(causes(["scale": ones]) == ["scale": .scaleIgnored])
    #expect(causes(["shift": zeros]) == ["shift": .shiftIgnored])
    #expect(
        causes(["mean": zeros, "variance": ones])
            == ["mean": .statisticsReset, "variance": .statisticsReset])
}

@Test func `other statistics are left to the causes of single tensors`() {
    #expect(causes(["mean": seeded([12], seed: 9)]).isEmpty)
    #expect(causes([:]).isEmpty)
}

@Test func `causes have stable names, and all but the plainest have advice`() {
    #expect(Cause.kernelHeightWidthSwapped.rawValue == "kernelHeightWidthSwapped")
    #expect(Set(Cause.allCases.map(\.rawValue)).count == Cause.allCases.count)
    #expect(Cause.allCases.filter(\.isHarmless) == [.normalizationMomentum])
    #expect(Cause.unknown.advice != nil)
}
