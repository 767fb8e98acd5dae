/// y = max(0, min(1, alpha · x + beta)), element by element; NaN stays NaN.
///
/// Source: ONNX operator HardSigmoid.
package struct HardSigmoid: ElementwiseOperator {
    package static let type = "HardSigmoid"

    package let alpha: Float
    package let beta: Float
    private let factor: Double
    private let term: Double

    package init(alpha: Float = 0.2, beta: Float = 0.5) {
        self.alpha = alpha
        self.beta = beta
        factor = alpha.shortest
        term = beta.shortest
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        self.init(
            alpha: try reader.float("alpha", default: 0.2),
            beta: try reader.float("beta", default: 0.5))
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
        writer.write("beta", beta)
    }

    package func value(_ x: Double) -> Double {
        Self.clamped(factor * x + term)
    }

    /// x clamped to 0 … 1; NaN stays NaN.
    static func clamped(_ x: Double) -> Double {
        x < 0 ? 0 : x > 1 ? 1 : x
    }
}
