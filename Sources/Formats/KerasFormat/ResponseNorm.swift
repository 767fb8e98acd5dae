import IR
import Tensors

/// Local response normalisation in Keras' layers: x · (k + Σ (α/n) x²)^−β, the sum a 1 × 1
/// convolution whose kernel is a band of equal numbers.
extension Graph {
    /// Puts LRN in the place of such layers, and takes their kernels out of the tensors.
    mutating func recognizeResponseNorms(_ tensors: inout [NamedTensor], _ names: inout Set<String>)
    {
        var producers: [String: Node] = [:]
        for node in nodes { for output in node.outputs { producers[output] = node } }
        let byName = Dictionary(
            tensors.map { ($0.name, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        var dropped: Set<String> = []
        for index in nodes.indices where nodes[index].op is Mul {
            guard
                let match = ResponseNormMatch(nodes[index], producers, byName)
            else { continue }
            nodes[index].op = match.norm
            nodes[index].inputs = [match.input]
            dropped.formUnion(match.tensors)
        }
        if dropped.isEmpty { return }
        // What made the sums reads nothing else's weights, and nothing reads it any more.
        var needed = Set(outputs.map(\.name))
        nodes = nodes.reversed().filter { node in
            guard node.outputs.contains(where: needed.contains) else { return false }
            needed.formUnion(node.inputs)
            return true
        }.reversed()
        dropped.subtract(needed)
        tensors.removeAll { dropped.contains($0.name) }
        names.subtract(dropped)
    }
}

private struct ResponseNormMatch {
    let norm: LRN
    let input: String
    let tensors: [String]

    init?(_ node: Node, _ producers: [String: Node], _ weights: [String: Tensor]) {
        func sum(_ power: String) -> (Node, Float)? {
            guard let node = producers[power], node.op is Pow, node.inputs.count == 2,
                let exponent = (producers[node.inputs[1]]?.op as? Constant)?.value,
                exponent.elementCount == 1, let sum = producers[node.inputs[0]], sum.op is Conv
            else { return nil }
            return (sum, -exponent.floats()[0])
        }
        guard node.inputs.count == 2 else { return nil }
        let (first, second) = (node.inputs[0], node.inputs[1])
        guard let found = sum(second).map({ (first, $0) }) ?? sum(first).map({ (second, $0) })
        else { return nil }
        let (x, (convolution, beta)) = found
        guard convolution.inputs.count == 3, let square = producers[convolution.inputs[0]],
            square.op is Mul, square.inputs == [x, x],
            let conv = convolution.op as? Conv, conv.group == 1,
            let turned = producers[convolution.inputs[1]], turned.op is Transpose,
            let kernel = weights[turned.inputs[0]], let biases = weights[convolution.inputs[2]],
            let band = Band(kernel), let bias = biases.floats().first,
            biases.floats().allSatisfy({ $0 == bias })
        else { return nil }
        norm = LRN(size: band.size, alpha: band.alpha, beta: beta, bias: bias)
        input = x
        tensors = [turned.inputs[0], convolution.inputs[2]]
    }
}

/// A kernel [1, 1, C, C] that sums neighbouring channels: output c takes c − (n−1)/2 … c + n/2.
struct Band {
    let size: Int
    let alpha: Float

    /// Channels a picture may have to be told from others at little cost.
    static let channelLimit = 4096

    init?(_ kernel: Tensor) {
        guard kernel.rank == 4, kernel.shape[0] == 1, kernel.shape[1] == 1,
            kernel.elementType == .float32, case let channels = kernel.shape[2],
            channels == kernel.shape[3], (1...Self.channelLimit).contains(channels)
        else { return nil }
        let values = kernel.floats()
        let value = values[0]
        guard value != 0, value.isFinite else { return nil }
        // Row i holds what input i gives to each output.
        let after = (0..<channels).prefix { values[$0 * channels] == value }.count - 1
        let before = (0..<channels).prefix { values[$0] == value }.count - 1
        guard before == (before + after) / 2 || max(before, after) == channels - 1 else {
            return nil
        }
        size = before + after + 1
        for row in 0..<channels {
            for column in 0..<channels {
                let isInside = (column - before...column + after).contains(row)
                guard values[row * channels + column] == (isInside ? value : 0) else { return nil }
            }
        }
        alpha = Self.alpha(value, size)
    }

    /// The number whose n-th part `value` is: of those that round to it, the shortest to write.
    private static func alpha(_ value: Float, _ size: Int) -> Float {
        let middle = value * Float(size)
        let candidates = [middle, middle.nextUp, middle.nextDown].filter {
            $0 / Float(size) == value
        }
        return candidates.min { "\($0)".count < "\($1)".count } ?? middle
    }

    /// The kernel that `norm` needs for `channels`.
    static func kernel(_ norm: LRN, channels: Int) -> Tensor {
        let value = norm.alpha / Float(norm.size)
        let (before, after) = ((norm.size - 1) / 2, norm.size / 2)
        var values = [Float](repeating: 0, count: channels * channels)
        for column in 0..<channels {
            for row in max(0, column - before)...min(channels - 1, column + after) {
                values[row * channels + column] = value
            }
        }
        return Tensor(values, shape: [1, 1, channels, channels])
    }
}
