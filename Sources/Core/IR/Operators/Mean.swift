/// y = the sum of the inputs divided by their number, broadcast.
///
/// Source: ONNX operator Mean.
package struct Mean: VariadicOperator, AttributeFree {
    package static let type = "Mean"

    package init() {}

    package static func combine(_ a: Double, _ b: Double) -> Double { a + b }

    package static func finish(_ total: Double, count: Int) -> Double { total / Double(count) }
}
