/// y = whether a is greater than b, broadcast.
///
/// Source: ONNX operator Greater.
package struct Greater: Comparison {
    package static let type = "Greater"

    package init() {}

    package static func holds(_ a: Double, _ b: Double) -> Bool { a > b }

    package static func holds(_ a: Int64, _ b: Int64) -> Bool { a > b }
}
