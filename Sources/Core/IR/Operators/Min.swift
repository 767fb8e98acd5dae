/// y = the smallest of the inputs, broadcast; NaN wins.
///
/// Source: ONNX operator Min.
package struct Min: VariadicOperator, AttributeFree {
    package static let type = "Min"
    package static let acceptsIntegers = true

    package init() {}

    package static func combine(_ a: Double, _ b: Double) -> Double { a.isNaN || a < b ? a : b }
}
