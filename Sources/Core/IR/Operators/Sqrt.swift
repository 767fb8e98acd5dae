/// y = √x, element by element; NaN below 0.
///
/// Source: ONNX operator Sqrt.
package struct Sqrt: ElementwiseOperator, AttributeFree {
    package static let type = "Sqrt"

    package init() {}

    package func value(_ x: Double) -> Double { x.squareRoot() }
}
