import Foundation
import Tensors

/// Data that was read from a wrong place in the file: every byte stands elsewhere by one distance.
enum ShiftedBytes {
    /// How far data is looked for.
    private static let reach = 1 << 16
    /// Bytes that are looked for.
    private static let probe = 16
    /// Places that are tried.
    private static let attempts = 16

    static func cause(_ a: Tensor, _ b: Tensor) -> TensorCause? {
        let count = a.byteCount
        guard count >= 3 * probe else { return nil }
        let middle = count / 2
        let window = max(0, middle - reach)..<min(count, middle + reach)
        return unsafe a.withUnsafeBytes { mine in
            unsafe b.withUnsafeBytes { theirs -> TensorCause? in
                let wanted = unsafe Array(mine[middle..<middle + probe])
                if Set(wanted).count < 4 { return nil }
                for place in unsafe places(of: wanted, in: theirs, window) {
                    let distance = place - middle
                    let length = count - distance.magnitude.asInt
                    guard distance != 0, length >= count / 2 else { continue }
                    let isShifted = unsafe mine[max(0, -distance)...].prefix(length)
                        .elementsEqual(theirs[max(0, distance)...].prefix(length))
                    if isShifted { return cause(distance, a.elementType) }
                }
                return nil
            }
        }
    }

    private static func places(
        of wanted: [UInt8], in bytes: UnsafeRawBufferPointer, _ window: Range<Int>
    ) -> [Int] {
        guard let base = bytes.baseAddress else { return [] }
        let starts = window.lowerBound..<max(window.lowerBound, window.upperBound - wanted.count)
        return Array(
            starts.lazy.filter { unsafe memcmp(base + $0, wanted, wanted.count) == 0 }
                .prefix(attempts))
    }

    private static func cause(_ distance: Int, _ type: ElementType) -> TensorCause {
        let isWhole = distance % type.size == 0
        let amount = isWhole ? distance.magnitude.asInt / type.size : distance.magnitude.asInt
        let unit = (isWhole ? "element" : "byte") + (amount == 1 ? "" : "s")
        return TensorCause(
            .elementsShifted,
            "every element stands \(amount) \(unit) too \(distance > 0 ? "early" : "late"): the data "
                + "begins at a wrong offset")
    }
}

extension UInt {
    fileprivate var asInt: Int { Int(self) }
}
