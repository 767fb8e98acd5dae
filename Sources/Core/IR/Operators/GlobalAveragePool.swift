/// y[n, c] = the mean of x[n, c, …].
///
/// Source: ONNX operator GlobalAveragePool.
package struct GlobalAveragePool: GlobalPool {
    package static let type = "GlobalAveragePool"

    package init() {}

    package static func reduce(_ plane: ArraySlice<Double>) -> Double {
        plane.reduce(0, +) / Double(plane.count)
    }
}
