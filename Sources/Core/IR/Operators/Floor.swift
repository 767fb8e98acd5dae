/// y = ⌊x⌋, element by element.
///
/// Source: ONNX operator Floor.
package struct Floor: ElementwiseOperator, AttributeFree {
    package static let type = "Floor"

    package init() {}

    package func value(_ x: Double) -> Double { x.rounded(.down) }
}
