package import Tensors

/// x cut along `axis` into several tensors.
///
/// Inputs: x, optionally the parts' sizes [k] (constant). Without sizes the parts are equal; with
/// `partCount`, since opset 18, the last one may be smaller.
///
/// Source: ONNX operator Split; before opset 13 the sizes are an attribute.
package struct Split: Foldable, Modernized {
    package static let type = "Split"
    package static let folding = Folding.movesBytes

    package var axis: Int
    /// The attribute `num_outputs`.
    package var partCount: Int?
    /// How many outputs the node has.
    package var outputCount: Int

    package init(axis: Int = 0, partCount: Int? = nil, outputCount: Int) {
        self.axis = axis
        self.partCount = partCount
        self.outputCount = outputCount
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        axis = try reader.int("axis", default: 0)
        outputCount = reader.outputCount
        if reader.opset < 13, let sizes = try reader.ints("split") {
            reader.addInput(1, Tensor(sizes.map { Int64($0) }))
        }
        if reader.opset >= 18 { partCount = try reader.int("num_outputs") }
        if let partCount, partCount != outputCount {
            throw .attribute(
                "num_outputs", expected: "the \(outputCount) outputs", found: "\(partCount)")
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard partCount != nil, let shape = inputs.optional(0)?.shape,
            let sizes = try? partSizes(of: shape, given: nil)
        else { return nil }
        return WrittenForm(
            op: Split(axis: axis, outputCount: outputCount), inputCount: 1,
            replacements: [1: Tensor(sizes.map { Int64($0) })])
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...2)
        let input = try inputs.present(0)
        let sizes = try partSizes(of: input.shape, given: try inputs.shortList(1, limit: 1 << 16))
        let axis = try normalizedAxis(self.axis, rank: input.shape.count)
        return sizes.map { size in
            var shape = input.shape
            shape[axis] = size
            return ValueInfo(elementType: input.elementType, shape: shape)
        }
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let axis = try normalizedAxis(self.axis, rank: input.rank)
        var first = 0
        return try partSizes(of: input.shape, given: inputs.integers(1)).map { size in
            var picks = input.shape.map { AxisPick.all($0) }
            let start = first
            picks[axis] = AxisPick(count: size) { start + $0 }
            first += size
            return input.picked(picks)
        }
    }

    /// The sizes along the axis, one an output.
    package func partSizes(of shape: [Int], given: [Int]?) throws(OperatorError) -> [Int] {
        let whole = shape[try normalizedAxis(axis, rank: shape.count)]
        guard outputCount > 0 else { throw .unsupported("a Split without outputs") }
        if let given {
            let total = given.reduce(0) { $0.addingReportingOverflow($1).partialValue }
            guard given.count == outputCount, given.allSatisfy({ $0 >= 0 && $0 <= whole }),
                total == whole
            else {
                throw .input(
                    1, expected: "\(outputCount) sizes that make up \(whole)", found: "\(given)")
            }
            return given
        }
        let part = (whole + outputCount - 1) / outputCount
        guard part * outputCount == whole || partCount != nil else {
            throw .input(
                0, expected: "a multiple of \(outputCount) at axis \(axis)", found: "\(whole)")
        }
        return (0..<outputCount).map { min(part, max(0, whole - $0 * part)) }
    }
}
