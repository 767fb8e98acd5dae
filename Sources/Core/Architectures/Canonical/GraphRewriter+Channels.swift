import IR
import Tensors

/// Layers that exporters spell out as arithmetic with one number a channel.
extension GraphRewriter {
    /// The Add of one number a channel behind a convolution without a bias is its bias.
    mutating func joinConvAndAdd() {
        let readers = readers()
        var uses = uses()
        for index in graph.nodes.indices where graph.nodes[index].op is Conv {
            var conv = graph.nodes[index]
            guard conv.inputs.count == 2 || conv.inputs.count == 3 && conv.inputs[2].isEmpty,
                let kernel = weights[conv.inputs[1]], let channels = kernel.shape.first,
                let next = step(behind: index, Add.self, kernel.rank, channels, readers),
                weights[next.constant]?.elementType == kernel.elementType
            else { continue }
            let bias = replace(next.constant, uses: &uses, suffix: "_vector") {
                $0.reshaped([channels])
            }
            conv.inputs = Array(conv.inputs.prefix(2)) + [bias]
            conv.outputs = graph.nodes[next.index].outputs
            graph.nodes[next.index] = conv
            remove(index)
        }
        compact()
    }

    /// The ε of a normalisation whose variance an exporter worked into its scale.
    static let epsilon: Float = 1e-5

    /// x − mean, times a factor, plus a shift, one number a channel each, is a normalisation whose
    /// variance and ε make 1: Keras on PyTorch writes it so, √(variance + ε) worked into the factor.
    mutating func joinNormalizations() {
        let readers = readers()
        var uses = uses()
        for index in graph.nodes.indices where graph.nodes[index].op is Sub {
            let node = graph.nodes[index]
            guard (node.op as? Sub)?.legacyAxis == nil, let input = node.inputs.first,
                weights[input] == nil, let shape = types[input]?.shape, shape.count > 1,
                node.inputs.count == 2,
                let mean = weights[node.inputs[1]],
                Self.isByChannel(mean, shape.count, shape[1]), mean.elementType.isFloatingPoint,
                let product = step(behind: index, Mul.self, shape.count, shape[1], readers),
                let sum = step(behind: product.index, Add.self, shape.count, shape[1], readers)
            else { continue }
            let constants = [product.constant, sum.constant, node.inputs[1]]
            guard constants.allSatisfy({ weights[$0]?.elementType == mean.elementType }) else {
                continue
            }
            var norm = Node(
                name: node.name, op: BatchNormalization(epsilon: Self.epsilon), inputs: [input],
                outputs: graph.nodes[sum.index].outputs)
            norm.inputs += constants.map { name in
                replace(name, uses: &uses, suffix: "_vector") { $0.reshaped([shape[1]]) }
            }
            norm.inputs.append(
                constant(
                    Self.absorbedVariance, "\(norm.inputs[3])_variance", shape[1],
                    mean.elementType))
            graph.nodes[sum.index] = norm
            remove(index)
            remove(product.index)
        }
        compact()
    }

    /// The variance that makes 1 with ε.
    static let absorbedVariance = 1 - epsilon.shortest

    /// A new constant of one number for all channels.
    mutating func constant(
        _ number: Double, _ wish: String, _ channels: Int, _ elementType: ElementType
    ) -> String {
        var name = wish
        while weights[name] != nil || types[name] != nil { name += "_" }
        weights[name] = Tensor(
            rounding: [Double](repeating: number, count: channels), to: elementType,
            shape: [channels])
        sourceNames[name] = name
        return name
    }

    /// The one reader of a node's result, where it is an operator of this type on one number a channel.
    private func step<Op: BinaryOperator>(
        behind index: Int, _: Op.Type, _ rank: Int, _ channels: Int, _ readers: [String: [Int]]
    ) -> (index: Int, constant: String)? {
        guard let value = graph.nodes[index].outputs.first, !isOutput(value),
            let reader = readers[value], reader.count == 1,
            let op = graph.nodes[reader[0]].op as? Op, op.legacyAxis == nil,
            let other = graph.nodes[reader[0]].inputs.first(where: { $0 != value }),
            let constant = weights[other], Self.isByChannel(constant, rank, channels)
        else { return nil }
        return (reader[0], other)
    }

    /// Whether a constant beside a value [N, C, …] of `rank` axes has one number for each channel.
    static func isByChannel(_ constant: Tensor, _ rank: Int, _ channels: Int) -> Bool {
        let axis = constant.rank - rank + 1
        return constant.rank <= rank && constant.elementCount == channels
            && (channels == 1 || axis >= 0 && constant.shape[axis] == channels)
    }
}
