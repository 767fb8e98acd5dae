import Foundation
import Tensors

/// A mistake that changes every element by itself.
struct ElementRule: Sendable {
    var cause: Cause
    var explanation: String
    /// Whether the mistake makes of the second number the first.
    var holds: @Sendable (_ value: Double, _ reference: Double) -> Bool

    /// The mistakes that elements of type `reference` may suffer.
    static func all(_ reference: ElementType) -> [ElementRule] {
        let swapped = ElementRule(
            cause: .bytesSwapped, explanation: "the elements were read in the wrong byte order",
            holds: { same($0, reference.byteSwapped($1)) })
        return signs + [swapped] + roundings + clamps + codes + decimals
    }

    private static let signs: [ElementRule] = [
        ElementRule(
            cause: .negated, explanation: "every element has the other sign",
            holds: { $0 == -$1 })
    ]

    private static let roundings: [ElementRule] = [
        ElementRule(
            cause: .roundedToFloat16, explanation: "the elements are rounded to float16",
            holds: { same($0, half($1)) }),
        ElementRule(
            cause: .roundedToBFloat16, explanation: "the elements are rounded to bfloat16",
            holds: { same($0, Double(BrainFloat.value(BrainFloat.bits(rounding: $1)))) }),
        ElementRule(
            cause: .truncatedToBFloat16,
            explanation: "the elements are cut off after bfloat16's bits instead of rounded",
            holds: {
                same($0, Double(Float(bitPattern: Float($1).bitPattern & 0xFFFF_0000)))
            }),
    ]

    private static let codes: [ElementRule] = [
        ElementRule(
            cause: .bitsAsNumbers,
            explanation: "the bits of float16 elements were taken for whole numbers",
            holds: { $0 == Double(Half.bits(rounding: $1)) }),
        ElementRule(
            cause: .bitsAsNumbers,
            explanation: "the bits of bfloat16 elements were taken for whole numbers",
            holds: { $0 == Double(BrainFloat.bits(rounding: $1)) }),
    ]

    /// Magnitudes held within what float16 can tell apart, as converters to float16 do.
    private static let clamps: [ElementRule] = [(1e-7, 1e4), (0x1p-24, 65504)].flatMap { range in
        let clamped = { @Sendable (x: Double) -> Double in
            if x == 0 { return x }
            let magnitude = min(max(x.magnitude, range.0), range.1)
            return x < 0 ? -magnitude : magnitude
        }
        let words = "magnitudes are clamped to \(range.0) … \(range.1)"
        return [
            ElementRule(
                cause: .clampedToFloat16, explanation: words,
                holds: { $0 == $1 || Float($0) == Float(clamped($1)) }),
            ElementRule(
                cause: .clampedToFloat16, explanation: words + " and rounded to float16",
                holds: { same($0, half(clamped($1))) }),
        ]
    }

    private static let decimals: [ElementRule] = (1...8).map { digits in
        let factor = pow(10, Double(digits))
        return ElementRule(
            cause: .roundedToDecimals,
            explanation: "the elements are rounded to \(digits) decimals",
            holds: { Float($0) == Float(($1 * factor).rounded() / factor) })
    }

    private static func half(_ value: Double) -> Double {
        Half.value(Half.bits(rounding: value))
    }

    /// Whether `value` is the number, or both are none.
    private static func same(_ value: Double, _ number: Double) -> Bool {
        value == number || (value.isNaN && number.isNaN)
    }
}

extension ElementType {
    /// What an element becomes when its bytes are read from the other end.
    fileprivate func byteSwapped(_ value: Double) -> Double {
        switch self {
        case .float32: Double(Float(bitPattern: Float(value).bitPattern.byteSwapped))
        case .float64: Double(bitPattern: value.bitPattern.byteSwapped)
        case .float16: Half.value(Half.bits(rounding: value).byteSwapped)
        case .bfloat16: Double(BrainFloat.value(BrainFloat.bits(rounding: value).byteSwapped))
        default: value
        }
    }
}

extension Tensor {
    /// Whether `rule` holds for each element and the other tensor's; ends at the first exception.
    func allPairs(_ other: Tensor, _ rule: (Double, Double) -> Bool) -> Bool {
        zip(blocks, other.blocks).allSatisfy { mine, theirs in
            zip(mine.doubles(), theirs.doubles()).allSatisfy { rule($0, $1) }
        }
    }
}
