/// Between float32 and the 16-bit types in integer arithmetic, some ten times as fast as by way of
/// float64; the same bits.
extension Half {
    /// The value of a bit pattern, exactly. NaN payloads are not kept.
    package static func float(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let rest = UInt32(bits & 0x7FFF)
        // Subnormal: a whole number of 2⁻²⁴.
        if rest < 0x0400 { return Float(bitPattern: sign | (Float(rest) * 0x1p-24).bitPattern) }
        if rest > 0x7C00 { return .nan }
        // Infinity's exponent is the highest of both types.
        let bias: UInt32 = rest == 0x7C00 ? 255 - 31 : 127 - 15
        return Float(bitPattern: sign | (rest << 13) + bias << 23)
    }

    /// The nearest binary16's bits, ties to even; beyond 65,520 becomes infinity.
    package static func bits(rounding value: Float) -> UInt16 {
        let sign = UInt16(value.bitPattern >> 16) & 0x8000
        let magnitude = value.bitPattern & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
        if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            // Below 2⁻¹⁴ the step is 2⁻²⁴; the product is exact.
            let steps = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
            return sign | UInt16(steps)
        }
        // Half a step less one, and one more where the last bit kept is odd.
        let rounded = magnitude + 0x0FFF + (magnitude >> 13) & 1
        return sign | UInt16(truncatingIfNeeded: (rounded - 0x3800_0000) >> 13)
    }
}

extension BrainFloat {
    /// The nearest bfloat16's bits, ties to even.
    package static func bits(rounding value: Float) -> UInt16 {
        if value.isNaN { return 0x7FC0 }
        let bits = value.bitPattern
        return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
}
