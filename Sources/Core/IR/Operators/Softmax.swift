import Foundation

/// y[i] = e^(x[i] − m) / Σ_j e^(x[j] − m) over the elements of a row, m being the largest.
///
/// Source: ONNX operator Softmax; its rows changed at opset 13.
package struct Softmax: Normalizer {
    package static let type = "Softmax"

    package var axis: Int
    package var flattensTrailingAxes: Bool

    package init(axis: Int = -1, flattensTrailingAxes: Bool = false) {
        self.axis = axis
        self.flattensTrailingAxes = flattensTrailingAxes
    }

    package static func normalize(_ row: inout [Double]) {
        let largest = row.max() ?? 0
        row = row.map { exp($0 - largest) }
        let sum = row.reduce(0, +)
        row = row.map { $0 / sum }
    }
}
