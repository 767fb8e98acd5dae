import Foundation

/// y = 2/√π · ∫₀ˣ e^(−t²) dt, element by element.
///
/// Source: ONNX operator Erf.
package struct Erf: ElementwiseOperator, AttributeFree {
    package static let type = "Erf"

    package init() {}

    package func value(_ x: Double) -> Double { erf(x) }
}
