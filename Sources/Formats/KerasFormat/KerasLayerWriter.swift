import FormatInterface
import IR
import Tensors

/// A layer to write.
struct WrittenLayer {
    var className: String
    var name: String
    var config: [String: JSONValue]
    /// Names of the layers it reads; empty for inputs.
    var reads: [String]
    /// In Keras' order.
    var weights: [Tensor] = []
    /// Last parts of the weights' names.
    var leaves: [String] = []
    /// A number that one of Keras 3's operations takes beside the value it reads.
    var operand: Double?
    /// Shape of what the layer gives, the batch left out, in Keras' order; for operations.
    var shape: [Int] = []
}

/// Turns a graph, as a Keras checkpoint has it, into Keras' layers: the inverse of
/// `KerasGraphBuilder`.
///
/// Each value of the graph is what some layer gives, in Keras' order of axes or as a picture with
/// channels first.
struct KerasLayerWriter {
    struct Value {
        var layer: String
        /// Whether the graph's value is [N, C, H, W] where the layer's is [N, H, W, C].
        var isPicture: Bool
    }

    let format: String
    let destination: String
    /// Whether Keras 3's operations may be used.
    let allowsOperations: Bool
    private(set) var layers: [WrittenLayer] = []
    private(set) var values: [String: Value] = [:]
    private(set) var constants: [String: Tensor] = [:]
    let types: [String: ValueInfo]
    /// Whether sizes of pictures are stated.
    let hasSizes: Bool
    /// The weights' names in the checkpoint, by the values made of them.
    private var sources: [String: String] = [:]
    private let tensors: [String: NamedTensor]
    private var names: UniqueNames
    /// Values less a constant mean, which a division follows: together a Normalization.
    var centred: [String: (value: Value, mean: Tensor)] = [:]
    private let spelled: SpelledFunctions
    /// Values that are never negative.
    private var positive: Set<String> = []

    init(
        _ checkpoint: Checkpoint, _ graph: Graph, format: String, destination: String,
        allowsOperations: Bool
    ) throws(OutputError) {
        self.format = format
        self.destination = destination
        self.allowsOperations = allowsOperations
        tensors = Dictionary(
            checkpoint.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        spelled = SpelledFunctions(graph)
        names = UniqueNames(taken: graph.nodes.map(\.name) + graph.inputs.map(\.name))
        for name in tensors.keys { sources[name] = name }
        let shapes = graph.inputs.map { input in
            (input.name, (input.shape ?? []).enumerated().map { $1.size ?? ($0 == 0 ? 2 : 224) })
        }
        hasSizes = graph.inputs.allSatisfy { input in
            (input.shape ?? []).dropFirst().allSatisfy { $0.size != nil }
        }
        do {
            types = try graph.inferTypes(
                inputShapes: Dictionary(shapes, uniquingKeysWith: { first, _ in first }),
                constants: tensors.mapValues(\.tensor))
        } catch {
            throw OutputError(file: destination, problem: "\(error)")
        }
        for input in graph.inputs {
            guard let axes = input.shape, (2...8).contains(axes.count),
                axes.allSatisfy({ ($0.size ?? 0) < 1 << 31 })
            else {
                throw OutputError(
                    file: destination,
                    problem: "input '\(input.name)': expected what \(format) files can hold, "
                        + "found another shape than a batch and sizes")
            }
            let shape: [JSONValue] = axes.enumerated().map { axis, dimension in
                axis == 0 ? .null : dimension.size.map { .number(Double($0)) } ?? .null
            }
            let name = layerName(input.name)
            append(
                WrittenLayer(
                    className: "InputLayer", name: name,
                    config: [
                        "batch_input_shape": .array(shape),
                        "dtype": .string(input.elementType.rawValue),
                    ], reads: []))
            values[input.name] = Value(layer: name, isPicture: false)
        }
        for node in graph.nodes {
            let before = layers.count
            try add(node)
            guard layers[before...].allSatisfy({ $0.config.values.allSatisfy(\.isFinite) }) else {
                throw refusal(node, "\(node.op.type) of infinite numbers or NaN")
            }
        }
    }

    // MARK: For the operators

    mutating func append(_ layer: WrittenLayer) { layers.append(layer) }

    /// The name of a node's or an input's layer: its own, with "_" for each "/", by which Keras'
    /// files divide groups; a number is added where that is another's.
    private mutating func layerName(_ own: String) -> String {
        own.contains("/") ? fresh(own) : own
    }

    /// A name without "/" that no other layer has.
    mutating func fresh(_ wish: String) -> String {
        names.fresh(wish.replacing("/", with: "_"))
    }

    func refusal(_ node: Node, _ found: String? = nil) -> OutputError {
        OutputError(
            file: destination,
            problem: "node '\(node.name)': expected what \(format) files can hold, found "
                + (found ?? node.op.type))
    }

    func value(_ name: String, for node: Node) throws(OutputError) -> Value {
        guard let value = values[name] else {
            throw refusal(node, "\(node.op.type) of constants")
        }
        return value
    }

    func rank(_ name: String) -> Int { types[name]?.shape.count ?? 0 }

    func isPositive(_ name: String) -> Bool { positive.contains(name) }

    /// The weights that a node reads beside its first input, when all of those are a layer's.
    func weights(of node: Node) -> [NamedTensor]? {
        var result: [NamedTensor] = []
        for input in node.inputs.dropFirst() where !input.isEmpty {
            guard let tensor = sources[input].flatMap({ tensors[$0] }), tensor.layer == node.name
            else { return nil }
            result.append(tensor)
        }
        return result
    }

    /// Adds a layer of the node's name that gives the node's output.
    mutating func give(
        _ className: String, _ config: [String: JSONValue] = [:], for node: Node,
        reads: [Value], isPicture: Bool, weights: [NamedTensor] = [], name: String? = nil
    ) {
        let name = name ?? layerName(node.name)
        append(
            WrittenLayer(
                className: className, name: name, config: config, reads: reads.map(\.layer),
                weights: weights.map(\.tensor),
                leaves: weights.map { tensor in
                    String((tensor.name.split(separator: "/").last ?? "").prefix { $0 != ":" })
                }))
        values[node.outputs[0]] = Value(layer: name, isPicture: isPicture)
    }

    /// Adds a layer before the node's own, for what Keras does in two.
    mutating func insert(
        _ className: String, _ config: [String: JSONValue], suffix: String, for node: Node,
        reads value: Value
    ) -> Value {
        let name = fresh("\(node.name)_\(suffix)")
        append(
            WrittenLayer(className: className, name: name, config: config, reads: [value.layer]))
        return Value(layer: name, isPicture: value.isPicture)
    }

    mutating func alias(_ output: String, _ value: Value) { values[output] = value }

    /// A value in the order that the graph has it: pictures are turned by a layer of their own.
    mutating func plain(_ value: Value, _ suffix: String, for node: Node) -> Value {
        guard value.isPicture else { return value }
        var turned = insert(
            "Permute", ["dims": .array([3, 1, 2].map { .number($0) })], suffix: suffix, for: node,
            reads: value)
        turned.isPicture = false
        return turned
    }

    private mutating func add(_ node: Node) throws(OutputError) {
        if let constant = node.op as? Constant {
            constants[node.outputs[0]] = constant.value
            return
        }
        if let first = node.inputs.first, let source = sources[first], node.op is any Foldable {
            sources[node.outputs[0]] = source
            return
        }
        if spelled.inner.contains(node.outputs[0]) { return }
        if let function = spelled.functions[node.outputs[0]] {
            let input = try value(function.input, for: node)
            give(
                "Activation", ["activation": .string(function.name)], for: node, reads: [input],
                isPicture: input.isPicture)
            return
        }
        try addLayer(node)
        let keepsSign = ["MaxPool", "AveragePool", "Transpose", "Identity", "Dropout", "Concat"]
        if ["Relu", "Sigmoid", "Softmax", "Exp"].contains(node.op.type)
            || keepsSign.contains(node.op.type)
                && node.inputs.allSatisfy({ positive.contains($0) })
        {
            positive.insert(node.outputs[0])
        }
    }
}

extension Dimension {
    var size: Int? { if case .fixed(let size) = self { size } else { nil } }
}
