package import Tensors

/// The index of the largest element along `axis`, as int64; NaN counts as the largest.
///
/// Among equals the first wins, or the last with `selectsLast`.
///
/// Source: ONNX operator ArgMax.
package struct ArgMax: Operator {
    package static let type = "ArgMax"

    package var axis: Int
    /// Whether the axis stays, with size 1.
    package var keepsDimensions: Bool
    package var selectsLast: Bool

    package init(axis: Int = 0, keepsDimensions: Bool = true, selectsLast: Bool = false) {
        self.axis = axis
        self.keepsDimensions = keepsDimensions
        self.selectsLast = selectsLast
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        axis = try reader.int("axis", default: 0)
        keepsDimensions = try reader.flag("keepdims", default: true)
        selectsLast = try reader.flag("select_last_index", default: false)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
        writer.write("keepdims", keepsDimensions ? 1 : 0)
        if selectsLast { writer.write("select_last_index", 1) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.numeric(0)
        let axis = try normalizedAxis(self.axis, rank: input.shape.count)
        guard input.shape[axis] > 0 else {
            throw .input(0, expected: "an element at axis \(axis)", found: "\(input.shape)")
        }
        return [ValueInfo(elementType: .int64, shape: reduced(input.shape, axis))]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let axis = try normalizedAxis(self.axis, rank: input.rank)
        let x = input.doubles()
        let step = input.shape.dropFirst(axis + 1).reduce(1, *)
        let length = input.shape[axis]
        let indices = (0..<x.count / length).map { row in
            let first = row / step * step * length + row % step
            var best = 0
            for index in 1..<max(length, 1) {
                let (new, old) = (x[first + index * step], x[first + best * step])
                let isLarger = new > old || new.isNaN && !old.isNaN
                let isEqual = new == old || new.isNaN && old.isNaN
                if isLarger || selectsLast && isEqual { best = index }
            }
            return Int64(best)
        }
        return [Tensor(indices, shape: reduced(input.shape, axis))]
    }

    private func reduced(_ shape: [Int], _ axis: Int) -> [Int] {
        var shape = shape
        shape.replaceSubrange(axis...axis, with: keepsDimensions ? [1] : [])
        return shape
    }
}
