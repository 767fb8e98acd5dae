import Foundation

/// y = a^b, broadcast; the result has the type of a, b may have its own.
///
/// Source: ONNX operator Pow; before opset 7 with the attributes `broadcast` and `axis`.
package struct Pow: BinaryOperator {
    package static let type = "Pow"
    package static let sharesType = false

    package var legacyAxis: Int?

    package init(legacyAxis: Int? = nil) {
        self.legacyAxis = legacyAxis
    }

    package static func value(_ a: Double, _ b: Double) -> Double { pow(a, b) }
}
