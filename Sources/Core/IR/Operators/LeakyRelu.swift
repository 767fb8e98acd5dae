/// y = x for x ≥ 0, else alpha · x, element by element.
///
/// Source: ONNX operator LeakyRelu.
package struct LeakyRelu: ElementwiseOperator {
    package static let type = "LeakyRelu"

    package let alpha: Float
    private let factor: Double

    package init(alpha: Float = 0.01) {
        self.alpha = alpha
        factor = alpha.shortest
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        self.init(alpha: try reader.float("alpha", default: 0.01))
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
    }

    package func value(_ x: Double) -> Double {
        x < 0 ? factor * x : x
    }
}
