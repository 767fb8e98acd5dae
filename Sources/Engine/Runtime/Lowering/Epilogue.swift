import IR
import KernelInterface
import Tensors

/// What follows a node closely enough to be computed in the same step.
struct Epilogue {
    /// The value the step computes in the end.
    var output: String
    var scale: ChannelScale?
    var bounds = Bounds.none
    /// Whether a max-pool of 2×2 windows and stride 2 comes last.
    var pools = false
    /// For people: "Conv + BatchNormalization + Relu".
    var operation: String
}

extension Planner {
    /// Takes over the nodes after `node` that only they read: a normalisation with constant
    /// statistics, then a clamp, then a 2×2 max-pool.
    mutating func fuseEpilogue(
        of node: Node, foldsNormalization: Bool = false, pools: Bool = false
    ) -> Epilogue {
        var epilogue = Epilogue(output: node.outputs[0], operation: node.op.type)
        if foldsNormalization, let next = soleReader(of: epilogue.output),
            let scale = channelScale(of: next.node), next.node.inputs[0] == epilogue.output
        {
            epilogue.scale = scale
            absorb(epilogue.output)
            take(next, into: &epilogue)
        }
        if let next = soleReader(of: epilogue.output), next.node.inputs[0] == epilogue.output,
            let bounds = bounds(of: next.node)
        {
            epilogue.bounds = bounds
            take(next, into: &epilogue)
        }
        if pools, let next = soleReader(of: epilogue.output), halvesByMaximum(next.node) {
            epilogue.pools = true
            take(next, into: &epilogue)
        }
        return epilogue
    }

    private mutating func take(_ next: (index: Int, node: Node), into epilogue: inout Epilogue) {
        epilogue.output = next.node.outputs[0]
        epilogue.operation += " + \(next.node.op.type)"
        fuse(next.index)
    }

    /// Whether a node is a max-pool of 2×2 windows and stride 2 without padding.
    private func halvesByMaximum(_ node: Node) -> Bool {
        guard let pool = node.op as? MaxPool, !readsFurtherOutputs(of: node) else { return false }
        let shape = type(of: node.inputs[0]).shape
        guard shape.count == 4, shape[2] >= 2, shape[3] >= 2,
            let axes = try? pool.window.axes(input: Array(shape[2...]))
        else { return false }
        return axes.allSatisfy {
            $0.kernel == 2 && $0.stride == 2 && $0.dilation == 1 && $0.padBegin == 0
                && $0.padEnd == 0 && $0.output == $0.input / 2
        }
    }

    /// The scale of a BatchNormalization whose parameters are constants; nil for anything else.
    func channelScale(of node: Node) -> ChannelScale? {
        guard let normalization = node.op as? BatchNormalization, !normalization.isTraining else {
            return nil
        }
        let constants = node.inputs.dropFirst().compactMap { floatConstant($0) }
        guard constants.count == 4, constants.allSatisfy({ $0.rank == 1 }) else { return nil }
        return ChannelScale(
            gamma: constants[0], beta: constants[1], mean: constants[2], variance: constants[3],
            epsilon: normalization.epsilon)
    }

    /// The range a Relu or a Clip with constant limits clamps to; nil for anything else.
    func bounds(of node: Node) -> Bounds? {
        if node.op is Relu { return .relu }
        guard node.op is Clip else { return nil }
        var limits = [-Float.infinity, Float.infinity]
        for (index, name) in node.inputs.dropFirst().enumerated() where !name.isEmpty {
            guard let limit = floatConstant(name)?.floats().first else { return nil }
            limits[index] = limit
        }
        // Crossed limits: the upper one wins, as in the kernel. NaN limits are left to plain loops.
        guard limits.allSatisfy({ !$0.isNaN }) else { return nil }
        return Bounds(lower: limits[0], upper: limits[1])
    }
}
