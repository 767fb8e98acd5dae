import Tensors

extension Graph {
    /// Puts LRN in the place of the operators that PyTorch's exporters write for it.
    ///
    /// `LocalResponseNorm(size, alpha, beta, k)` arrives as x / (k + alpha · mean)^beta, where mean is
    /// an AveragePool over [size, 1, 1] cells of x² seen as [N, 1, C, H, W] and padded with zeros
    /// along C. An even size reaches one channel further back than LRN's, and stays as it is.
    ///
    /// - Parameter types: of all values, for sizes the inputs may have.
    /// - Precondition: nodes are sorted.
    mutating func restoreLocalResponses(
        constants: [String: Tensor], types: [String: ValueInfo]
    ) {
        let match = LocalResponseMatch(self, constants: constants, types: types)
        for index in nodes.indices where nodes[index].op is Div {
            guard let lrn = match.lrn(endingIn: nodes[index]) else { continue }
            nodes[index].op = lrn
            nodes[index].inputs = [nodes[index].inputs[0]]
        }
    }

    /// Whether the graph has the operators that such a normalisation is made of.
    var mayHoldLocalResponses: Bool {
        nodes.contains { ($0.op as? AveragePool)?.window.kernel.count == 3 }
            && nodes.contains { $0.op is Div } && nodes.contains { $0.op is Pow }
    }
}

/// Walks back from a division along the operators of a normalisation.
private struct LocalResponseMatch {
    private let producers: [String: Node]
    private let constants: [String: Tensor]
    private let types: [String: ValueInfo]

    init(_ graph: Graph, constants: [String: Tensor], types: [String: ValueInfo]) {
        var producers: [String: Node] = [:]
        for node in graph.nodes {
            for output in node.outputs where !output.isEmpty { producers[output] = node }
        }
        self.producers = producers
        self.constants = constants
        self.types = types
    }

    func lrn(endingIn division: Node) -> LRN? {
        guard division.inputs.count == 2, let shape = types[division.inputs[0]]?.shape,
            shape.count >= 3, types[division.inputs[1]]?.shape == shape,
            let power = producers[division.inputs[1]], power.op is Pow, power.inputs.count == 2,
            let beta = scalar(power.inputs[1]),
            let (sum, k) = step(power.inputs[0], Add.self),
            let (scaled, alpha) = step(sum, Mul.self),
            let pool = producers[source(of: scaled)], let size = poolSize(pool),
            let pad = producers[unpadded(pool.inputs[0])],
            isChannelPad(pad, size, channels: shape[1]),
            isSquare(source(of: pad.inputs[0]), of: division.inputs[0]),
            let seen = types[pad.inputs[0]]?.shape,
            Array(seen.prefix(3)) == [shape[0], 1, shape[1]]
        else { return nil }
        return LRN(size: size, alpha: alpha, beta: beta, bias: k)
    }

    private func scalar(_ name: String) -> Float? {
        guard let tensor = constants[name], tensor.elementCount == 1,
            tensor.elementType.isFloatingPoint
        else { return nil }
        return Float(tensor.doubles()[0])
    }

    /// The other operand and the constant of the `Operation` that makes `name`.
    private func step<Operation: BinaryOperator>(
        _ name: String, _: Operation.Type
    ) -> (String, Float)? {
        guard let node = producers[name], node.op is Operation, node.inputs.count == 2 else {
            return nil
        }
        if let value = scalar(node.inputs[1]) { return (node.inputs[0], value) }
        return scalar(node.inputs[0]).map { (node.inputs[1], $0) }
    }

    /// What `name` was before operators that only change shapes.
    private func source(of name: String) -> String {
        var name = name
        while let node = producers[name],
            node.op is Reshape || node.op is Squeeze || node.op is Unsqueeze || node.op is Identity
        {
            name = node.inputs[0]
        }
        return name
    }

    /// What `name` was before pads of nothing, one of which old exports have.
    private func unpadded(_ name: String) -> String {
        var name = name
        while let node = producers[name], node.op is Pad, node.inputs.count >= 2,
            let pads = constants[node.inputs[1]]?.integers(), pads.allSatisfy({ $0 == 0 })
        { name = node.inputs[0] }
        return name
    }

    private func poolSize(_ node: Node) -> Int? {
        guard let pool = node.op as? AveragePool, pool.window.kernel.count == 3,
            Array(pool.window.kernel[1...]) == [1, 1], pool.window.kernel[0] % 2 == 1,
            pool.window.strides.allSatisfy({ $0 == 1 }), pool.window.pads.allSatisfy({ $0 == 0 }),
            pool.window.dilations.allSatisfy({ $0 == 1 }),
            pool.window.autoPad == .notSet || pool.window.autoPad == .valid
        else { return nil }
        return pool.window.kernel[0]
    }

    /// Whether a node pads axis 2 of five, the channels, with half a window of zeros on both sides.
    private func isChannelPad(_ node: Node, _ size: Int, channels: Int) -> Bool {
        guard let pad = node.op as? Pad, pad.mode == .constant, node.inputs.count >= 2,
            let input = types[node.inputs[0]]?.shape, let output = types[node.outputs[0]]?.shape,
            input.count == 5, input[2] == channels,
            node.inputs.count < 3 || node.inputs[2].isEmpty || scalar(node.inputs[2]) == 0
        else { return false }
        var wanted = [Int](repeating: 0, count: 10)
        wanted[2] = size / 2
        wanted[7] = size / 2
        let isWhole = node.inputs.count < 4 || node.inputs[3].isEmpty
        return isWhole
            ? constants[node.inputs[1]]?.integers()?.map { Int($0) } == wanted
            : output[2] == channels + size - 1 && input[0...1] == output[0...1]
                && constants[node.inputs[1]]?.integers() == [Int64(size / 2), Int64(size / 2)]
    }

    private func isSquare(_ name: String, of x: String) -> Bool {
        guard let node = producers[name], node.inputs.count == 2 else { return false }
        if node.op is Mul { return node.inputs == [x, x] }
        return node.op is Pow && node.inputs[0] == x && scalar(node.inputs[1]) == 2
    }
}
