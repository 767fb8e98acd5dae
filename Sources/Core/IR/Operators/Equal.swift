/// y = whether a equals b, broadcast; NaN equals nothing.
///
/// Source: ONNX operator Equal.
package struct Equal: Comparison {
    package static let type = "Equal"
    package static let takesTruths = true

    package init() {}

    package static func holds(_ a: Double, _ b: Double) -> Bool { a == b }

    package static func holds(_ a: Int64, _ b: Int64) -> Bool { a == b }
}
