/// y = the sum of the inputs, broadcast.
///
/// Source: ONNX operator Sum.
package struct Sum: VariadicOperator, AttributeFree {
    package static let type = "Sum"

    package init() {}

    package static func combine(_ a: Double, _ b: Double) -> Double { a + b }
}
