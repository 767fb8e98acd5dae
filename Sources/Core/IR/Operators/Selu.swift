import Foundation

/// y = gamma · (x for x > 0, else alpha · (e^x − 1)), element by element.
///
/// Source: ONNX operator Selu.
package struct Selu: ElementwiseOperator {
    package static let type = "Selu"

    package var alpha: Float
    package var gamma: Float

    package init(alpha: Float = 1.67326319, gamma: Float = 1.05070102) {
        self.alpha = alpha
        self.gamma = gamma
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        alpha = try reader.float("alpha", default: reader.opset < 6 ? 1.6732 : 1.67326319)
        gamma = try reader.float("gamma", default: reader.opset < 6 ? 1.0507 : 1.05070102)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
        writer.write("gamma", gamma)
    }

    package func value(_ x: Double) -> Double {
        Double(gamma) * (x > 0 ? x : Double(alpha) * expm1(x))
    }
}
