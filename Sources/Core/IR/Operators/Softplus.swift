import Foundation

/// y = ln(1 + e^x), element by element.
///
/// Computed as max(x, 0) + ln(1 + e^(−|x|)), which neither overflows nor loses small results.
///
/// Source: ONNX operator Softplus.
package struct Softplus: ElementwiseOperator, AttributeFree {
    package static let type = "Softplus"

    package init() {}

    package func value(_ x: Double) -> Double { max(x, 0) + log1p(exp(-x.magnitude)) }
}
