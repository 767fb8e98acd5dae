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
        let present = layers(hasHead: form.sizes.hasHead)
        let parameters = Dictionary(grouping: self.parameters(form.sizes), by: \.layer)
        var nodes: [Node] = []
        var value = "input"
        for layer in present {
            let inputs = [value] + (parameters[layer.name] ?? []).map(\.name)
            nodes.append(
                Node(
                    name: layer.name, op: layer.operation(epsilon: form.epsilon), inputs: inputs,
                    outputs: [layer.name]))
            value = layer.name
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

extension LayerSpec {
    /// The operator in canonical form.
    func operation(epsilon: Float) -> any Operator {
        switch self {
        case .conv(_, _, let kernel, let stride, let pad):
            Conv(window: Self.window(kernel, stride: stride, pad: pad))
        case .batchNorm: BatchNormalization(epsilon: epsilon)
        case .activation(_, .relu): Relu()
        case .activation(_, .tanh): Tanh()
        case .pool(_, .max, let kernel, let stride):
            MaxPool(window: Self.window(kernel, stride: stride))
        case .pool(_, .average, let kernel, let stride):
            AveragePool(window: Self.window(kernel, stride: stride))
        case .flatten: Flatten(axis: 1)
        case .dense: Gemm(transposesB: true)
        }
    }

    private static func window(_ kernel: Int, stride: Int, pad: Int = 0) -> SpatialWindow {
        SpatialWindow(
            kernel: [kernel, kernel], strides: [stride, stride],
            pads: pad == 0 ? [] : [pad, pad, pad, pad])
    }
}
