import Foundation

/// y = e^x, element by element.
///
/// Source: ONNX operator Exp.
package struct Exp: ElementwiseOperator, AttributeFree {
    package static let type = "Exp"

    package init() {}

    package func value(_ x: Double) -> Double { exp(x) }
}
