package import IR
package import Tensors

/// What tensors alone do not say about a network, beside its sizes.
package struct NetworkForm: Hashable, Sendable {
    package var sizes: NetworkSizes
    package var endsInSoftmax: Bool
    /// Batch normalisation's ε.
    package var epsilon: Float
    /// Of the weights, and so of the input and all activations.
    package var elementType: ElementType

    package init(
        sizes: NetworkSizes, endsInSoftmax: Bool = false,
        epsilon: Float = Convention.pytorch.epsilon, elementType: ElementType = .float32
    ) {
        self.sizes = sizes
        self.endsInSoftmax = endsInSoftmax
        self.epsilon = epsilon
        self.elementType = elementType
    }
}

extension Convention {
    /// Batch normalisation's ε where nothing says otherwise.
    package var epsilon: Float {
        switch self {
        case .keras: 1e-3
        case .pytorch, .onnx, .caffe: 1e-5
        }
    }
}

extension Architecture {
    /// The network's graph: input "input" [N, C, side, side], output "output", nodes and values in
    /// between named as PyTorch's modules, weights as in a state_dict.
    package func graph(_ form: NetworkForm) -> Graph {
        var nodes: [Node] = []
        var value = "input"
        for layer in layers(hasHead: form.sizes.hasHead) {
            for step in layer.steps(epsilon: form.epsilon) {
                nodes += step.nodes(reading: value, of: layer, form.elementType)
                value = step.name
            }
        }
        if form.endsInSoftmax {
            nodes.append(
                Node(name: "softmax", op: Softmax(axis: 1), inputs: [value], outputs: ["softmax"]))
        }
        nodes[nodes.count - 1].outputs = ["output"]
        let input: [Dimension] = [
            .symbolic("N"), .fixed(form.sizes.inputChannels), .fixed(side), .fixed(side),
        ]
        return Graph(
            name: name,
            inputs: [
                ValueDeclaration(name: "input", elementType: form.elementType, shape: input)
            ],
            outputs: [
                ValueDeclaration(
                    name: "output", elementType: form.elementType, shape: outputShape(form.sizes))
            ],
            nodes: nodes)
    }

    private func outputShape(_ sizes: NetworkSizes) -> [Dimension] {
        if let classes = sizes.dense.last { return [.symbolic("N"), .fixed(classes)] }
        var walk = ShapeWalk(self, inputChannels: sizes.inputChannels)
        var convs = sizes.convs[...]
        for layer in features {
            if case .conv = layer {
                walk.advance(over: layer, width: convs.popFirst() ?? 0)
            } else {
                walk.advance(over: layer, width: 0)
            }
        }
        return [.symbolic("N"), .fixed(walk.channels ?? 0), .fixed(walk.side), .fixed(walk.side)]
    }
}

extension LayerStep {
    /// The operator's node, and before it those of its numbers.
    fileprivate func nodes(
        reading value: String, of layer: LayerSpec, _ elementType: ElementType
    ) -> [Node] {
        var node = Node(name: name, op: op, inputs: [value], outputs: [name])
        var nodes: [Node] = []
        for operand in operands {
            let constant: Tensor
            let input: String
            switch operand {
            case .parameter(let role):
                node.inputs.append("\(layer.name).\(role.pytorchName)")
                continue
            case .number(let number):
                input = "\(name).factor"
                constant = Tensor(rounding: [Double(number)], to: elementType, shape: [])
            case .axis(let axis, _):
                input = "\(name).axis"
                constant = Tensor([Int64(axis)])
            }
            node.inputs.append(input)
            nodes.append(
                Node(name: input, op: Constant(value: constant), inputs: [], outputs: [input]))
        }
        return nodes + [node]
    }
}
