/// y = x for x ≥ 0, else alpha · x, element by element.
///
/// Source: ONNX operator LeakyRelu.
package struct LeakyRelu: ElementwiseOperator {
    package static let type = "LeakyRelu"

    package var alpha: Float

    package init(alpha: Float = 0.01) {
        self.alpha = alpha
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        alpha = try reader.float("alpha", default: 0.01)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
    }

    package func value(_ x: Double) -> Double {
        x < 0 ? Double(alpha) * x : x
    }
}
