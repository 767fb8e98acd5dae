import IR
import Tensors

/// What a network that is nobody's is called part by part, where a file cannot hold its names: Keras
/// allows layers letters, digits and "_", and calls weights after them.
///
/// As text, one part a line: its kind, its name in the file, its own name, between tabs.
struct OriginalNames {
    private enum Kind: String, CaseIterable {
        case node, weight, input
        /// By its number.
        case output
    }

    private var names: [Kind: [String: String]] = [:]

    var isEmpty: Bool { names.values.allSatisfy(\.isEmpty) }

    private mutating func add(_ kind: Kind, _ name: String, _ original: String) {
        let isPlain = [name, original].allSatisfy { text in
            !text.isEmpty && !text.unicodeScalars.contains { $0.value < 0x20 }
        }
        if isPlain, name != original { names[kind, default: [:]][name] = original }
    }

    /// - Parameters:
    ///   - nodes, inputs: names in the file, in the graph's order.
    ///   - weights: pairs of a weight's name in the file and in the model.
    init(
        of model: Model, nodes: [String], inputs: [String],
        weights: [(name: String, original: String)]
    ) {
        for (node, name) in zip(model.graph.nodes, nodes) { add(.node, name, node.name) }
        for (input, name) in zip(model.graph.inputs, inputs) { add(.input, name, input.name) }
        for weight in weights { add(.weight, weight.name, weight.original) }
        for (index, output) in model.graph.outputs.enumerated() {
            add(.output, "\(index)", output.name)
        }
    }

    // MARK: Text

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 3, let kind = Kind(rawValue: String(parts[0])) else { continue }
            add(kind, String(parts[1]), String(parts[2]))
        }
    }

    var text: String {
        Kind.allCases.flatMap { kind in
            (names[kind] ?? [:]).sorted { $0.key < $1.key }
                .map { "\(kind.rawValue)\t\($0.key)\t\($0.value)" }
        }.joined(separator: "\n")
    }

    // MARK: Use

    /// The model under its own names; as it is where two parts would have one name.
    func restored(in model: Model) -> Model {
        var values: [String: String] = [:]
        for (name, source) in model.sourceNames {
            if let original = names[.weight]?[source] { values[name] = original }
        }
        for input in model.graph.inputs {
            if let original = names[.input]?[input.name] { values[input.name] = original }
        }
        for (index, output) in model.graph.outputs.enumerated() {
            if let original = names[.output]?["\(index)"] { values[output.name] = original }
        }
        let nodes = names[.node] ?? [:]
        let all = Set(
            model.graph.inputs.map(\.name) + model.graph.nodes.flatMap(\.outputs)
                + model.weights.keys)
        let kept = all.filter { values[$0] == nil }
        guard Set(values.values).count == values.count, kept.isDisjoint(with: values.values)
        else { return model }
        var restored = model.renamed(values)
        for index in restored.graph.nodes.indices {
            let name = restored.graph.nodes[index].name
            restored.graph.nodes[index].name = nodes[name] ?? name
        }
        return restored.withFreshLayers()
    }
}

extension Model {
    /// The model with other names for some values: weights, inputs, outputs and those between.
    func renamed(_ names: [String: String]) -> Model {
        var model = self
        func name(_ old: String) -> String { names[old] ?? old }
        func renamed<Value>(_ values: [String: Value]) -> [String: Value] {
            Dictionary(
                values.map { (name($0), $1) }, uniquingKeysWith: { first, _ in first })
        }
        for index in graph.nodes.indices {
            model.graph.nodes[index].inputs = graph.nodes[index].inputs.map(name)
            model.graph.nodes[index].outputs = graph.nodes[index].outputs.map(name)
        }
        for index in graph.inputs.indices {
            model.graph.inputs[index].name = name(graph.inputs[index].name)
        }
        for index in graph.outputs.indices {
            model.graph.outputs[index].name = name(graph.outputs[index].name)
        }
        model.weights = renamed(weights)
        model.sourceNames = renamed(sourceNames)
        model.missing = Set(missing.map(name))
        model.implied = Set(implied.map(name))
        return model.withFreshLayers()
    }

    /// The model under the names that it had before it was in its file, where that tells them.
    package func withOriginalNames() -> Model {
        guard architecture == nil, origin == .keras, let text = metadata[MetadataKey.names] else {
            return self
        }
        return OriginalNames(text).restored(in: self)
    }
}
