import Tensors
import Testing

/// The value of a binary format's bits, by the formula of IEEE 754: (−1)ˢ · m · 2ᵉ.
private func value(_ bits: UInt16, exponentBits: Int) -> Double {
    let fractionBits = 15 - exponentBits
    let bias = 1 << (exponentBits - 1) - 1
    let exponent = Int(bits & 0x7FFF) >> fractionBits
    let fraction = Int(bits) & (1 << fractionBits - 1)
    let sign: Double = bits >> 15 == 0 ? 1 : -1
    if exponent == 1 << exponentBits - 1 { return fraction == 0 ? sign * .infinity : .nan }
    let significand = exponent == 0 ? fraction : fraction + 1 << fractionBits
    var result = sign * Double(significand)
    let power = max(exponent, 1) - bias - fractionBits
    for _ in 0..<power.magnitude { result *= power < 0 ? 0.5 : 2 }
    return result
}

/// One of the two 16-bit formats.
struct Narrow: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let exponentBits: Int
    /// The bits of positive infinity; those below it are the finite numbers, in order.
    let infinity: UInt16
    let value: @Sendable (UInt16) -> Double
    let bits: @Sendable (Double) -> UInt16

    static let all = [
        Narrow(
            testDescription: "float16", exponentBits: 5, infinity: 0x7C00,
            value: { Half.value($0) }, bits: { Half.bits(rounding: $0) }),
        Narrow(
            testDescription: "bfloat16", exponentBits: 8, infinity: 0x7F80,
            value: { Double(BrainFloat.value($0)) }, bits: { BrainFloat.bits(rounding: $0) }),
    ]

    /// What the number above the largest finite one would be: where rounding to infinity begins
    /// is halfway to it.
    var beyondLargest: Double {
        2 * value(infinity - 1 << UInt16(15 - exponentBits))
    }
}

@Suite struct SixteenBitFloats {
    @Test(arguments: Narrow.all)
    func `all 65,536 patterns have the value of IEEE 754's formula`(_ format: Narrow) {
        var wrong: [UInt16] = []
        for bits in UInt16.min ... .max {
            let found = format.value(bits)
            let expected = value(bits, exponentBits: format.exponentBits)
            let agree = found.isNaN ? expected.isNaN : found.bitPattern == expected.bitPattern
            if !agree { wrong.append(bits) }
        }
        #expect(wrong == [])
    }

    @Test(arguments: Narrow.all)
    func `all 65,536 patterns come back from their value`(_ format: Narrow) {
        var wrong: [UInt16] = []
        for bits in UInt16.min ... .max {
            let back = format.bits(format.value(bits))
            let isNaN = bits & 0x7FFF > format.infinity
            if isNaN ? back & 0x7FFF <= format.infinity : back != bits { wrong.append(bits) }
        }
        #expect(wrong == [])
    }

    @Test(arguments: Narrow.all)
    func `halfway goes to the even neighbour, and a hair beside it to the nearer`(
        _ format: Narrow
    ) {
        var wrong: [UInt16] = []
        for lower in 0..<format.infinity {
            let upper = lower + 1
            let above = upper == format.infinity ? format.beyondLargest : format.value(upper)
            let middle = (format.value(lower) + above) / 2
            for sign: UInt16 in [0, 0x8000] {
                let factor: Double = sign == 0 ? 1 : -1
                let even = lower & 1 == 0 ? lower : upper
                if format.bits(factor * middle) != sign | even
                    || format.bits(factor * middle.nextDown) != sign | lower
                    || format.bits(factor * middle.nextUp) != sign | upper
                {
                    wrong.append(sign | lower)
                }
            }
        }
        #expect(wrong == [])
    }

    @Test(arguments: Narrow.all)
    func `beyond the range are infinity, zero and NaN`(_ format: Narrow) {
        #expect(format.bits(.infinity) == format.infinity)
        #expect(format.bits(-.infinity) == 0x8000 | format.infinity)
        #expect(format.bits(.greatestFiniteMagnitude) == format.infinity)
        #expect(format.bits(-1e300) == 0x8000 | format.infinity)
        #expect(format.bits(.leastNonzeroMagnitude) == 0)
        #expect(format.bits(-.leastNonzeroMagnitude) == 0x8000)
        #expect(format.bits(-0.0) == 0x8000)
        #expect(format.bits(.nan) & 0x7FFF > format.infinity)
    }
}
