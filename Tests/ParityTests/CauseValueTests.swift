import Parity
import Tensors
import TestSupport
import Testing

private let reference = seeded([8, 4, 3, 3])

private func changed(_ change: (Int, Float) -> Float) -> Tensor {
    Tensor(reference.floats().enumerated().map(change), shape: reference.shape)
}

private struct ValueCase: Sendable {
    let cause: Cause
    let change: @Sendable (Int, Float) -> Float
}

private let rules: [ValueCase] = {
    var cases: [ValueCase] = []
    func add(_ cause: Cause, _ change: @escaping @Sendable (Int, Float) -> Float) {
        cases.append(ValueCase(cause: cause, change: change))
    }
    add(.bitFlipped) { $0 == 77 ? Float(bitPattern: $1.bitPattern ^ 1 << 20) : $1 }
    add(.elementChanged) { $0 == 77 ? 0.123 : $1 }
    add(.elementsChanged) { $0 % 100 == 5 ? $1 + 1 : $1 }
    add(.zeroed) { _, _ in 0 }
    add(.tailZeroed) { $0 < 100 ? $1 : 0 }
    add(.bytesSwapped) { Float(bitPattern: $1.bitPattern.byteSwapped) }
    add(.negated) { -$1 }
    add(.scaled) { $1 / 255 }
    add(.scaled) { $1 * 0.8 }
    add(.offset) { $1 + 0.5 }
    add(.channelsScaled) { $1 * Float(1 + $0 / 36) * 0.3 }
    add(.roundedToFloat16) { Half.float(Half.bits(rounding: $1)) }
    add(.roundedToBFloat16) { BrainFloat.value(BrainFloat.bits(rounding: $1)) }
    add(.truncatedToBFloat16) { Float(bitPattern: $1.bitPattern & 0xFFFF_0000) }
    add(.bitsAsNumbers) { Float(Half.bits(rounding: $1)) }
    add(.bitsAsNumbers) { Float(BrainFloat.bits(rounding: $1)) }
    add(.roundedToDecimals) { ($1 * 1000).rounded() / 1000 }
    add(.nonFinite) { $0 > 200 ? .nan : $1 }
    return cases
}()

@Test(arguments: rules)
private func `a change of values by one rule is named`(rule: ValueCase) {
    let expected = rule.cause
    let found = cause(changed(rule.change), reference, TensorContext(.kernel))
    #expect(found?.cause == expected, "\(found?.explanation ?? "")")
    #expect(found?.isExact == true)
}

@Test func `a flipped bit is told with its place and its part`() {
    let wrong = changed { $0 == 77 ? Float(bitPattern: $1.bitPattern ^ 1 << 31) : $1 }
    let found = cause(wrong, reference, TensorContext(.kernel))
    #expect(found?.cause == .bitFlipped)
    #expect(
        found?.explanation.hasPrefix("bit 31 (the sign) of element [2, 0, 1, 2] is flipped") == true
    )
}

@Test func `rounding to the steps of an 8-bit integer is named, in all or by channel`() {
    let values = reference.floats()
    let step = (values.map { $0.magnitude }.max() ?? 1) / 127
    let whole = changed { ($1 / step).rounded() * step }
    #expect(cause(whole, reference, TensorContext(.kernel))?.cause == .quantized)
    let steps = (0..<8).map { channel in
        (values[channel * 36..<(channel + 1) * 36].map { $0.magnitude }.max() ?? 1) / 127
    }
    let channels = changed { ($1 / steps[$0 / 36]).rounded() * steps[$0 / 36] }
    #expect(cause(channels, reference, TensorContext(.kernel))?.cause == .quantized)
}

@Test func `magnitudes clamped for float16 are named`() {
    let wide = Tensor([3e-9, -2e5, 0, 0.25, 7, -1e-8, 3, 1e5, 0.5] as [Float])
    let clamped = Tensor([1e-7, -1e4, 0, 0.25, 7, -1e-7, 3, 1e4, 0.5] as [Float])
    #expect(cause(clamped, wide, TensorContext(.other))?.cause == .clampedToFloat16)
}

@Test func `a bias of zeros is a missing bias`() {
    let bias = seeded([16])
    let zeros = Tensor([Float](repeating: 0, count: 16))
    #expect(cause(zeros, bias, TensorContext(.bias))?.cause == .biasMissing)
}

@Test(arguments: 1...8)
func `random differences are not explained`(seed: UInt64) {
    let other = seeded(reference.shape, seed: 100 + seed)
    let unrelated = cause(other, reference, TensorContext(.kernel))
    #expect(unrelated?.cause == .unknown)
    #expect(unrelated?.isExact == false)
    // Noise that keeps every value near its own.
    let noise = other.floats()
    let near = changed { $1 * (1 + noise[$0] * 1e-4) }
    #expect(cause(near, reference, TensorContext(.kernel))?.cause == .unknown)
}

@Test func `what differs in some channels only says in which`() {
    let noise = seeded(reference.shape, seed: 9).floats()
    let wrong = changed { $0 / 36 == 2 || $0 / 36 == 5 ? $1 + noise[$0] / 8 : $1 }
    let found = cause(wrong, reference, TensorContext(.kernel))
    #expect(found?.cause == .unknown)
    #expect(found?.explanation.contains("in output channels 2, 5 only") == true)
}

@Test func `measures are taken over all elements and differing ones`() throws {
    let values = [1, 2, 3, 4] as [Float]
    let differences = try #require(
        ElementDifferences(Tensor([1, 2.5, 3, Float(4).nextUp]), Tensor(values)))
    #expect(differences.differingCount == 2)
    #expect(differences.first == 1)
    #expect(differences.last == 3)
    #expect(differences.maximumAbsolute == 0.5)
    #expect(differences.maximumRelative == 0.25)
    #expect(differences.maximumULP == 1 << 21)
    #expect(abs((differences.cosine ?? 0) - 31 / (30 * 32.25).squareRoot()) < 1e-6)
    #expect(ElementDifferences(Tensor(values), Tensor(values)) == nil)
}

@Test func `one bit in millions of elements is found whatever the layout`() throws {
    let large = seeded([64, 64, 24, 24])
    var values = large.floats()
    values[1_234_567] = Float(bitPattern: values[1_234_567].bitPattern ^ 1)
    let wrong = Tensor(values, shape: large.shape)
    for axes in [[0, 1, 2, 3], [2, 3, 1, 0]] {
        let (a, b) = (wrong.permuted(axes), large.permuted(axes))
        let differences = try #require(ElementDifferences(a, b))
        #expect(differences.differingCount == 1)
        let place = coordinates(of: 1_234_567, in: large.shape)
        #expect(coordinates(of: differences.first, in: a.shape) == axes.map { place[$0] })
        #expect(differences.maximumULP == 1)
        #expect(abs((differences.cosine ?? 0) - 1) < 1e-12)
    }
}
