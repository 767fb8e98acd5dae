import IR
import Tensors

/// Builds the graph of a network, which reads the weights as the file has them.
///
/// Every value's sizes are followed from the start, so that what does not fit is told with its
/// layer, and rules that depend on sizes are settled.
struct CaffeGraphBuilder {
    private(set) var nodes: [Node] = []
    /// Tensors of the file that the graph reads, each once.
    private(set) var tensors: [NamedTensor] = []
    let network: CaffeNetwork
    let elementType: ElementType
    /// Whether pictures may be of other sizes than those the graph is built with.
    let hasOpenSizes: Bool
    private let weights: CaffeWeights
    private var types = TypeTracker()
    private var names = UniqueNames()
    private var nodeNames = UniqueNames()
    private var tensorNames: Set<String> = []
    /// The graph's name of a value of the network.
    private var valueNames: [Int: String] = [:]
    /// The layer that owns weights which others share, by the name they share them under.
    private var owners: [String: (layer: String, index: Int)] = [:]
    /// Steps that another one has done as well.
    private var done: Set<Int> = []
    /// Tensors of one repeated number, by the number and how many there are.
    private var repeated: [[Float]: Tensor] = [:]
    /// The step at hand.
    private var current = 0

    /// - Parameter elementType: of the weights, and so of all activations.
    init(
        _ network: CaffeNetwork, _ weights: CaffeWeights, elementType: ElementType,
        hasOpenSizes: Bool
    ) {
        self.network = network
        self.weights = weights
        self.hasOpenSizes = hasOpenSizes
        self.elementType = elementType
    }

    // MARK: Walk

    /// - Parameter shapes: sizes of the inputs, in their order, the batch with them.
    mutating func build(_ shapes: [[Int]]) throws(CaffeError) {
        for (input, shape) in zip(network.inputs, shapes) {
            guard shape.allSatisfy({ $0 > 0 }), shape.count <= 8,
                let size = Tensor.byteCount(of: shape, elementType), size <= 1 << 40
            else {
                throw CaffeError(
                    .input(input.name), expected: "sizes of at least 1 that memory can hold",
                    found: "\(shape.prefix(8))")
            }
            let name = fresh(input.name)
            valueNames[input.value] = name
            types.define(name, ValueInfo(elementType: elementType, shape: shape))
        }
        // Results keep the names that programs ask for them by.
        for output in network.outputs { valueNames[output.value] = fresh(output.name) }
        for (index, step) in network.steps.enumerated() where !done.contains(index) {
            current = index
            try remember(step.layer)
            try add(step)
        }
    }

    private mutating func remember(_ layer: CaffeLayer) throws(CaffeError) {
        for (index, name) in layer.parameterNames.enumerated() where !name.isEmpty {
            if owners[name] == nil { owners[name] = (layer.name, index) }
        }
    }

    /// Marks the next step as done by this one, its output being this one's.
    ///
    /// - Returns: that step, if it is the only one to read the output and of the given type.
    mutating func joined(_ type: String) -> CaffeLayer? {
        let value = network.steps[current].outputs[0]
        let readers = network.readers(of: value)
        guard readers.count == 1, readers[0] > current,
            network.steps[readers[0]].layer.type == type,
            network.steps[readers[0]].inputs.count == 1
        else { return nil }
        return network.steps[readers[0]].layer
    }

    mutating func finishJoined(_ result: String) {
        let reader = network.readers(of: network.steps[current].outputs[0])[0]
        done.insert(reader)
        valueNames[network.steps[reader].outputs[0]] = result
    }

    /// What the step that `joined` found is called in the end.
    func joinedOutputName() -> String? {
        let reader = network.readers(of: network.steps[current].outputs[0])[0]
        return valueNames[network.steps[reader].outputs[0]]
    }

    // MARK: Names

    mutating func fresh(_ wish: String) -> String { names.fresh(wish.isEmpty ? "value" : wish) }

    func input(_ step: CaffeNetwork.Step, _ index: Int = 0) -> String {
        valueNames[step.inputs[index]] ?? ""
    }

    func output(_ step: CaffeNetwork.Step) -> String { name(of: step.outputs[0]) }

    /// The graph's name of a value of the network.
    func name(of value: Int) -> String { valueNames[value] ?? "" }

    func shape(_ name: String) -> [Int] { types[name]?.shape ?? [] }

    // MARK: Nodes

    /// Adds a step's last node, which gives the step's output.
    mutating func give(
        _ op: any Operator, _ inputs: [String], for step: CaffeNetwork.Step,
        as name: String? = nil
    ) throws(CaffeError) {
        var outputs: [String] = []
        for value in step.outputs {
            let wish = step.outputs.count == 1 ? step.layer.name : step.layer.tops[outputs.count]
            let output = name ?? valueNames[value] ?? fresh(wish)
            valueNames[value] = output
            outputs.append(output)
        }
        try add(op, inputs, outputs, named: step.layer.name, of: step.layer)
    }

    /// Adds a node on the way to a step's result.
    mutating func add(
        _ op: any Operator, _ inputs: [String], part: String, of layer: CaffeLayer
    ) throws(CaffeError) -> String {
        let output = fresh("\(layer.name)/\(part)")
        try add(op, inputs, [output], named: "\(layer.name)/\(part)", of: layer)
        return output
    }

    private mutating func add(
        _ op: any Operator, _ inputs: [String], _ outputs: [String], named name: String,
        of layer: CaffeLayer
    ) throws(CaffeError) {
        let node = Node(name: nodeNames.fresh(name), op: op, inputs: inputs, outputs: outputs)
        nodes.append(node)
        types.visit(node)
        guard outputs.contains(where: { types[$0] == nil }) else { return }
        do {
            _ = try op.outputTypes(for: inputs.map { $0.isEmpty ? nil : types[$0] })
        } catch {
            throw layer.error(expected: "a network whose sizes fit", found: "\(op.type): \(error)")
        }
        throw layer.error(expected: "results that memory can hold", found: "larger ones")
    }

    /// A constant in the network's element type.
    mutating func number(
        _ values: [Float], shape: [Int] = [], part: String, of layer: CaffeLayer
    ) throws(CaffeError) -> String {
        let tensor = Tensor(rounding: values.map { Double($0) }, to: elementType, shape: shape)
        return try add(Constant(value: tensor), [], part: part, of: layer)
    }

    /// A vector of one number, kept once however many layers have it.
    mutating func number(
        _ value: Float, repeated count: Int, part: String, of layer: CaffeLayer
    ) throws(CaffeError) -> String {
        let tensor =
            repeated[[value, Float(count)]]
            ?? Tensor(
                rounding: [Double](repeating: Double(value), count: count), to: elementType,
                shape: [count])
        repeated[[value, Float(count)]] = tensor
        return try add(Constant(value: tensor), [], part: part, of: layer)
    }

    mutating func integers(
        _ values: [Int], part: String, of layer: CaffeLayer
    ) throws(CaffeError) -> String {
        let tensor = Tensor(values.map { Int64($0) })
        return try add(Constant(value: tensor), [], part: part, of: layer)
    }

    // MARK: Weights

    /// A tensor of a layer by its number, in the shape the layer gives it.
    ///
    /// - Returns: the name the graph reads it under, and its elements.
    mutating func weight(
        _ index: Int, of layer: CaffeLayer, shape: [Int]
    ) throws(CaffeError) -> (name: String, tensor: Tensor) {
        var (owner, number) = (layer.name, index)
        var found = weights.blob(owner, number)
        if found == nil, index < layer.parameterNames.count,
            let shared = owners[layer.parameterNames[index]]
        {
            (owner, number) = shared
            found = weights.blob(owner, number)
        }
        let place = CaffeError.Place.blob(layer: layer.name, index)
        guard let found else {
            throw CaffeError(place, expected: "weights of shape \(shape)", found: "none")
        }
        guard let tensor = found.tensor(of: shape) else {
            throw CaffeError(
                place, expected: "weights of shape \(shape)", found: "\(found.tensor.shape)")
        }
        guard tensor.elementType == elementType else {
            throw CaffeError(
                place, expected: "\(elementType.rawValue) as the weights before it",
                found: tensor.elementType.rawValue)
        }
        let name = CaffeWeights.name(owner, number)
        if tensorNames.insert(name).inserted {
            tensors.append(NamedTensor(name: name, layer: owner, tensor: tensor))
            names.insert(name)
            types.define(name, ValueInfo(tensor))
        }
        return (name, tensor)
    }

    /// Checks that the file has as many tensors for a layer as its settings say.
    func checkCount(_ count: Int, of layer: CaffeLayer) throws(CaffeError) {
        let found = weights.count(of: layer.name)
        // Shared weights may be kept with their owner alone.
        guard
            found == count || found < count && layer.parameterNames.contains(where: { !$0.isEmpty })
        else {
            throw layer.error(expected: "\(count) tensors", found: "\(found)")
        }
    }
}
