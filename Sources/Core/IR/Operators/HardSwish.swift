/// y = x · max(0, min(1, x/6 + ½)), element by element.
///
/// Source: ONNX operator HardSwish.
package struct HardSwish: ElementwiseOperator, AttributeFree {
    package static let type = "HardSwish"

    package init() {}

    package func value(_ x: Double) -> Double { x * HardSigmoid.clamped(x / 6 + 0.5) }
}
