import Parity
import Tensors
import Testing

private func difference(
    _ value: [Float], _ reference: [Float], _ tolerance: Tolerance = .outputs
) -> TensorDifference {
    TensorDifference(of: Tensor(value), from: Tensor(reference), tolerance: tolerance)
}

@Test func `equal tensors are bit-equal and without a worst pair`() {
    let found = difference([1, -2, 3], [1, -2, 3])
    #expect(found.isBitEqual)
    #expect(found.outsideCount == 0)
    #expect(found.maximumAbsolute == 0)
    #expect(found.maximumULP == 0)
    #expect(found.cosine == 1)
    #expect(found.worst == nil)
    #expect(found.disagreement.isEmpty && found.cautions.isEmpty)
}

@Test func `the measures of a small difference are the defined ones`() {
    let value = Tensor([1, 2, 3, 4.5, 0, 6] as [Float], shape: [2, 3])
    let reference = Tensor([1, 2, 3, 4, 0, 6] as [Float], shape: [2, 3])
    let found = TensorDifference(of: value, from: reference, tolerance: .outputs)
    #expect(!found.isBitEqual)
    #expect(found.maximumAbsolute == 0.5)
    #expect(found.maximumRelative == 0.125)
    #expect(found.maximumULP == 1 << 20)
    #expect(found.worst == [1, 0])
    #expect(found.worstValue == 4.5)
    #expect(found.worstReference == 4)
    #expect(found.outsideCount == 1)
    // The bound at the worst pair is 1e-4·4 + 1e-5·6.
    let margin = found.worstMargin ?? 0
    #expect(abs(margin - 0.5 / 4.6e-4) < 1e-9 * margin)
    // v·r = 68, |v|² = 70.25, |r|² = 66.
    let cosine = found.cosine ?? 0
    #expect(abs(cosine - 68 / (70.25 * 66).squareRoot()) < 1e-15)
}

@Test(arguments: [(1.0 + 1.0e-4, true), (1.0 + 1.2e-4, false), (1.0 - 1.0e-4, true)])
func `the bound holds for a value and its reference`(value: Double, passes: Bool) {
    let found = TensorDifference(
        of: Tensor([value]), from: Tensor([1.0]), tolerance: .outputs)
    #expect(found.isWithinTolerance == passes)
    #expect(Tolerance.outputs.admits(value, reference: 1, maximum: 1) == passes)
}

@Test func `a value near zero is judged by the largest reference`() {
    #expect(difference([0.9e-3, 100], [0, 100]).isWithinTolerance)
    #expect(!difference([1.1e-3, 100], [0, 100]).isWithinTolerance)
    #expect(!difference([1e-30], [0]).isWithinTolerance)
}

@Test(arguments: [Float.nan, .infinity, -.infinity])
func `a value that is no number is outside every tolerance, equal or not`(odd: Float) {
    let oneSide = difference([1, odd], [1, 1])
    #expect(oneSide.outsideCount == 1)
    #expect(oneSide.worst == [1])
    #expect(oneSide.worstValue == nil)
    let bothSides = difference([1, odd], [1, odd])
    #expect(bothSides.isBitEqual)
    #expect(bothSides.outsideCount == 1)
    #expect(!bothSides.cautions.isEmpty)
    #expect(!Tolerance.outputs.admits(Double(odd), reference: Double(odd), maximum: 1))
}

@Test func `a NaN does not hide a worse finite value from the measures`() {
    let found = difference([.nan, 2, 1], [0, 1, 1])
    #expect(found.maximumAbsolute == 1)
    #expect(found.value.nanCount == 1)
    #expect(found.reference.nanCount == 0)
    #expect(found.outsideCount == 2)
}

@Test(arguments: [0, 1, 15, 16, 17, 63, 64, 65, 1000])
func `summaries count NaN and infinities wherever they stand`(count: Int) {
    for place in stride(from: 0, to: count, by: 7) {
        var values = [Float](repeating: -2.5, count: count)
        values[place] = .nan
        if place + 1 < count { values[place + 1] = -.infinity }
        let summary = TensorSummary(of: Tensor(values))
        #expect(summary.nanCount == 1)
        #expect(summary.infinityCount == (place + 1 < count ? 1 : 0))
        #expect(!summary.isConstant)
        let wide = TensorSummary(of: Tensor(values.map { Double($0) }))
        #expect(wide == summary)
    }
    let plain = TensorSummary(of: Tensor([Float](repeating: -2.5, count: count)))
    #expect(plain.maximumMagnitude == (count > 0 ? 2.5 : 0))
    #expect(plain.isConstant == (count > 1))
    #expect(plain.elementCount == count)
}

@Test func `constant and changing tensors are told apart in the last element`() {
    var values = [Float](repeating: 1, count: 33)
    values[32] = 2
    #expect(!TensorSummary(of: Tensor(values)).isConstant)
    #expect(!TensorSummary(of: Tensor([.nan, .nan] as [Float])).isConstant)
    #expect(!TensorSummary(of: Tensor([.nan, .nan] as [Double])).isConstant)
}

@Test func `signed zeros are equal in value but not in bits, and said so`() {
    let found = difference([0, 1], [-0.0, 1])
    #expect(!found.isBitEqual)
    #expect(found.maximumAbsolute == 0)
    #expect(found.isWithinTolerance)
    #expect(found.cautions.count == 1)
}

@Test func `rounding to another element type is recognised either way`() {
    let wide = Tensor([0.1, -1.5, 3] as [Float])
    let narrow = wide.converted(to: .float16)
    for pair in [(wide, narrow), (narrow, wide)] {
        let found = TensorDifference(of: pair.0, from: pair.1, tolerance: .exact)
        #expect(!found.isBitEqual)
        #expect(found.isElementTypeConversion)
        #expect(found.maximumULP == nil)
    }
    let other = Tensor([0.2, -1.5, 3] as [Float])
    #expect(
        !TensorDifference(of: narrow, from: other, tolerance: .exact).isElementTypeConversion)
}

@Test func `integers are compared too`() {
    let found = TensorDifference(
        of: Tensor([1, 2, 3] as [Int64]), from: Tensor([1, 2, 5] as [Int64]), tolerance: .exact)
    #expect(found.outsideCount == 1)
    #expect(found.worst == [2])
    let large = TensorDifference(
        of: Tensor([.max] as [Int64]), from: Tensor([.max - 1] as [Int64]), tolerance: .exact)
    #expect(!large.isBitEqual)
    #expect(!large.cautions.isEmpty)
}

@Test func `measures of extreme float64 values stay finite`() {
    let huge = Double.greatestFiniteMagnitude
    let found = TensorDifference(
        of: Tensor([huge, 0x1p-1060]), from: Tensor([-huge, 0x1p-1074]), tolerance: .outputs)
    #expect(found.maximumAbsolute.isFinite)
    #expect(found.maximumRelative.isFinite)
    #expect(found.cosine == -1)
}

@Test func `scalars and empty tensors are compared`() {
    let scalar = TensorDifference(
        of: Tensor([1] as [Float], shape: []), from: Tensor([2] as [Float], shape: []),
        tolerance: .outputs)
    #expect(scalar.worst == [])
    #expect(scalar.outsideCount == 1)
    let empty = difference([], [])
    #expect(empty.isEmpty)
    #expect(empty.cautions == ["no elements"])
    #expect(empty.cosine == nil)
}

@Test func `tensors longer than a chunk keep their indices`() {
    let shape = [3, 100, 1000]
    var values = [Float](repeating: 1, count: 300_000)
    let reference = Tensor(values, shape: shape)
    values[271_828] = 1.5
    let found = TensorDifference(
        of: Tensor(values, shape: shape), from: reference, tolerance: .outputs)
    #expect(found.worst == [2, 71, 828])
}

@Test(arguments: [
    (Float(1), Float(1).nextUp, UInt32(1)), (Float(0), Float(-0.0), UInt32(0)),
    (Float.leastNonzeroMagnitude, -Float.leastNonzeroMagnitude, UInt32(2)),
    (Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude, UInt32(2 * 0x7F7F_FFFF)),
])
func `ulp distance counts steps across zero`(a: Float, b: Float, steps: UInt32) {
    #expect(ulpDistance(a, b) == steps)
    #expect(ulpDistance(b, a) == steps)
}

@Test func `a 138-million element tensor is compared within a second when only moved`() {
    let storage = unsafe ByteStorage(count: 552_000_000) { bytes in
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0x3F)
    }
    let copy = unsafe ByteStorage(count: 552_000_000) { bytes in
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0x3F)
    }
    func tensor(_ storage: ByteStorage) -> Tensor {
        Tensor(elementType: .float32, shape: [138_000, 1000], storage: storage)
    }
    let clock = ContinuousClock()
    var found: TensorDifference?
    let time = clock.measure {
        found = TensorDifference(of: tensor(storage), from: tensor(copy), tolerance: .exact)
    }
    #expect(found?.isBitEqual == true)
    // 0.06 s on two idle cores.
    #expect(time < .seconds(1))
}

@Test func `steps, cosine and bits are judged when asked for`() {
    func tolerance(_ change: (inout Tolerance) -> Void) -> Tolerance {
        var tolerance = Tolerance.outputs
        change(&tolerance)
        return tolerance
    }
    let (value, reference) = ([1, Float(2).nextUp.nextUp], [1, 2] as [Float])
    #expect(difference(value, reference, tolerance { $0.maximumULP = 2 }).isWithinTolerance)
    let steps = difference(value, reference, tolerance { $0.maximumULP = 1 })
    #expect(!steps.isWithinTolerance)
    #expect(steps.unmet == ["2 ulps, allowed 1"])
    #expect(difference(value, reference, tolerance { $0.minimumCosine = 0.9 }).isWithinTolerance)
    #expect(!difference([1, 0], [0, 1], tolerance { $0.minimumCosine = 0.9 }).unmet.isEmpty)
    #expect(difference([0, 1], [-0.0, 1], .exact).unmet == ["other bits"])
    #expect(difference([0, 1], [0, 1], .exact).isWithinTolerance)
}

@Test func `the signal-to-noise ratio is in dB`() {
    let found = difference([1.1, 0], [1, 0])
    #expect(abs((found.signalToNoise ?? 0) - 20) < 1e-4)
    #expect(difference([1], [1]).signalToNoise == nil)
    #expect(difference([1], [0]).signalToNoise == nil)
}

@Test func `a float64 reference has ulps of float32`() {
    let found = TensorDifference(
        of: Tensor([Float(1).nextUp]), from: Tensor([1] as [Double]), tolerance: .outputs)
    #expect(found.maximumULP == 1)
}

@Test func `named tolerances are ordered by what they allow`() {
    let all = [TolerancePreset.exact, .fp32, .fp16].map {
        difference([1.0003, 1], [1, 1], $0.tolerance)
    }
    #expect(all.map(\.isWithinTolerance) == [false, false, true])
    #expect(TolerancePreset.allCases.allSatisfy { !$0.tolerance.reason.isEmpty })
}
