import Foundation
package import Tensors

/// Local response normalisation across channels:
/// y[n,c,…] = x[n,c,…] / (bias + alpha/size · Σ_j x[n,j,…]²)^beta,
/// j from c − ⌊(size−1)/2⌋ to c + ⌈(size−1)/2⌉, clipped to the channels.
///
/// Input: x [N, C, …]. Output: the shape of x.
///
/// Source: ONNX operator LRN.
package struct LRN: Operator {
    package static let type = "LRN"

    /// Channels in the sum.
    package var size: Int
    package var alpha: Float
    package var beta: Float
    package var bias: Float

    package init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.bias = bias
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        let size = try reader.int("size")
        guard let size, size >= 1 else {
            throw .attribute(
                "size", expected: "at least 1", found: size.map { "\($0)" } ?? "none")
        }
        self.size = size
        alpha = try reader.float("alpha", default: 1e-4)
        beta = try reader.float("beta", default: 0.75)
        bias = try reader.float("bias", default: 1)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("size", size)
        writer.write("alpha", alpha)
        writer.write("beta", beta)
        writer.write("bias", bias)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.floating(0)
        guard input.shape.count >= 2 else {
            throw .input(0, expected: "at least 2 axes", found: "shape \(input.shape)")
        }
        return [ValueInfo(elementType: input.elementType, shape: input.shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let x = input.doubles()
        let channels = input.shape[1]
        let plane = input.shape.dropFirst(2).reduce(1, *)
        let before = (size - 1) / 2
        let after = size - 1 - before
        let (bias, alpha, beta) = (bias.shortest, alpha.shortest, beta.shortest)
        var y = x
        for image in 0..<input.shape[0] {
            for channel in 0..<channels {
                let first = max(0, channel - before)
                let last = channel + min(after, channels - 1 - channel)
                for cell in 0..<plane {
                    let squares = (first...last).reduce(0.0) { sum, other in
                        let value = x[(image * channels + other) * plane + cell]
                        return sum + value * value
                    }
                    let scale = bias + alpha / Double(size) * squares
                    y[(image * channels + channel) * plane + cell] /= pow(scale, beta)
                }
            }
        }
        return [Tensor(rounding: y, to: input.elementType, shape: input.shape)]
    }
}
