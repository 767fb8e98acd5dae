/// y = ⌈x⌉, element by element.
///
/// Source: ONNX operator Ceil.
package struct Ceil: ElementwiseOperator, AttributeFree {
    package static let type = "Ceil"

    package init() {}

    package func value(_ x: Double) -> Double { x.rounded(.up) }
}
