/// y = whether a or b is true, broadcast.
///
/// Source: ONNX operator Or.
package struct Or: Comparison {
    package static let type = "Or"
    package static let ofTruths = true

    package init() {}

    package static func holds(_ a: Double, _ b: Double) -> Bool { a != 0 || b != 0 }
}
