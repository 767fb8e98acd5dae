package import Tensors

/// y[n,c,o] = max over k of x[n, c, o·s − b + k·d]; padding never wins, NaN does.
///
/// Input: x [N, C, spatial…]. Output: y [N, C, …]. The second output of ONNX, the indices of the
/// largest elements, is not computed; `storage_order` concerns it alone.
///
/// Source: ONNX operator MaxPool.
package struct MaxPool: Operator {
    package static let type = "MaxPool"

    package var window: SpatialWindow

    package init(window: SpatialWindow) {
        self.window = window
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        window = try .pool(from: &reader)
        _ = try reader.flag("storage_order", default: false)
    }

    package func encode(to writer: inout AttributeWriter) {
        window.encode(to: &writer)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        return [try window.poolType(try inputs.numeric(0))]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let pooled = try window.pooled(inputs.present(0)) { values, _ in
            values.reduce(-.infinity) { $1.isNaN || $1 > $0 ? $1 : $0 }
        }
        return [pooled]
    }
}
