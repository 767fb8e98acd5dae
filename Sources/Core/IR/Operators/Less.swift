/// y = whether a is less than b, broadcast.
///
/// Source: ONNX operator Less.
package struct Less: Comparison {
    package static let type = "Less"

    package init() {}

    package static func holds(_ a: Double, _ b: Double) -> Bool { a < b }

    package static func holds(_ a: Int64, _ b: Int64) -> Bool { a < b }
}
