/// y = a / b, broadcast; between integers truncated towards zero, and saturated when b is 0.
///
/// Source: ONNX operator Div; before opset 7 with the attributes `broadcast` and `axis`.
package struct Div: BinaryOperator {
    package static let type = "Div"

    package var legacyAxis: Int?

    package init(legacyAxis: Int? = nil) {
        self.legacyAxis = legacyAxis
    }

    package static func value(_ a: Double, _ b: Double) -> Double { a / b }
}
