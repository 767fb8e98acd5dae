import Architectures
import FormatInterface
import IR
import Tensors

/// A network's graph in Graphviz' language: a box for each layer, coloured by what it does, an
/// arrow for each value, with its shape.
///
/// Names from files appear in quoted text only; what identifies boxes is made here.
struct GraphDrawing {
    /// Characters of a name, and of a list of operators, that are shown.
    private static let nameLimit = 40

    private var lines: [String] = []
    private(set) var layerCount = 0

    /// - Throws: `InputError` where the shapes of the graph's values cannot be known.
    init(_ file: ModelFile) throws {
        let sizes = try Sizes(file, batch: 1)
        let model = file.model
        let types = try file.exampleTypes(batch: 1)
        layerCount = sizes.layers.count
        begin()
        var sources: [String: String] = [:]
        for (index, input) in model.graph.inputs.enumerated() where model.weights[input.name] == nil
        {
            sources[input.name] = "input\(index)"
            addEnd("input\(index)", input.name)
        }
        for (index, (group, layer)) in zip(model.nodeGroups, sizes.layers).enumerated() {
            addBox("layer\(index)", layer, group)
            var seen = Set(group.nodes.flatMap(\.outputs))
            for value in group.nodes.flatMap(\.inputs) where seen.insert(value).inserted {
                guard !value.isEmpty, let source = sources[value] else { continue }
                addArrow(source, "layer\(index)", file, types[value])
            }
            for value in group.nodes.flatMap(\.outputs) { sources[value] = "layer\(index)" }
        }
        for (index, output) in model.graph.outputs.enumerated() {
            addEnd("output\(index)", output.name)
            if let source = sources[output.name] {
                addArrow(source, "output\(index)", file, types[output.name])
            }
        }
        lines.append("}")
    }

    /// The text, with a newline at its end.
    var text: String { lines.joined(separator: "\n") + "\n" }

    private mutating func begin() {
        lines = [
            "digraph network {",
            "  graph [ranksep=0.3, nodesep=0.35, margin=0.1, bgcolor=white];",
            "  node [shape=box, style=\"filled,rounded\", penwidth=0.7, color=\"#555555\",",
            "    fontname=\"Helvetica,Arial,sans-serif\", fontsize=11, height=0.3,",
            "    margin=\"0.14,0.06\"];",
            "  edge [fontname=\"Helvetica,Arial,sans-serif\", fontsize=9, color=\"#777777\",",
            "    fontcolor=\"#444444\", arrowsize=0.6];",
        ]
    }

    private mutating func addBox(_ id: String, _ layer: Sizes.Layer, _ group: Model.NodeGroup) {
        let name = Self.shortened(layer.name)
        let operation = Self.shortened(layer.operation)
        var label = "\(Self.escaped(name)) (\(Self.escaped(operation)))"
        if layer.window != nil || layer.parameters > 0 {
            let window = layer.window.map { " \($0.text)" } ?? ""
            label = "\(Self.escaped(name))\\n\(Self.escaped(operation))\(window)"
        }
        if layer.parameters > 0 {
            label += "\\n\(Numbers.grouped(layer.parameters)) parameters"
        }
        let kind = OperatorKind(of: group.nodes)
        lines.append("  \(id) [label=\"\(label)\", fillcolor=\"\(kind.rawValue)\"];")
    }

    private mutating func addEnd(_ id: String, _ name: String) {
        let label = Self.escaped(Self.shortened(name))
        lines.append("  \(id) [label=\"\(label)\", shape=oval, fillcolor=white];")
    }

    private mutating func addArrow(
        _ source: String, _ target: String, _ file: ModelFile, _ type: ValueInfo?
    ) {
        var shape = file.declaredShape(type?.shape ?? [])
        // All pictures of a batch have the same.
        if shape.count > 1 { shape.removeFirst() }
        let label = shape.map { "\($0)" }.joined(separator: "×")
        lines.append("  \(source) -> \(target) [label=\" \(label)\"];")
    }

    /// The beginning and the end of a long name.
    private static func shortened(_ text: String) -> String {
        text.count <= nameLimit
            ? text : "\(text.prefix(nameLimit / 2))…\(text.suffix(nameLimit / 2 - 1))"
    }

    /// Text between quotes: without control characters, and nothing in it that Graphviz would take
    /// for its own: quotes, escapes and entities of HTML.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "&": result += "&amp;"
            default:
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: result += "\u{FFFD}"
                default: result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}

/// What a layer does, as the colour of its box.
private enum OperatorKind: String {
    case convolution = "#b9d4f0"
    case dense = "#f6cfa4"
    case pooling = "#bfe3c0"
    case normalization = "#d9c8ec"
    case activation = "#f7ecab"
    case joining = "#f3bfc4"
    case other = "#ececec"

    private static let kinds: [(OperatorKind, [any Operator.Type])] = [
        (.convolution, [Conv.self]), (.dense, [Gemm.self, MatMul.self]),
        (.pooling, [MaxPool.self, AveragePool.self, GlobalAveragePool.self, GlobalMaxPool.self]),
        (.normalization, [BatchNormalization.self, LRN.self]),
        (
            .activation,
            [
                Relu.self, Tanh.self, Sigmoid.self, Softmax.self, LogSoftmax.self, LeakyRelu.self,
                PRelu.self, Elu.self, Selu.self, HardSigmoid.self, HardSwish.self, Softplus.self,
                Clip.self,
            ]
        ),
        (.joining, [Concat.self, Add.self, Sum.self]),
    ]

    /// That of the first operator that has one, in the order above.
    init(of nodes: [Node]) {
        let types = nodes.map { $0.op.type }
        let known = Self.kinds.first { _, operators in
            operators.contains { types.contains($0.type) }
        }
        self = known?.0 ?? .other
    }
}
