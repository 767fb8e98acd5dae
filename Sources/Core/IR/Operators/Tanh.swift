import Foundation

/// y = tanh x, element by element.
///
/// Source: ONNX operator Tanh.
package struct Tanh: ElementwiseOperator, AttributeFree {
    package static let type = "Tanh"

    package init() {}

    package func value(_ x: Double) -> Double { tanh(x) }
}
