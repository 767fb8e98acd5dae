import Foundation

/// y = 1 / (1 + e^(−x)), element by element.
///
/// Source: ONNX operator Sigmoid.
package struct Sigmoid: ElementwiseOperator, AttributeFree {
    package static let type = "Sigmoid"

    package init() {}

    package func value(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
