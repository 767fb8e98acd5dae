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
        for layer in layers {
            for step in layer.steps(epsilon: 0) {
                guard matched < nodes.count else {
                    throw mismatch("the graph's end", step.title, "no further node")
                }
                try match(nodes[matched], step, of: layer)
                matched += 1
            }
        }
        let endsInSoftmax = try matchEnd(nodes.dropFirst(matched), hasHead: hasHead)
        form = NetworkForm(
            sizes: try sizes(hasHead: hasHead), endsInSoftmax: endsInSoftmax,
            epsilon: epsilon ?? Convention.onnx.epsilon,
            elementType: rewriter.graph.inputs[0].elementType)
        if let stray = architecture.strayConnection(in: weight) { throw stray }
        foldingNote = noteOnFolding(nodes)
    }

    private func weight(_ name: String) -> Tensor? {
        names[name].flatMap { rewriter.weights[$0] }
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
        _ node: Node, _ step: LayerStep, of layer: LayerSpec
    ) throws(TranslationError) {
        let place = "node '\(node.name)'"
        var inputs = node.inputs
        // A sum or a product may name its constant first.
        if node.op is Add || node.op is Mul, inputs.count == 2, inputs[1] == value {
            inputs.swapAt(0, 1)
        }
        guard inputs.first == value, node.outputs.dropFirst().allSatisfy(\.isEmpty)
        else {
            throw mismatch(place, "a node that reads only '\(value)'", node.op.type)
        }
        guard isEqual(node.op, step, node) else {
            throw mismatch(place, step.title, node.op.type + Self.attributes(of: node.op))
        }
        if let norm = node.op as? BatchNormalization {
            guard epsilon == nil || epsilon == norm.epsilon else {
                throw mismatch(place, "epsilon \(epsilon ?? 0)", "\(norm.epsilon)")
            }
            epsilon = norm.epsilon
        }
        let constants = inputs.dropFirst()
        let isBound =
            step.operands.isEmpty || constants.allSatisfy { rewriter.weights[$0] != nil }
        guard constants.count == step.operands.count, isBound else {
            throw mismatch(
                place, "\(step.operands.count) constants", "\(constants.count) further inputs")
        }
        for (operand, constant) in zip(step.operands, constants) {
            try bind(operand, constant, of: layer, at: place)
        }
        value = node.outputs[0]
    }

    private mutating func bind(
        _ operand: LayerStep.Operand, _ constant: String, of layer: LayerSpec, at place: String
    ) throws(TranslationError) {
        let tensor = rewriter.weights[constant]
        switch operand {
        case .parameter(let role):
            names["\(layer.name).\(role.pytorchName)"] = constant
        case .number(let number):
            guard let tensor, tensor.elementType.isFloatingPoint else {
                throw mismatch(place, "the number \(number)", "'\(constant)'")
            }
            let rounded = Tensor(rounding: [Double(number)], to: tensor.elementType, shape: [1])
            let found = tensor.elementCount == 1 ? tensor.floats() : []
            guard found.count == 1, isNear(found[0], rounded.floats()[0]) else {
                throw mismatch(
                    place, "the number \(number)",
                    "'\(constant)' \(tensor.shape) \(found)")
            }
        case .axis(let axis, let rank):
            let found = tensor?.integers() ?? []
            guard found == [Int64(axis)] || found == [Int64(axis - rank)] else {
                throw mismatch(place, "the axis \(axis)", "'\(constant)' \(found.prefix(3))")
            }
        }
    }

    /// Whether the operator computes what the layer's step does at this place of the network.
    private mutating func isEqual(
        _ op: any Operator, _ step: LayerStep, _ node: Node
    ) -> Bool {
        switch (op, step.op) {
        case (let conv as Conv, let expected as Conv):
            let kernel = node.inputs.dropFirst().first.flatMap { rewriter.weights[$0]?.shape }
            guard conv.group == expected.group, let kernel, kernel.count == 4 else { return false }
            return slides(conv.window, Array(kernel[2...]), as: expected.window)
        case (let pool as MaxPool, let expected as MaxPool):
            return slides(pool.window, pool.window.kernel, as: expected.window)
        case (let pool as AveragePool, let expected as AveragePool):
            return slides(pool.window, pool.window.kernel, as: expected.window)
        case (let flatten as Flatten, is Flatten): return flatten.axis == 1
        case (let gemm as Gemm, is Gemm): return gemm.isDense
        case (let norm as BatchNormalization, is BatchNormalization): return !norm.isTraining
        case (let norm as LRN, let expected as LRN):
            return norm.size == expected.size && isNear(norm.alpha, expected.alpha)
                && isNear(norm.beta, expected.beta) && isNear(norm.bias, expected.bias)
        case (let sum as ReduceSum, let expected as ReduceSum):
            return sum.reduction == expected.reduction
        default: return op.type == step.op.type
        }
    }

    /// Whether two numbers are the same but for how a file's text or products rounded them.
    private func isNear(_ value: Float, _ wanted: Float) -> Bool {
        abs(value - wanted) <= 1e-6 * abs(wanted)
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
