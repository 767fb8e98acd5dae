import Foundation

/// y[i] = x[i] − m − ln Σ_j e^(x[j] − m) over the elements of a row, m being the largest.
///
/// Source: ONNX operator LogSoftmax; its rows changed at opset 13.
package struct LogSoftmax: Normalizer {
    package static let type = "LogSoftmax"

    package var axis: Int
    package var flattensTrailingAxes: Bool

    package init(axis: Int = -1, flattensTrailingAxes: Bool = false) {
        self.axis = axis
        self.flattensTrailingAxes = flattensTrailingAxes
    }

    package static func normalize(_ row: inout [Double]) {
        let largest = row.max() ?? 0
        let logarithm = log(row.reduce(0) { $0 + exp($1 - largest) })
        row = row.map { $0 - largest - logarithm }
    }
}
