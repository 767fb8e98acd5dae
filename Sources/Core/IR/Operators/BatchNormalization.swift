package import Tensors

/// y[n,c,…] = (x[n,c,…] − mean[c]) / √(variance[c] + epsilon) · scale[c] + bias[c].
///
/// Inputs: x [N, C, …], scale [C], bias [C], mean [C], variance [C]. Output: the shape of x.
///
/// In training, mean and variance are x's own, over all axes but C (the variance that of the
/// population), and two more outputs [C] follow: the running ones, input · momentum
/// + own · (1 − momentum).
///
/// Source: ONNX operator BatchNormalization. Its attribute `spatial` of old versions is settled by
/// the parameters' shape: some files say 0 and mean [C] all the same.
package struct BatchNormalization: Operator {
    package static let type = "BatchNormalization"

    package var epsilon: Float
    /// How slowly the running statistics follow the batch's in training.
    package var momentum: Float
    package var isTraining: Bool

    package init(epsilon: Float = 1e-5, momentum: Float = 0.9, isTraining: Bool = false) {
        self.epsilon = epsilon
        self.momentum = momentum
        self.isTraining = isTraining
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        epsilon = try reader.float("epsilon", default: 1e-5)
        momentum = try reader.float("momentum", default: 0.9)
        if reader.opset < 6 { reader.ignore("consumed_inputs") }
        if reader.opset < 7 { reader.ignore("is_test") }
        if reader.opset < 9 { _ = try reader.flag("spatial", default: true) }
        isTraining =
            reader.opset >= 14 ? try reader.flag("training_mode", default: false) : false
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("epsilon", epsilon)
        writer.write("momentum", momentum)
        if isTraining { writer.write("training_mode", 1) }
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
        let output = ValueInfo(elementType: input.elementType, shape: input.shape)
        guard isTraining else { return [output] }
        return [output]
            + (try [3, 4].map { index throws(OperatorError) in
                let running = try inputs.present(index)
                return ValueInfo(elementType: running.elementType, shape: running.shape)
            })
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let parameters = (1...4).map { inputs.present($0).doubles() }
        let (scale, bias) = (parameters[0], parameters[1])
        var y = input.doubles()
        let own = isTraining ? statistics(y, input.shape) : (parameters[2], parameters[3])
        let (mean, variance) = own
        let plane = input.shape.dropFirst(2).reduce(1, *)
        let epsilon = epsilon.shortest
        for row in 0..<input.shape[0] * input.shape[1] {
            let channel = row % input.shape[1]
            let deviation = (variance[channel] + epsilon).squareRoot()
            for element in row * plane..<(row + 1) * plane {
                y[element] = (y[element] - mean[channel]) / deviation * scale[channel]
                y[element] += bias[channel]
            }
        }
        let output = Tensor(rounding: y, to: input.elementType, shape: input.shape)
        guard isTraining else { return [output] }
        return [output, running(mean, inputs.present(3)), running(variance, inputs.present(4))]
    }

    /// Mean and population variance of each channel; NaN where it has no elements.
    private func statistics(
        _ x: [Double], _ shape: [Int]
    ) -> (mean: [Double], variance: [Double]) {
        let plane = shape.dropFirst(2).reduce(1, *)
        let count = Double(shape[0] * plane)
        func average(_ channel: Int, _ term: (Double) -> Double) -> Double {
            let sum = (0..<shape[0]).reduce(0.0) { sum, image in
                let start = (image * shape[1] + channel) * plane
                return x[start..<start + plane].reduce(sum) { $0 + term($1) }
            }
            return sum / count
        }
        let mean = (0..<shape[1]).map { average($0) { $0 } }
        let variance = (0..<shape[1]).map { channel in
            average(channel) { ($0 - mean[channel]) * ($0 - mean[channel]) }
        }
        return (mean, variance)
    }

    private func running(_ own: [Double], _ old: Tensor) -> Tensor {
        let kept = momentum.shortest
        let values = zip(old.doubles(), own).map { $0 * kept + $1 * (1 - kept) }
        return Tensor(rounding: values, to: old.elementType, shape: old.shape)
    }
}
