import Foundation

/// y = x for x ≥ 0, else alpha · (e^x − 1), element by element.
///
/// Source: ONNX operator Elu.
package struct Elu: ElementwiseOperator {
    package static let type = "Elu"

    package var alpha: Float

    package init(alpha: Float = 1) {
        self.alpha = alpha
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        alpha = try reader.float("alpha", default: 1)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
    }

    package func value(_ x: Double) -> Double {
        x < 0 ? Double(alpha) * expm1(x) : x
    }
}
