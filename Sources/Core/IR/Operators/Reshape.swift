package import Tensors

/// x under another shape; the elements keep their order.
///
/// Inputs: x, shape [k] (constant). In the shape a −1, at most one, stands for what the other sizes
/// leave, and a 0 for x's size at the same axis or, with `allowsZero`, for zero.
///
/// Source: ONNX operator Reshape; before opset 5 the shape is an attribute.
package struct Reshape: Foldable {
    package static let type = "Reshape"
    package static let folding = Folding.sharesBytes

    package var allowsZero: Bool

    package init(allowsZero: Bool = false) {
        self.allowsZero = allowsZero
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        allowsZero = try reader.flag("allowzero", default: false)
        if reader.opset < 5, let shape = try reader.ints("shape") {
            reader.addInput(1, Tensor(shape.map { Int64($0) }))
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        if allowsZero { writer.write("allowzero", 1) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let input = try inputs.present(0)
        let requested = try inputs.requiredList(1, limit: maximumRank)
        return [
            ValueInfo(
                elementType: input.elementType, shape: try resolve(requested, for: input.shape))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        return [input.reshaped(try resolve(inputs.integers(1) ?? [], for: input.shape))]
    }

    /// The shape that `requested` means for an x of `shape`.
    package func resolve(_ requested: [Int], for shape: [Int]) throws(OperatorError) -> [Int] {
        var result = requested
        for (axis, size) in requested.enumerated() where size == 0 && !allowsZero {
            guard axis < shape.count else {
                throw .input(
                    1, expected: "0 only at one of x's \(shape.count) axes", found: "\(requested)")
            }
            result[axis] = shape[axis]
        }
        let unknown = result.indices.filter { result[$0] == -1 }
        guard unknown.count <= 1, result.allSatisfy({ $0 >= -1 }),
            !(allowsZero && !unknown.isEmpty && requested.contains(0))
        else {
            throw .input(1, expected: "sizes, at most one −1 among them", found: "\(requested)")
        }
        if let axis = unknown.first {
            result[axis] = 1
            let total = Tensor.elementCount(of: shape) ?? 0
            let known = Tensor.elementCount(of: result) ?? 0
            result[axis] = known > 0 && total % known == 0 ? total / known : -1
        }
        guard let count = Tensor.elementCount(of: result),
            count == Tensor.elementCount(of: shape)
        else {
            throw .input(
                1, expected: "a shape of as many elements as \(shape)", found: "\(requested)")
        }
        return result
    }
}
