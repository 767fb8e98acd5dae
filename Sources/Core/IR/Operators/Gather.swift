package import Tensors

/// y[i…, j…, k…] = x[i…, indices[j…], k…], the indices replacing `axis` of x.
///
/// Inputs: x, indices (int32 or int64; negative ones count from the end).
///
/// Source: ONNX operator Gather.
package struct Gather: Foldable {
    package static let type = "Gather"

    package var axis: Int

    package init(axis: Int = 0) {
        self.axis = axis
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        axis = try reader.int("axis", default: 0)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("axis", axis)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let input = try inputs.present(0)
        let indices = try inputs.present(1)
        let axis = try normalizedAxis(self.axis, rank: input.shape.count)
        guard indices.elementType == .int64 || indices.elementType == .int32 else {
            throw .input(
                1, expected: "int32 or int64 elements", found: indices.elementType.rawValue)
        }
        try checkRank(input.shape.count + indices.shape.count - 1)
        if let constant = indices.constant {
            _ = try Self.positions(constant, size: input.shape[axis])
        }
        var shape = input.shape
        shape.replaceSubrange(axis...axis, with: indices.shape)
        return [ValueInfo(elementType: input.elementType, shape: shape)]
    }

    /// - Throws: `.input` when an index that was not known before lies outside the axis.
    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let indices = inputs.present(1)
        let axis = try normalizedAxis(self.axis, rank: input.rank)
        let positions = try Self.positions(indices, size: input.shape[axis])
        var axes = input.shape.map { AxisPick.all($0) }
        axes[axis] = AxisPick(count: positions.count) { positions[$0] }
        var shape = input.shape
        shape.replaceSubrange(axis...axis, with: indices.shape)
        return [input.picked(axes).reshaped(shape)]
    }

    private static func positions(
        _ indices: Tensor, size: Int
    ) throws(OperatorError) -> [Int] {
        let given = indices.integers() ?? []
        if let index = given.first(where: { $0 < -size || $0 >= size }) {
            throw .input(1, expected: "indices of an axis of \(size)", found: "\(index)")
        }
        return given.map { Int($0) < 0 ? Int($0) + size : Int($0) }
    }
}
