package import Tensors

/// Cross-correlation with grouped channels:
/// y[n,m,o] = B[m] + Σ_{c,k} W[m,c,k] · x[n, g·C/G + c, o·s − b + k·d], with g = ⌊m/(M/G)⌋.
///
/// Inputs: x [N, C, spatial…], W [M, C/G, kernel…], optionally B [M]. Output: y [N, M, …].
///
/// Source: ONNX operator Conv.
package struct Conv: Operator {
    package static let type = "Conv"

    package var window: SpatialWindow
    /// G: outputs are split into this many groups, each reading its share of the channels.
    package var group: Int

    package init(window: SpatialWindow, group: Int = 1) {
        self.window = window
        self.group = group
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        window = try SpatialWindow(from: &reader)
        group = try reader.int("group", default: 1)
        if group < 1 { throw .attribute("group", expected: "at least 1", found: "\(group)") }
    }

    package func encode(to writer: inout AttributeWriter) {
        window.encode(to: &writer)
        if group != 1 { writer.write("group", group) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...3)
        let input = try inputs.floating(0)
        let weight = try inputs.floating(1)
        let kernel = try kernel(of: weight.shape, for: input.shape)
        if let bias = inputs.optional(2), bias.shape != [weight.shape[0]] {
            throw .input(2, expected: "shape [\(weight.shape[0])]", found: "\(bias.shape)")
        }
        let axes = try window.axes(input: Array(input.shape.dropFirst(2)), kernel: kernel)
        return [
            ValueInfo(
                elementType: input.elementType,
                shape: [input.shape[0], weight.shape[0]] + axes.map(\.output))
        ]
    }

    /// The spatial sizes of a weight, which must fit the input's channels and the attributes.
    private func kernel(of weight: [Int], for input: [Int]) throws(OperatorError) -> [Int] {
        guard input.count >= 3 else {
            throw .input(0, expected: "at least 3 axes", found: "shape \(input)")
        }
        guard weight.count == input.count else {
            throw .input(
                1, expected: "\(input.count) axes", found: "shape \(weight)")
        }
        let channels = input[1]
        guard channels % group == 0, weight[0] % group == 0,
            weight[1] == channels / group
        else {
            throw .input(
                1, expected: "[M, \(channels)/\(group), …] with M a multiple of \(group)",
                found: "shape \(weight)")
        }
        let kernel = Array(weight.dropFirst(2))
        guard window.kernel.isEmpty || window.kernel == kernel else {
            throw .attribute(
                "kernel_shape", expected: "the weight's \(kernel)", found: "\(window.kernel)")
        }
        guard kernel.allSatisfy({ $0 > 0 }) else {
            throw .input(1, expected: "a kernel of at least 1", found: "shape \(weight)")
        }
        return kernel
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let weight = inputs.present(1)
        let axes = try window.axes(
            input: Array(input.shape.dropFirst(2)), kernel: Array(weight.shape.dropFirst(2)))
        let x = input.doubles()
        let w = weight.doubles()
        let bias = inputs.optional(2)?.doubles()
        let (batch, channels, outputs) = (input.shape[0], input.shape[1], weight.shape[0])
        let inputSize = axes.reduce(1) { $0 * $1.input }
        let outputSize = axes.reduce(1) { $0 * $1.output }
        let taps = WindowTaps(axes)
        let depth = channels / group
        var y = [Double](repeating: 0, count: batch * outputs * outputSize)
        for position in 0..<outputSize {
            let cells = taps.cells(at: position)
            for image in 0..<batch {
                for output in 0..<outputs {
                    let first = image * channels + output / (outputs / group) * depth
                    var sum = bias?[output] ?? 0
                    for channel in 0..<depth {
                        let plane = (first + channel) * inputSize
                        let kernel = (output * depth + channel) * taps.count
                        for cell in cells { sum += w[kernel + cell.tap] * x[plane + cell.index] }
                    }
                    y[(image * outputs + output) * outputSize + position] = sum
                }
            }
        }
        let shape = [batch, outputs] + axes.map(\.output)
        return [Tensor(rounding: y, to: input.elementType, shape: shape)]
    }
}
