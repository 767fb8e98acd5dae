/// y = the largest of the inputs, broadcast; NaN wins.
///
/// Source: ONNX operator Max.
package struct Max: VariadicOperator, AttributeFree {
    package static let type = "Max"
    package static let acceptsIntegers = true

    package init() {}

    package static func combine(_ a: Double, _ b: Double) -> Double { a.isNaN || a > b ? a : b }
}
