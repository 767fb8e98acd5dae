/// y = −x, element by element.
///
/// Source: ONNX operator Neg.
package struct Neg: ElementwiseOperator, AttributeFree {
    package static let type = "Neg"
    package static let acceptsIntegers = true

    package init() {}

    package func value(_ x: Double) -> Double { -x }
}
