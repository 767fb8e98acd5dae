package import Tensors

/// A tensor of the given shape, every element `value`.
///
/// Input: shape [k] (constant).
///
/// Source: ONNX operator ConstantOfShape.
package struct ConstantOfShape: Foldable {
    package static let type = "ConstantOfShape"
    package static let folding = Folding.repeatsElement

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
        [value.reshaped([]).repeated(to: inputs.integers(0) ?? [])]
    }
}

extension Tensor {
    /// A tensor of `shape` whose every element is this one.
    ///
    /// - Precondition: there is one element, and the shape's byte count does not overflow.
    fileprivate func repeated(to shape: [Int]) -> Tensor {
        let size = elementType.size
        let count = Tensor.byteCount(of: shape, elementType) ?? 0
        let storage = unsafe ByteStorage(count: count) { out in
            guard let start = out.baseAddress, count > 0 else { return }
            unsafe withUnsafeBytes { element in
                unsafe UnsafeMutableRawBufferPointer(rebasing: out[..<size]).copyMemory(
                    from: element)
            }
            var filled = size
            while filled < count {
                let piece = min(filled, count - filled)
                unsafe (start + filled).copyMemory(from: start, byteCount: piece)
                filled += piece
            }
        }
        return Tensor(elementType: elementType, shape: shape, storage: storage)
    }
}
