import IR
import Tensors

/// Checks a model's description and makes a checkpoint of it.
struct CheckpointBuilder {
    private let model: ModelDescription
    let functions: [FunctionDescription.Key: FunctionDescription]
    private let graph: GraphDescription
    private let decoder: TensorDecoder
    let opset: Int
    private var tensors: [NamedTensor] = []
    private var nodes: [Node] = []
    var valueNames = NameSource()
    private var nodeNames = NameSource()
    /// Names that nodes were given and that none has taken yet.
    private var givenNames: Set<String> = []
    /// What is known of values at several sizes of the open axes, where some `If` must be decided.
    private(set) var trackers: [TypeTracker] = []
    /// Bodies put in the place of nodes so far.
    var bodyCount = 0

    /// - Throws: `ONNXError` when the model has no graph, or is of a version Ferry does not know.
    init(_ model: ModelDescription, _ decoder: TensorDecoder) throws(ONNXError) {
        guard let graph = model.graph else {
            throw ONNXError(.file, expected: "a model with a graph", found: "none")
        }
        self.model = model
        self.graph = graph
        self.decoder = decoder
        functions = Dictionary(model.functions.map { ($0.key, $0) }) { first, _ in first }
        opset = try Self.opset(of: model)
        if model.branches { trackers = Self.assumedSizes.map { _ in TypeTracker() } }
    }

    /// The checkpoint: initializers as tensors in file order, and the graph.
    ///
    /// - Throws: `ONNXError` naming the tensor, node or value that is not as it should be.
    mutating func checkpoint() throws(ONNXError) -> Checkpoint {
        reserveNames()
        try addInitializers(of: graph) { $0 }
        let constants = Set(tensors.map(\.name))
        let inputs = try declarations(graph.inputs, "input").filter {
            !constants.contains($0.name)
        }
        let outputs = try declarations(graph.outputs, "output")
        var result = Graph(name: graph.name, inputs: inputs, outputs: outputs, nodes: [])
        track(inputs: result)
        let scope = BodyScope(opset: opset)
        for description in graph.nodes { try add(description, in: scope) }
        result.nodes = nodes
        do {
            try result.sortNodes(constants: Set(tensors.map(\.name)))
            try result.checkTypes(constants: tensors)
        } catch {
            throw ONNXError(.file, problem: error.description)
        }
        return Checkpoint(
            convention: .onnx, tensors: tensors, graph: result,
            metadata: Dictionary(model.metadata.map { ($0.key, $0.value) }) { $1 },
            producer: model.producer)
    }

    // MARK: Tensors

    /// Adds a graph's initializers under the names that `rename` gives them.
    mutating func addInitializers(
        of graph: GraphDescription, rename: (String) -> String
    ) throws(ONNXError) {
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
            add(tensor, named: rename(initializer.name))
        }
    }

    private mutating func add(_ tensor: Tensor, named name: String) {
        tensors.append(NamedTensor(name: name, tensor: tensor))
        for index in trackers.indices { trackers[index].define(name, ValueInfo(tensor)) }
    }

    /// Sizes of open axes at which a condition must be the same to be decided.
    private static let assumedSizes = [(1, 64), (2, 96), (3, 224)]

    private mutating func track(inputs graph: Graph) {
        for index in trackers.indices {
            let (batch, side) = Self.assumedSizes[index]
            let shapes = graph.assumedShapes(batch: batch, side: side)
            for input in graph.inputs {
                guard let shape = shapes[input.name],
                    Tensor.byteCount(of: shape, input.elementType) != nil
                else { continue }
                trackers[index].define(
                    input.name, ValueInfo(elementType: input.elementType, shape: shape))
            }
        }
    }

    // MARK: Nodes

    private mutating func reserveNames() {
        for tensor in graph.initializers { valueNames.reserve(tensor.name) }
        for value in graph.inputs + graph.outputs { valueNames.reserve(value.name) }
        for node in graph.nodes {
            for value in node.inputs + node.outputs { valueNames.reserve(value) }
            nodeNames.reserve(node.name)
            givenNames.insert(node.name)
        }
        givenNames.remove("")
    }

    /// The given name where it is the first of its kind; else a new one, after the first output.
    mutating func name(of node: NodeDescription) -> String {
        if givenNames.remove(node.name) != nil { return node.name }
        if !node.name.isEmpty { return nodeNames.unique(node.name) }
        let wish = node.outputs.first { !$0.isEmpty } ?? node.type
        return nodeNames.unique(wish.isEmpty ? "node" : wish)
    }

    /// Gives a value a second name.
    mutating func alias(_ source: String, as target: String, for node: String) {
        let name = nodeNames.unique("\(node)/\(target)")
        append(Node(name: name, op: Identity(), inputs: [source], outputs: [target]))
    }

    var nodeCount: Int { nodes.count }

    private mutating func append(_ node: Node) {
        nodes.append(node)
        for index in trackers.indices { trackers[index].visit(node) }
    }

    /// Adds a node of the standard operators, its values named as `scope` has them.
    mutating func addOperator(
        _ description: NodeDescription, named name: String, in scope: BodyScope
    ) throws(ONNXError) {
        let place = ONNXError.Place.node(name: name, type: description.type)
        let attributes = try attributes(of: description, in: scope, at: place)
        var inputs = description.inputs
        while inputs.last == "" { inputs.removeLast() }
        do {
            let decoded = try OperatorRegistry.decode(
                description.type, attributes: attributes, opset: scope.opset,
                inputCount: inputs.count, outputCount: description.outputs.count)
            for (index, constant) in decoded.addedInputs {
                while inputs.count <= index { inputs.append("") }
                inputs[index] = valueNames.unique("\(name)_input\(index)")
                add(constant, named: inputs[index])
            }
            append(
                Node(name: name, op: decoded.op, inputs: inputs, outputs: description.outputs))
        } catch {
            throw ONNXError(place, problem: error.description)
        }
    }

    private func attributes(
        of description: NodeDescription, in scope: BodyScope, at place: ONNXError.Place
    ) throws(ONNXError) -> [String: AttributeValue] {
        var attributes: [String: AttributeValue] = [:]
        var names: Set<String> = []
        for attribute in description.attributes {
            guard names.insert(attribute.name).inserted else {
                throw ONNXError(
                    place, expected: "attribute '\(attribute.name.prefix(50))' once",
                    found: "it twice")
            }
            attributes[attribute.name] = try value(attribute, in: scope, at: place)
        }
        return attributes
    }

    /// An attribute's value; nil for a reference to one that the calling node left out.
    private func value(
        _ attribute: AttributeDescription, in scope: BodyScope, at place: ONNXError.Place
    ) throws(ONNXError) -> AttributeValue? {
        guard !attribute.name.isEmpty else {
            throw ONNXError(place, expected: "attributes with names", found: "one without")
        }
        func invalid(_ expected: String, _ found: String) -> ONNXError {
            ONNXError(
                place,
                problem: "attribute '\(attribute.name.prefix(50))': "
                    + "expected \(expected), found \(found)")
        }
        switch attribute.content {
        case .value(let value): return value
        case .tensor(let tensor): return .tensor(try decoder.tensor(tensor, at: place))
        case .graph: return .other("graph")
        case .reference(let name):
            guard let given = scope.attributes else {
                throw invalid("a value", "a reference outside a function")
            }
            return given[name]
        case .invalid(let expected, let found): throw invalid(expected, found)
        }
    }

    /// The values that a function's node gives to the function's attributes.
    func attributes(
        for function: FunctionDescription, calledBy node: NodeDescription, in scope: BodyScope,
        at place: ONNXError.Place
    ) throws(ONNXError) -> [String: AttributeValue] {
        var given = try attributes(of: node, in: scope, at: place)
        for attribute in function.defaults where given[attribute.name] == nil {
            given[attribute.name] = try value(attribute, in: scope, at: place)
        }
        return given
    }
}
