/// y = x for x ≥ 0, else slope · x; the slope broadcasts to x without enlarging it.
///
/// Inputs: x, slope. Before opset 7 a slope of [C] lies on the channels, axis 1.
///
/// Source: ONNX operator PRelu.
package struct PRelu: BinaryOperator {
    package static let type = "PRelu"
    package static let isUnidirectional = true

    package var legacyAxis: Int?

    package init(legacyAxis: Int? = nil) {
        self.legacyAxis = legacyAxis
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        legacyAxis = reader.opset < 7 ? 1 : nil
    }

    package static func value(_ a: Double, _ b: Double) -> Double { a < 0 ? b * a : a }
}
