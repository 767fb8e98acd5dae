import Foundation

/// y = x for x ≥ 0, else alpha · (e^x − 1), element by element.
///
/// Source: ONNX operator Elu.
package struct Elu: ElementwiseOperator {
    package static let type = "Elu"

    package let alpha: Float
    private let factor: Double

    package init(alpha: Float = 1) {
        self.alpha = alpha
        factor = alpha.shortest
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        self.init(alpha: try reader.float("alpha", default: 1))
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
    }

    package func value(_ x: Double) -> Double {
        x < 0 ? factor * expm1(x) : x
    }
}
