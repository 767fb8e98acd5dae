/// y = a − b, broadcast.
///
/// Source: ONNX operator Sub; before opset 7 with the attributes `broadcast` and `axis`.
package struct Sub: BinaryOperator {
    package static let type = "Sub"

    package var legacyAxis: Int?

    package init(legacyAxis: Int? = nil) {
        self.legacyAxis = legacyAxis
    }

    package static func value(_ a: Double, _ b: Double) -> Double { a - b }
}
