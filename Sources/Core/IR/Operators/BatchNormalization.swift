package import Tensors

/// y[n,c,…] = (x[n,c,…] − mean[c]) / √(variance[c] + epsilon) · scale[c] + bias[c].
///
/// Inputs: x [N, C, …], scale [C], bias [C], mean [C], variance [C]. Output: the shape of x.
/// This is inference; training mode and its further outputs are refused.
///
/// Source: ONNX operator BatchNormalization. Its attribute `spatial` of old versions is settled by
/// the parameters' shape: some files say 0 and mean [C] all the same.
package struct BatchNormalization: Operator {
    package static let type = "BatchNormalization"

    package var epsilon: Float
    /// How slowly the running statistics follow the batch's in training: carried, not used.
    package var momentum: Float

    package init(epsilon: Float = 1e-5, momentum: Float = 0.9) {
        self.epsilon = epsilon
        self.momentum = momentum
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        epsilon = try reader.float("epsilon", default: 1e-5)
        momentum = try reader.float("momentum", default: 0.9)
        if reader.opset < 6 { reader.ignore("consumed_inputs") }
        if reader.opset < 7 { reader.ignore("is_test") }
        if reader.opset < 9 { _ = try reader.flag("spatial", default: true) }
        if reader.opset >= 14, try reader.flag("training_mode", default: false) {
            throw .unsupported("BatchNormalization with training_mode 1")
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("epsilon", epsilon)
        writer.write("momentum", momentum)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(5...5)
        let input = try inputs.floating(0)
        guard input.shape.count >= 2 else {
            throw .input(0, expected: "at least 2 axes", found: "shape \(input.shape)")
        }
        for index in 1...4 {
            let parameter = try inputs.floating(index)
            guard parameter.shape == [input.shape[1]] else {
                throw .input(
                    index, expected: "shape [\(input.shape[1])]", found: "\(parameter.shape)")
            }
        }
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let parameters = (1...4).map { inputs.present($0).doubles() }
        let (scale, bias, mean, variance) = (
            parameters[0], parameters[1], parameters[2], parameters[3]
        )
        let plane = input.shape.dropFirst(2).reduce(1, *)
        var y = input.doubles()
        for row in 0..<input.shape[0] * input.shape[1] {
            let channel = row % input.shape[1]
            let deviation = (variance[channel] + Double(epsilon)).squareRoot()
            for element in row * plane..<(row + 1) * plane {
                y[element] = (y[element] - mean[channel]) / deviation * scale[channel]
                y[element] += bias[channel]
            }
        }
        return [Tensor(rounding: y, to: input.elementType, shape: input.shape)]
    }
}
