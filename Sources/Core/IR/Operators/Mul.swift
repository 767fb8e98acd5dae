/// y = a · b, broadcast.
///
/// Source: ONNX operator Mul; before opset 7 with the attributes `broadcast` and `axis`.
package struct Mul: BinaryOperator {
    package static let type = "Mul"

    package var legacyAxis: Int?

    package init(legacyAxis: Int? = nil) {
        self.legacyAxis = legacyAxis
    }

    package static func value(_ a: Double, _ b: Double) -> Double { a * b }
}
