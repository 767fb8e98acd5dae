import IR
import Tensors

/// A canonical graph found to be an architecture's, operator by operator.
struct GraphMatch {
    let architecture: Architecture
    private(set) var form: NetworkForm
    /// The graph's constants by the architecture's names.
    private(set) var names: [String: String] = [:]
    /// Present when the graph looks like a network whose batch normalisation was folded away.
    private(set) var foldingNote: String?

    private let rewriter: GraphRewriter
    private var epsilon: Float?
    /// The value the next layer must read.
    private var value = ""
    private var side: Int

    /// - Parameter matched: how many operators agree.
    /// - Throws: `.graphMismatch` naming the first node that differs; as `Architecture.fit`.
    init(
        _ rewriter: GraphRewriter, _ architecture: Architecture, matched: inout Int
    ) throws(TranslationError) {
        self.rewriter = rewriter
        self.architecture = architecture
        side = architecture.side
        form = NetworkForm(sizes: NetworkSizes(inputChannels: 0, convs: [], dense: []))
        let nodes = rewriter.graph.nodes
        let hasHead = nodes.contains { $0.op is Gemm }
        let layers = architecture.layers(hasHead: hasHead)
        try matchInterface()
        for (index, layer) in layers.enumerated() {
            guard index < nodes.count else {
                throw mismatch("the graph's end", layer.title, "no further node")
            }
            try match(nodes[index], layer)
            matched += 1
        }
        let endsInSoftmax = try matchEnd(nodes.dropFirst(layers.count), hasHead: hasHead)
        form = NetworkForm(
            sizes: try sizes(hasHead: hasHead), endsInSoftmax: endsInSoftmax,
            epsilon: epsilon ?? Convention.onnx.epsilon,
            elementType: rewriter.graph.inputs[0].elementType)
        foldingNote = noteOnFolding(nodes)
    }

    private func mismatch(
        _ place: String, _ expected: String, _ found: String
    ) -> TranslationError {
        .graphMismatch(
            architecture: architecture.name, place: place, expected: expected, found: found)
    }

    /// One input [N, C, side, side], open sizes allowed, and one output.
    private mutating func matchInterface() throws(TranslationError) {
        let graph = rewriter.graph
        guard graph.inputs.count == 1, graph.outputs.count == 1 else {
            throw mismatch(
                "graph", "one input and one output",
                "\(graph.inputs.count) and \(graph.outputs.count)")
        }
        value = graph.inputs[0].name
        guard let shape = graph.inputs[0].shape else { return }
        let sides = shape.dropFirst(2).compactMap { dimension in
            if case .fixed(let size) = dimension { size } else { nil }
        }
        guard shape.count == 4, sides.allSatisfy({ $0 == side }) else {
            throw mismatch(
                "input '\(value)'", "[N, C, \(side), \(side)]", ValueDeclaration.describe(shape))
        }
    }

    private mutating func match(
        _ node: Node, _ layer: LayerSpec
    ) throws(TranslationError) {
        let place = "node '\(node.name)'"
        guard node.inputs.first == value, node.outputs.dropFirst().allSatisfy(\.isEmpty)
        else {
            throw mismatch(place, "a node that reads only '\(value)'", node.op.type)
        }
        guard isEqual(node.op, layer, node) else {
            throw mismatch(place, layer.title, node.op.type + Self.attributes(of: node.op))
        }
        if let norm = node.op as? BatchNormalization {
            guard epsilon == nil || epsilon == norm.epsilon else {
                throw mismatch(place, "epsilon \(epsilon ?? 0)", "\(norm.epsilon)")
            }
            epsilon = norm.epsilon
        }
        let constants = node.inputs.dropFirst()
        let isBound = layer.roles.isEmpty || constants.allSatisfy { rewriter.weights[$0] != nil }
        guard constants.count == layer.roles.count, isBound else {
            throw mismatch(
                place, "\(layer.roles.count) constants", "\(constants.count) further inputs")
        }
        for (role, constant) in zip(layer.roles, constants) {
            names["\(layer.name).\(role.pytorchName)"] = constant
        }
        value = node.outputs[0]
    }

    /// Whether the operator computes what the layer does at this place of the network.
    private mutating func isEqual(
        _ op: any Operator, _ layer: LayerSpec, _ node: Node
    ) -> Bool {
        switch (layer, op, layer.operation(epsilon: 0)) {
        case (.conv, let conv as Conv, let expected as Conv):
            let kernel = node.inputs.dropFirst().first.flatMap { rewriter.weights[$0]?.shape }
            guard conv.group == 1, let kernel, kernel.count == 4 else { return false }
            return slides(conv.window, Array(kernel[2...]), as: expected.window)
        case (.pool, let pool as MaxPool, let expected as MaxPool):
            return slides(pool.window, pool.window.kernel, as: expected.window)
        case (.pool, let pool as AveragePool, let expected as AveragePool):
            return slides(pool.window, pool.window.kernel, as: expected.window)
        case (.flatten, let flatten as Flatten, _): return flatten.axis == 1
        case (.dense, let gemm as Gemm, _): return gemm.isDense
        case (.batchNorm, let norm as BatchNormalization, _): return !norm.isTraining
        case (.activation, _, let expected):
            return op.type == expected.type
        default: return false
        }
    }

    /// Whether a window covers the same cells as the expected one on the picture here.
    private mutating func slides(
        _ window: SpatialWindow, _ kernel: [Int], as expected: SpatialWindow
    ) -> Bool {
        guard let axes = try? window.axes(input: [side, side], kernel: kernel),
            let wanted = try? expected.axes(input: [side, side]), axes == wanted
        else { return false }
        side = wanted[0].output
        return true
    }

    private func matchEnd(
        _ rest: ArraySlice<Node>, hasHead: Bool
    ) throws(TranslationError) -> Bool {
        var rest = rest
        var last = value
        var endsInSoftmax = false
        if hasHead, let node = rest.first, let softmax = node.op as? Softmax,
            softmax.axis == 1 || softmax.axis == -1, node.inputs == [last]
        {
            endsInSoftmax = true
            last = node.outputs[0]
            rest = rest.dropFirst()
        }
        if let node = rest.first {
            throw mismatch("node '\(node.name)'", "the end of the network", node.op.type)
        }
        guard rewriter.graph.outputs[0].name == last else {
            throw mismatch(
                "output '\(rewriter.graph.outputs[0].name)'", "the last value '\(last)'",
                "an earlier one")
        }
        return endsInSoftmax
    }

    private func sizes(hasHead: Bool) throws(TranslationError) -> NetworkSizes {
        let fit = architecture.fit(hasHead: hasHead) { layer, role in
            let name = "\(layer.name).\(role.pytorchName)"
            guard let source = names[name], let tensor = rewriter.weights[source] else {
                return (nil, name)
            }
            return (
                SourceTensor(
                    name: source, elementType: tensor.elementType, shape: tensor.shape), source
            )
        }
        return try fit.exact()
    }

    /// A plain network whose convolutions sit where those of its normalised twin would.
    private func noteOnFolding(_ nodes: [Node]) -> String? {
        guard let name = architecture.normalizedTwin,
            let twin = ArchitectureRegistry.architectures.first(where: { $0.name == name })
        else { return nil }
        let places = twin.features.filter { if case .conv = $0 { true } else { false } }
        let convs = nodes.filter { $0.op is Conv }
        let isTwin = zip(places, convs).allSatisfy { place, conv in
            conv.name.split(separator: "/").contains(Substring(place.name))
                || conv.inputs[1] == "\(place.name).weight"
        }
        guard isTwin, places.count == convs.count else { return nil }
        return "exported from \(name) with batch normalisation folded into the convolutions: it "
            + "is \(architecture.name) now, and the statistics cannot be recovered"
    }

    private static func attributes(of op: any Operator) -> String {
        var writer = AttributeWriter()
        op.encode(to: &writer)
        if writer.attributes.isEmpty { return "" }
        let texts = writer.attributes.map { attribute in
            switch attribute.value {
            case .int(let value): "\(attribute.name) \(value)"
            case .float(let value): "\(attribute.name) \(value)"
            case .ints(let values): "\(attribute.name) \(values)"
            default: attribute.name
            }
        }
        return " with \(texts.joined(separator: ", "))"
    }
}

extension LayerSpec {
    /// The layer in a message.
    var title: String {
        switch self {
        case .conv(_, _, let kernel, let stride, let pad):
            "Conv \(kernel)×\(kernel), stride \(stride), pad \(pad)"
        case .batchNorm: "BatchNormalization"
        case .activation(_, .relu): "Relu"
        case .activation(_, .tanh): "Tanh"
        case .pool(_, .max, let kernel, let stride):
            "MaxPool \(kernel)×\(kernel), stride \(stride)"
        case .pool(_, .average, let kernel, let stride):
            "AveragePool \(kernel)×\(kernel), stride \(stride)"
        case .flatten: "Flatten"
        case .dense: "Gemm"
        }
    }
}
