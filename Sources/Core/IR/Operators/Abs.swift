/// y = |x|, element by element.
///
/// Source: ONNX operator Abs.
package struct Abs: ElementwiseOperator, AttributeFree {
    package static let type = "Abs"
    package static let acceptsIntegers = true

    package init() {}

    package func value(_ x: Double) -> Double { x.magnitude }
}
