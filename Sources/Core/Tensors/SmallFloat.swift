/// A floating-point format of few bits, described by its fields and its special codes.
///
/// A code is sign, exponent e and fraction f, from the highest bit down. Its value is
/// ±(1 + f/2^F)·2^(e − bias), and for e = 0, where there are subnormals, ±f/2^F·2^(1 − bias).
///
/// Source: ONNX, "Float stored in 8 bits" and "4 bit floats"; the OCP's specifications of 8-bit
/// floating point and of microscaling formats.
package struct SmallFloat: Sendable {
    var isSigned = true
    var exponentBits: Int
    var fractionBits: Int
    var bias: Int
    /// The code of the largest finite number; larger ones without their sign are special.
    var largest: Int
    var infinity: Int?
    /// The code of NaN, or minus zero's, which then stands for NaN.
    var nan: Int?
    /// Whether exponent 0 holds zero and subnormals; otherwise it is an exponent like the others.
    var hasSubnormals = true
    /// How numbers between two of the format are rounded where no one says.
    var rounding = FloatingPointRoundingRule.toNearestOrEven

    package static let e4m3fn = SmallFloat(
        exponentBits: 4, fractionBits: 3, bias: 7, largest: 0x7E, nan: 0x7F)
    package static let e4m3fnuz = SmallFloat(
        exponentBits: 4, fractionBits: 3, bias: 8, largest: 0x7F, nan: 0x80)
    package static let e5m2 = SmallFloat(
        exponentBits: 5, fractionBits: 2, bias: 15, largest: 0x7B, infinity: 0x7C, nan: 0x7E)
    package static let e5m2fnuz = SmallFloat(
        exponentBits: 5, fractionBits: 2, bias: 16, largest: 0x7F, nan: 0x80)
    /// Powers of two alone.
    package static let e8m0 = SmallFloat(
        isSigned: false, exponentBits: 8, fractionBits: 0, bias: 127, largest: 0xFE, nan: 0xFF,
        hasSubnormals: false, rounding: .up)
    package static let e2m1 = SmallFloat(
        exponentBits: 2, fractionBits: 1, bias: 1, largest: 0x7)
    /// IEEE 754 binary16, the same format as `Half`.
    package static let e5m10 = SmallFloat(
        exponentBits: 5, fractionBits: 10, bias: 15, largest: 0x7BFF, infinity: 0x7C00,
        nan: 0x7E00)

    private var signBit: Int { 1 << (exponentBits + fractionBits) }
    private var lowestExponent: Int { hasSubnormals ? 1 - bias : -bias }

    /// The value of a code, exactly. NaN payloads are not kept.
    package func value(_ code: Int) -> Double {
        let isNegative = isSigned && code & signBit != 0
        let magnitude = isSigned ? code & (signBit - 1) : code
        let sign: FloatingPointSign = isNegative ? .minus : .plus
        if code == nan || magnitude > largest {
            return magnitude == infinity ? (isNegative ? -.infinity : .infinity) : .nan
        }
        let exponent = magnitude >> fractionBits
        let fraction = magnitude & (1 << fractionBits - 1)
        let isSubnormal = hasSubnormals && exponent == 0
        let steps = isSubnormal ? fraction : fraction + 1 << fractionBits
        let scale = (isSubnormal ? 1 : exponent) - bias - fractionBits
        return Double(sign: sign, exponent: scale, significand: Double(steps))
    }

    /// The values of all bytes, for tables.
    var values: [Double] { (0..<256).map { value($0) } }

    /// The code of `value`, rounded to a number of the format.
    ///
    /// - Parameters:
    ///   - saturates: whether numbers out of range, infinities too, become the nearest finite
    ///     number rather than infinity or, in formats that have none, NaN.
    ///   - rounding: nil for the format's own rule.
    package func code(
        rounding value: Double, saturates: Bool = true,
        by rounding: FloatingPointRoundingRule? = nil
    ) -> Int {
        let isNegative = value.sign == .minus
        if value.isNaN { return nan.map { special($0, isNegative) } ?? largest }
        if !isSigned, value < 0 { return special(nan, false) }
        let magnitude = value.magnitude
        if !hasSubnormals, magnitude < self.value(0) {
            return saturates ? 0 : special(nan, false)
        }
        guard magnitude.isFinite else { return overflow(isNegative, saturates) }
        let exponent =
            magnitude == 0 ? lowestExponent : max(Int(magnitude.exponent), lowestExponent)
        let unit = Double(sign: .plus, exponent: fractionBits - exponent, significand: 1)
        let steps = Int((magnitude * unit).rounded(rounding ?? self.rounding))
        // A carry out of the fraction goes into the exponent by itself.
        var code = (exponent - lowestExponent) << fractionBits + steps
        if !hasSubnormals { code -= 1 << fractionBits }
        if code > largest { return overflow(isNegative, saturates) }
        if code == 0, nan == signBit { return 0 }
        return isNegative && isSigned ? code | signBit : code
    }

    private func overflow(_ isNegative: Bool, _ saturates: Bool) -> Int {
        special(saturates ? largest : infinity ?? nan, isNegative)
    }

    /// A code with its sign; the largest number where the format does not have it.
    private func special(_ code: Int?, _ isNegative: Bool) -> Int {
        let code = code ?? largest
        return isSigned && isNegative ? code | signBit : code
    }
}
