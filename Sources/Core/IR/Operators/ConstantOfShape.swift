package import Tensors

/// A tensor of the given shape, every element `value`.
///
/// Input: shape [k] (constant).
///
/// Source: ONNX operator ConstantOfShape.
package struct ConstantOfShape: Foldable {
    package static let type = "ConstantOfShape"

    /// One element.
    package var value: Tensor

    package init(value: Tensor = Tensor([Float(0)])) {
        self.value = value
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        value = try reader.tensor("value") ?? Tensor([Float(0)])
        guard value.elementCount == 1 else {
            throw .attribute("value", expected: "one element", found: "shape \(value.shape)")
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("value", .tensor(value))
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let shape = try inputs.requiredList(0, limit: maximumRank)
        guard shape.allSatisfy({ $0 >= 0 }) else {
            throw .input(0, expected: "sizes of at least 0", found: "\(shape)")
        }
        return [ValueInfo(elementType: value.elementType, shape: shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        [value.reshaped([]).expanded(to: inputs.integers(0) ?? [])]
    }
}
