import IR
import Tensors

/// Checks a model's description and makes a checkpoint of it.
struct CheckpointBuilder {
    private let model: ModelDescription
    private let graph: GraphDescription
    private let decoder: TensorDecoder
    private let opset: Int
    private var tensors: [NamedTensor] = []
    private var valueNames = NameSource()
    private var nodeNames = NameSource()
    /// Names that nodes were given and that none has taken yet.
    private var givenNames: Set<String> = []

    /// - Throws: `ONNXError` when the model has no graph, or is of a version Ferry does not know.
    init(_ model: ModelDescription, _ decoder: TensorDecoder) throws(ONNXError) {
        guard let graph = model.graph else {
            throw ONNXError(.file, expected: "a model with a graph", found: "none")
        }
        self.model = model
        self.graph = graph
        self.decoder = decoder
        opset = try Self.opset(of: model)
    }

    /// The checkpoint: initializers as tensors in file order, and the graph.
    ///
    /// - Throws: `ONNXError` naming the tensor, node or value that is not as it should be.
    mutating func checkpoint() throws(ONNXError) -> Checkpoint {
        try readInitializers()
        let constants = Set(tensors.map(\.name))
        let inputs = try declarations(graph.inputs, "input").filter {
            !constants.contains($0.name)
        }
        let outputs = try declarations(graph.outputs, "output")
        reserveNames()
        var nodes: [Node] = []
        for description in graph.nodes { nodes.append(try node(description)) }
        var result = Graph(name: graph.name, inputs: inputs, outputs: outputs, nodes: nodes)
        do {
            try result.sortNodes(constants: Set(tensors.map(\.name)))
            try checkTypes(of: result)
        } catch {
            throw ONNXError(.file, problem: error.description)
        }
        return Checkpoint(
            convention: .onnx, tensors: tensors, graph: result,
            metadata: Dictionary(model.metadata.map { ($0.key, $0.value) }) { $1 },
            producer: model.producer)
    }

    /// Operators must accept what they read, where the declared input shapes say what that is.
    private func checkTypes(of graph: Graph) throws(GraphError) {
        guard let shapes = try? graph.defaultInputShapes() else { return }
        let constants = Dictionary(tensors.map { ($0.name, $0.tensor) }) { $1 }
        _ = try graph.inferTypes(inputShapes: shapes, constants: constants)
    }

    private mutating func readInitializers() throws(ONNXError) {
        if let sparse = graph.sparseInitializers.first {
            throw ONNXError(
                .tensor(sparse?.name ?? ""), expected: "a dense initializer",
                found: "a sparse one")
        }
        var names: Set<String> = []
        for (index, initializer) in graph.initializers.enumerated() {
            guard !initializer.name.isEmpty else {
                throw ONNXError(
                    .tensor("#\(index)"), expected: "an initializer with a name", found: "none")
            }
            guard names.insert(initializer.name).inserted else {
                throw ONNXError(
                    .tensor(initializer.name), expected: "one initializer of this name",
                    found: "several")
            }
            let tensor = try decoder.tensor(initializer, at: .tensor(initializer.name))
            tensors.append(NamedTensor(name: initializer.name, tensor: tensor))
        }
    }

    private mutating func reserveNames() {
        for tensor in tensors { valueNames.reserve(tensor.name) }
        for value in graph.inputs + graph.outputs { valueNames.reserve(value.name) }
        for node in graph.nodes {
            for value in node.inputs + node.outputs { valueNames.reserve(value) }
            nodeNames.reserve(node.name)
            givenNames.insert(node.name)
        }
        givenNames.remove("")
    }

    /// The given name where it is the first of its kind; else a new one, after the first output.
    private mutating func name(of node: NodeDescription) -> String {
        if givenNames.remove(node.name) != nil { return node.name }
        if !node.name.isEmpty { return nodeNames.unique(node.name) }
        let wish = node.outputs.first { !$0.isEmpty } ?? node.type
        return nodeNames.unique(wish.isEmpty ? "node" : wish)
    }

    private mutating func node(_ description: NodeDescription) throws(ONNXError) -> Node {
        let name = name(of: description)
        let place = ONNXError.Place.node(name: name, type: description.type)
        guard !description.type.isEmpty else {
            throw ONNXError(place, expected: "an operator", found: "none")
        }
        try checkDomain(description, place)
        var attributes: [String: AttributeValue] = [:]
        for attribute in description.attributes {
            let value = try value(attribute, at: place)
            guard attributes.updateValue(value, forKey: attribute.name) == nil else {
                throw ONNXError(
                    place, expected: "attribute '\(attribute.name.prefix(50))' once",
                    found: "it twice")
            }
        }
        var inputs = description.inputs
        while inputs.last == "" { inputs.removeLast() }
        do {
            let decoded = try OperatorRegistry.decode(
                description.type, attributes: attributes, opset: opset, inputCount: inputs.count)
            for (index, constant) in decoded.addedInputs {
                while inputs.count <= index { inputs.append("") }
                inputs[index] = valueNames.unique("\(name)_input\(index)")
                tensors.append(NamedTensor(name: inputs[index], tensor: constant))
            }
            return Node(
                name: name, op: decoded.op, inputs: inputs, outputs: description.outputs)
        } catch {
            throw ONNXError(place, problem: error.description)
        }
    }

    private func value(
        _ attribute: AttributeDescription, at place: ONNXError.Place
    ) throws(ONNXError) -> AttributeValue {
        guard !attribute.name.isEmpty else {
            throw ONNXError(place, expected: "attributes with names", found: "one without")
        }
        switch attribute.content {
        case .value(let value): return value
        case .tensor(let tensor): return .tensor(try decoder.tensor(tensor, at: place))
        case .invalid(let expected, let found):
            throw ONNXError(
                place,
                problem: "attribute '\(attribute.name.prefix(50))': "
                    + "expected \(expected), found \(found)")
        }
    }

    private func checkDomain(
        _ node: NodeDescription, _ place: ONNXError.Place
    ) throws(ONNXError) {
        if node.domain.isEmpty || node.domain == "ai.onnx" { return }
        let isFunction = model.functions.contains {
            $0.domain == node.domain && $0.name == node.type
        }
        throw ONNXError(
            place, expected: "an operator of the standard set (domain 'ai.onnx')",
            found: isFunction
                ? "a function of the model itself; export it with functions inlined"
                : "domain '\(node.domain.prefix(50))'")
    }
}
