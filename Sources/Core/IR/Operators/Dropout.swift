package import Tensors

/// y = x: at inference nothing is dropped, and the mask is all true.
///
/// Inputs: x, optionally ratio, optionally training_mode (constant, and false unless the ratio is 0).
/// Outputs: the shape of x, the second of type bool.
///
/// Source: ONNX operator Dropout; before opset 12 the ratio is an attribute.
package struct Dropout: Operator {
    package static let type = "Dropout"

    /// Starts the random numbers in training: carried, not used.
    package var seed: Int?

    package init(seed: Int? = nil) {
        self.seed = seed
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        reader.ignoreConsumedInputs()
        if reader.opset < 7 { _ = try reader.flag("is_test", default: false) }
        if reader.opset < 12 {
            if let ratio = try reader.float("ratio") {
                reader.addInput(1, Tensor([ratio], shape: []))
            }
        } else {
            seed = try reader.int("seed")
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        if let seed { writer.write("seed", seed) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...3)
        let input = try inputs.floating(0)
        for index in [2, 1] {
            if Self.dropsNothing(ratio: inputs.optional(1), training: inputs.optional(2)) { break }
            if let input = inputs.optional(index), input.constant == nil {
                throw .dependsOnData(input: index)
            }
            if index == 1 {
                throw .unsupported("Dropout in training, whose random numbers ONNX leaves open")
            }
        }
        return [
            ValueInfo(elementType: input.elementType, shape: input.shape),
            ValueInfo(elementType: .bool, shape: input.shape),
        ]
    }

    /// Whether every element passes: at inference, and in training at ratio 0.
    static func dropsNothing(ratio: ValueInfo?, training: ValueInfo?) -> Bool {
        guard let training else { return true }
        guard Tensor.elementCount(of: training.shape) == 1, let mode = training.constant else {
            return false
        }
        return mode.doubles() == [0] || ratio?.constant?.doubles() == [0]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let mask = [Double](repeating: 1, count: input.elementCount)
        return [input, Tensor(rounding: mask, to: .bool, shape: input.shape)]
    }
}
