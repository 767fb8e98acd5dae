/// y = whether a and b are both true, broadcast.
///
/// Source: ONNX operator And.
package struct And: Comparison {
    package static let type = "And"
    package static let ofTruths = true

    package init() {}

    package static func holds(_ a: Double, _ b: Double) -> Bool { a != 0 && b != 0 }
}
