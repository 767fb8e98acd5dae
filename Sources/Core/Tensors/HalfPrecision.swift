/// IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits.
///
/// Written out because Swift's `Float16` does not exist on every platform.
package enum Half {
    /// The value of a bit pattern, exactly. NaN payloads are not kept.
    package static func value(_ bits: UInt16) -> Double {
        let sign = bits >> 15 == 0 ? 1.0 : -1.0
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Double(bits & 0x3FF)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default:
            return sign * (1024 + fraction)
                * Double(sign: .plus, exponent: exponent - 25, significand: 1)
        }
    }

    /// The nearest binary16's bits, ties to even; beyond 65,520 becomes infinity.
    package static func bits(rounding value: Double) -> UInt16 {
        let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
        if value.isNaN { return sign | 0x7E00 }
        let magnitude = value.magnitude
        if magnitude >= 65520 { return sign | 0x7C00 }
        if magnitude < 0x1p-14 {
            return sign | UInt16((magnitude * 0x1p24).rounded(.toNearestOrEven))
        }
        let exponent = Int(magnitude.exponent)
        let scaled = magnitude * Double(sign: .plus, exponent: 10 - exponent, significand: 1)
        let rounded = UInt16(scaled.rounded(.toNearestOrEven))
        return sign | (UInt16(exponent + 14) << 10) + rounded
    }
}

/// bfloat16: the upper half of a float32.
package enum BrainFloat {
    /// The value of a bit pattern, exactly.
    package static func value(_ bits: UInt16) -> Float {
        Float(bitPattern: UInt32(bits) << 16)
    }

    /// The nearest bfloat16's bits, ties to even, rounded once.
    package static func bits(rounding value: Double) -> UInt16 {
        if value.isNaN { return 0x7FC0 }
        var float = Float(value)
        // Round to odd first, so that the second rounding cannot double the first.
        if Double(float) != value, float.bitPattern & 1 == 0, float.isFinite {
            float =
                Double(float).magnitude > value.magnitude
                ? Float(bitPattern: float.bitPattern - 1) : Float(bitPattern: float.bitPattern + 1)
        }
        let bits = float.bitPattern
        let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
        return UInt16(rounded >> 16)
    }
}
