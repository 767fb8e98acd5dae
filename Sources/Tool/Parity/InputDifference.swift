package import Tensors

/// How far the output for one input of a batch lies from the reference.
package struct InputDifference: Codable, Equatable, Sendable {
    /// The input's place along the first axis.
    package var index: Int
    /// max |v − r|; infinite where a value is no finite number.
    package var maximumAbsolute: Double
    /// The largest |v − r| as a multiple of what the tolerance allows; infinite where it allows
    /// nothing or a value is no finite number.
    package var margin: Double

    package init(index: Int, maximumAbsolute: Double, margin: Double) {
        self.index = index
        self.maximumAbsolute = maximumAbsolute
        self.margin = margin
    }

    /// Every input's difference, the farthest first.
    ///
    /// - Precondition: the shapes agree, and their first axis is the batch.
    package static func ranked(
        of tensor: Tensor, from reference: Tensor, tolerance: Tolerance
    ) -> [InputDifference] {
        precondition(tensor.shape == reference.shape, "only equal shapes can be compared")
        guard let count = tensor.shape.first, tensor.elementCount > 0 else { return [] }
        let maximum = TensorSummary(of: reference).maximumMagnitude
        return (0..<count).map { index in
            var difference = InputDifference(index: index, maximumAbsolute: 0, margin: 0)
            let pairs = zip(
                tensor.part(index, of: count).chunks(), reference.part(index, of: count).chunks())
            for (values, references) in pairs {
                for (value, reference) in zip(values.doubles(), references.doubles()) {
                    let bound = tolerance.bound(reference: reference, maximum: maximum)
                    difference.add((value - reference).magnitude, allowed: bound)
                }
            }
            return difference
        }.sorted { a, b in
            (b.margin, b.maximumAbsolute, a.index) < (a.margin, a.maximumAbsolute, b.index)
        }
    }

    private mutating func add(_ absolute: Double, allowed bound: Double) {
        if absolute == 0 { return }
        let absolute = absolute.isFinite ? absolute : .infinity
        maximumAbsolute = max(maximumAbsolute, absolute)
        margin = max(margin, absolute.isFinite && bound > 0 ? absolute / bound : .infinity)
    }
}

extension Tensor {
    /// One of `count` equal parts along the first axis.
    package func part(_ index: Int, of count: Int) -> Tensor {
        let length = elementCount / count
        return Tensor(
            elementType: elementType, shape: Array(shape.dropFirst()), storage: storage,
            byteOffset: byteOffset + index * length * elementType.size)
    }
}
