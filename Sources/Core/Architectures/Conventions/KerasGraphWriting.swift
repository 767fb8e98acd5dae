import IR
import Tensors

/// Puts a model into Keras' names and orders of axes: the inverse of reading a whole model.
struct KerasGraphWriting {
    private let model: Model
    /// Types of all values, for a batch of 2.
    private let types: [String: ValueInfo]
    /// [C, H, W] of flattened pictures whose readers take them in channels-last order, by value.
    private let flattened: [String: [Int]]
    private let names: KerasNames
    private let layers: [String: ParameterLayer]
    private var nodes: [Node] = []
    /// Constants that have a node already.
    private var constants: Set<String> = []
    /// The written graph's name of a value.
    private var renamed: [String: String] = [:]

    /// - Throws: `.graph` for a network whose sizes do not fit.
    init(_ model: Model) throws(TranslationError) {
        self.model = model
        do {
            types = try model.graph.inferTypes(
                inputShapes: model.graph.assumedInputShapes(batch: 2), constants: model.weights)
        } catch {
            // A known network of another input size than its own still has its layers.
            guard model.architecture != nil else { throw .graph(error) }
            types = [:]
        }
        names = KerasNames(model)
        layers = Dictionary(
            model.layers.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        flattened = Self.channelsLast(model, types, layers)
    }

    /// Operators that leave elements where they are.
    private static let elementwise: Set = [
        "Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Selu", "Clip", "HardSigmoid", "HardSwish",
        "Softplus", "Exp", "Dropout", "Identity",
    ]

    /// Flattened pictures that only dense layers read in the end, so that the order can change.
    private static func channelsLast(
        _ model: Model, _ types: [String: ValueInfo], _ layers: [String: ParameterLayer]
    ) -> [String: [Int]] {
        var readers: [String: [Node]] = [:]
        for node in model.graph.nodes {
            for input in node.inputs { readers[input, default: []].append(node) }
        }
        let outputs = Set(model.graph.outputs.map(\.name))
        var result: [String: [Int]] = [:]
        for node in model.graph.nodes {
            guard let flatten = node.op as? Flatten, flatten.axis == 1,
                let shape = types[node.inputs[0]]?.shape, shape.count == 4
            else { continue }
            var values = [node.outputs[0]]
            var next = 0
            var isFree = true
            while next < values.count, isFree {
                let value = values[next]
                next += 1
                isFree = !outputs.contains(value)
                for reader in readers[value] ?? [] {
                    let kind = layers[reader.name]?.kind
                    if kind == .dense, reader.inputs[0] == value { continue }
                    let isMoved =
                        elementwise.contains(reader.op.type) && kind == nil || kind == .batchNorm
                    isFree = isFree && isMoved && reader.inputs[0] == value
                    values += reader.outputs.prefix(1)
                }
            }
            if isFree { for value in values { result[value] = Array(shape.dropFirst()) } }
        }
        return result
    }

    // MARK: Tensors

    /// The weights of Keras' layers, in graph order.
    func tensors() throws(TranslationError) -> [NamedTensor] {
        var tensors: [NamedTensor] = []
        for (node, name) in zip(model.graph.nodes, names.nodes) {
            guard let layer = layers[node.name], layer.kind != .other else { continue }
            for parameter in layer.parameters {
                guard let tensor = model.weights[parameter.name] else { continue }
                tensors.append(
                    NamedTensor(
                        name: Self.name(of: parameter.role, in: layer, name), layer: name,
                        tensor: try inKeras(tensor, parameter, layer, node)))
            }
        }
        return tensors
    }

    /// The names that Keras' stand for.
    var originalNames: OriginalNames {
        let weights = zip(model.graph.nodes, names.nodes).flatMap { node, name in
            layers[node.name].map { layer in
                layer.parameters.map {
                    (name: Self.name(of: $0.role, in: layer, name), original: $0.name)
                }
            } ?? []
        }
        return OriginalNames(
            of: model, nodes: names.nodes, inputs: names.inputs, weights: weights)
    }

    private static func name(
        of role: ParameterRole, in layer: ParameterLayer, _ keras: String
    ) -> String {
        let isDepthwise = layer.kind == .depthwise && role == .weight
        return "\(keras)/\(isDepthwise ? "depthwise_kernel" : role.kerasName):0"
    }

    private func inKeras(
        _ tensor: Tensor, _ parameter: ParameterLayer.Parameter, _ layer: ParameterLayer,
        _ node: Node
    ) throws(TranslationError) -> Tensor {
        let picture = flattened[node.inputs[0]]
        return switch (layer.kind, parameter.role) {
        case (.conv, .weight) where tensor.rank == 4: KerasLayout.kernel(tensor)
        case (.depthwise, .weight) where tensor.rank == 4:
            KerasLayout.depthwise(tensor, channels: layer.group)
        case (.conv, .weight), (.depthwise, .weight):
            throw .unsupported(
                .keras, "tensor '\(parameter.name)' of shape \(tensor.shape) as a kernel")
        case (.dense, .weight): KerasLayout.dense(tensor, picture: picture)
        case (.rectifier, _) where types[node.inputs[0]]?.shape.count == 4:
            KerasLayout.slopes(tensor)
        case (.batchNorm, _): KerasLayout.vector(tensor, picture: picture)
        default: tensor
        }
    }

    // MARK: Graph

    /// The graph that reads those tensors.
    mutating func graph() -> Graph {
        var graph = model.graph
        for (index, name) in names.inputs.enumerated() {
            let own = graph.inputs[index].name
            graph.inputs[index].name = name
            renamed[own] = name
            guard let shape = graph.inputs[index].shape, shape.count == 4 else { continue }
            graph.inputs[index].shape = [0, 2, 3, 1].map { shape[$0] }
            renamed[own] = turn(name, [0, 3, 1, 2], to: "\(name)/nchw")
        }
        let pictures = Set(
            graph.outputs.map(\.name).filter { types[$0]?.shape.count == 4 })
        for name in pictures { renamed[name] = "\(name)/nchw" }
        for (node, name) in zip(model.graph.nodes, names.nodes) { add(node, name) }
        for index in graph.outputs.indices where pictures.contains(graph.outputs[index].name) {
            let name = graph.outputs[index].name
            _ = turn("\(name)/nchw", [0, 2, 3, 1], to: name)
            if let shape = graph.outputs[index].shape, shape.count == 4 {
                graph.outputs[index].shape = [0, 2, 3, 1].map { shape[$0] }
            }
        }
        graph.nodes = nodes
        return graph
    }

    private mutating func turn(_ name: String, _ axes: [Int], to result: String) -> String {
        nodes.append(
            Node(
                name: result, op: Transpose(permutation: axes), inputs: [name],
                outputs: [result]))
        return result
    }

    private mutating func add(_ node: Node, _ name: String) {
        var written = node
        written.name = name
        let layer = layers[node.name].flatMap { $0.kind == .other ? nil : $0 }
        for (index, input) in node.inputs.enumerated() where !input.isEmpty {
            if let parameter = layer?.parameters.first(where: { $0.name == input }), let layer,
                index > 0
            {
                let literal = Self.name(of: parameter.role, in: layer, name)
                written.inputs[index] = read(
                    literal, parameter, layer,
                    besidePicture: types[node.inputs[0]]?.shape.count == 4)
            } else if let constant = model.weights[input] {
                addConstant(input, constant)
            } else {
                written.inputs[index] = renamed[input] ?? input
            }
        }
        if layer?.kind == .dense { written.op = Gemm() }
        if node.op is Flatten, flattened[node.outputs[0]] != nil {
            written.inputs[0] = turn(
                written.inputs[0], [0, 2, 3, 1], to: "\(node.outputs[0])/nhwc")
        }
        written.outputs = node.outputs.map { renamed[$0] ?? $0 }
        nodes.append(written)
    }

    /// A tensor as its operator takes it.
    private mutating func read(
        _ literal: String, _ parameter: ParameterLayer.Parameter, _ layer: ParameterLayer,
        besidePicture: Bool
    ) -> String {
        if parameter.role == .slope, besidePicture {
            return turn(literal, [2, 0, 1], to: "\(literal)/chw")
        }
        guard parameter.role == .weight else { return literal }
        switch layer.kind {
        case .conv: return turn(literal, [3, 2, 0, 1], to: "\(literal)/oihw")
        case .depthwise:
            let shape = (model.weights[parameter.name]?.shape ?? []).map { Int64($0) }
            addConstant("\(literal)/shape", Tensor(shape))
            let turned = turn(literal, [2, 3, 0, 1], to: "\(literal)/imhw")
            nodes.append(
                Node(
                    name: "\(literal)/oihw", op: Reshape(), inputs: [turned, "\(literal)/shape"],
                    outputs: ["\(literal)/oihw"]))
            return "\(literal)/oihw"
        default: return literal
        }
    }

    private mutating func addConstant(_ name: String, _ tensor: Tensor) {
        guard constants.insert(name).inserted else { return }
        nodes.append(
            Node(name: name, op: Constant(value: tensor), inputs: [], outputs: [name]))
    }
}
