package import Tensors

/// The sizes of x's axes `start` ..< `end`, as int64 [k].
///
/// Source: ONNX operator Shape; start and end came with opset 15.
package struct Shape: Foldable {
    package static let type = "Shape"

    /// Negative counts from the end; outside the axes it is clamped, as `end` is.
    package var start: Int
    /// Nil for all axes from `start` on.
    package var end: Int?

    package init(start: Int = 0, end: Int? = nil) {
        self.start = start
        self.end = end
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        start = try reader.int("start", default: 0)
        end = try reader.int("end")
    }

    package func encode(to writer: inout AttributeWriter) {
        if start != 0 { writer.write("start", start) }
        if let end { writer.write("end", end) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let sizes = sizes(of: try inputs.present(0).shape)
        return [ValueInfo(elementType: .int64, shape: [sizes.count])]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        [Tensor(sizes(of: inputs.present(0).shape))]
    }

    package func constantOutputs(for inputs: [ValueInfo?]) -> [Tensor]? {
        inputs.optional(0).map { [Tensor(sizes(of: $0.shape))] }
    }

    private func sizes(of shape: [Int]) -> [Int64] {
        let first = clamp(start, shape.count)
        let last = end.map { clamp($0, shape.count) } ?? shape.count
        return first < last ? shape[first..<last].map { Int64($0) } : []
    }

    private func clamp(_ axis: Int, _ rank: Int) -> Int {
        min(max(axis < 0 ? axis + rank : axis, 0), rank)
    }
}
