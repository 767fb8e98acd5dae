import Foundation

/// y = ln x, element by element; NaN below 0.
///
/// Source: ONNX operator Log.
package struct Log: ElementwiseOperator, AttributeFree {
    package static let type = "Log"

    package init() {}

    package func value(_ x: Double) -> Double { log(x) }
}
