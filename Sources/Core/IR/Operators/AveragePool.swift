package import Tensors

/// y[n,c,o] = Σ over k of x[n, c, o·s − b + k·d] / the number of cells.
///
/// The number is that of the window's cells inside the input, or, with `countsPadding`, inside the
/// input and its pads; cells that `ceil_mode` hangs over the end never count.
///
/// Input: x [N, C, spatial…]. Output: y [N, C, …].
///
/// Source: ONNX operator AveragePool.
package struct AveragePool: Operator {
    package static let type = "AveragePool"

    package var window: SpatialWindow
    package var countsPadding: Bool

    package init(window: SpatialWindow, countsPadding: Bool = false) {
        self.window = window
        self.countsPadding = countsPadding
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        window = try .pool(from: &reader)
        countsPadding = try reader.flag("count_include_pad", default: false)
    }

    package func encode(to writer: inout AttributeWriter) {
        window.encode(to: &writer)
        if countsPadding { writer.write("count_include_pad", 1) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        return [try window.poolType(try inputs.floating(0))]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let pooled = try window.pooled(inputs.present(0)) { values, padded in
            values.reduce(0, +) / Double(countsPadding ? padded : values.count)
        }
        return [pooled]
    }
}
