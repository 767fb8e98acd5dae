package import Tensors

/// An operator that normalises rows of x: along one axis, or before opset 13 along all axes from it.
package protocol Normalizer: Modernized {
    /// The axis, negative counting from the end.
    var axis: Int { get set }
    /// Whether a row is all the axes from `axis` on: the meaning before opset 13.
    ///
    /// It is the same as one axis only where all later sizes are 1; the written form has no such
    /// attribute. Writing one, put the operator with axis −1 between Flatten(axis) and a Reshape.
    var flattensTrailingAxes: Bool { get set }

    init(axis: Int, flattensTrailingAxes: Bool)

    /// Normalises one row in place.
    static func normalize(_ row: inout [Double])
}

extension Normalizer {
    package init(from reader: inout AttributeReader) throws(OperatorError) {
        let flattens = reader.opset < 13
        self.init(
            axis: try reader.int("axis", default: flattens ? 1 : -1),
            flattensTrailingAxes: flattens)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard flattensTrailingAxes, let shape = inputs.optional(0)?.shape,
            let axis = try? normalizedAxis(self.axis, rank: shape.count),
            shape.dropFirst(axis + 1).allSatisfy({ $0 == 1 })
        else { return nil }
        let op = Self(axis: self.axis, flattensTrailingAxes: false)
        return WrittenForm(op: op, inputCount: 1)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.floating(0)
        _ = try normalizedAxis(axis, rank: input.shape.count)
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let axis = try normalizedAxis(self.axis, rank: input.rank)
        let last = flattensTrailingAxes ? input.rank - 1 : axis
        let length = input.shape[axis...last].reduce(1, *)
        let step = input.shape.dropFirst(last + 1).reduce(1, *)
        var values = input.doubles()
        if values.isEmpty { return [input] }
        for row in 0..<values.count / length {
            let first = row / step * step * length + row % step
            var elements = (0..<length).map { values[first + $0 * step] }
            Self.normalize(&elements)
            for (index, value) in elements.enumerated() { values[first + index * step] = value }
        }
        return [Tensor(rounding: values, to: input.elementType, shape: input.shape)]
    }
}
