/// y = 1/x, element by element.
///
/// Source: ONNX operator Reciprocal.
package struct Reciprocal: ElementwiseOperator, AttributeFree {
    package static let type = "Reciprocal"

    package init() {}

    package func value(_ x: Double) -> Double { 1 / x }
}
