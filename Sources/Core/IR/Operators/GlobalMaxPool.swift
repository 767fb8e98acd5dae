/// y[n, c] = the largest of x[n, c, …]; NaN wins.
///
/// Source: ONNX operator GlobalMaxPool.
package struct GlobalMaxPool: GlobalPool {
    package static let type = "GlobalMaxPool"

    package init() {}

    package static func reduce(_ plane: ArraySlice<Double>) -> Double {
        plane.reduce(-.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
    }
}
