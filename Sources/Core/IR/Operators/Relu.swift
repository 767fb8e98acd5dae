/// y = max(x, 0), element by element; NaN stays NaN.
///
/// Source: ONNX operator Relu.
package struct Relu: ElementwiseOperator, AttributeFree {
    package static let type = "Relu"
    package static let acceptsIntegers = true

    package init() {}

    package func value(_ x: Double) -> Double { x < 0 ? 0 : x }
}
