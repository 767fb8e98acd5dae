import IR
import Tensors

/// Whole Keras models: a graph that reads the file's tensors as they are.
///
/// Its Transpose nodes say how: pictures come [N, H, W, C] and are turned to [N, C, H, W], kernels
/// [kh, kw, in, out] to [out, in, kh, kw]. Reading takes them out, writing puts them in.
extension Translation {
    static func kerasModel(
        from checkpoint: Checkpoint, graph: Graph, architecture: String?, stated: String?
    ) throws(TranslationError) -> Model {
        var graph = graph
        let isTurned = graph.takePicturesAsNCHW()
        var model = try onnxModel(
            from: checkpoint, graph: graph, architecture: architecture, stated: stated)
        model.origin = .keras
        if isTurned { model.inputLayout = .nhwc }
        let stored = Set(checkpoint.tensors.map(\.name))
        for parameter in model.layers.filter(\.hasStatistics).flatMap(\.parameters)
        where parameter.role == .scale || parameter.role == .shift {
            let source = model.sourceNames[parameter.name] ?? parameter.name
            if !stored.contains(source) { model.implied.insert(parameter.name) }
        }
        let sources = graph.literalNames(of: checkpoint.tensors)
        model.sourceNames = model.sourceNames.mapValues { sources[$0] ?? $0 }
        try turnKernels(of: &model, in: checkpoint)
        return model
    }

    /// Turns kernels that Theano made by 180°: its convolutions read them backwards.
    static func turnKernels(
        of model: inout Model, in checkpoint: Checkpoint
    ) throws(TranslationError) {
        switch checkpoint.metadata[MetadataKey.kernels] {
        case nil, "tensorflow": return
        case "theano": break
        default: throw .unknownKernels
        }
        let backwards = [[-1, -1], [Int64.min, .min], [2, 3], [-1, -1]].map { Tensor($0) }
        for layer in model.layers where layer.kind == .conv || layer.kind == .depthwise {
            guard let name = layer.name(of: .weight), let kernel = model.weights[name] else {
                continue
            }
            model.weights[name] = (try? Slice().evaluate([kernel] + backwards))?.first ?? kernel
        }
    }

    // MARK: Writing

    /// The model as a whole Keras file has it.
    static func kerasGraph(
        of model: Model
    ) throws(TranslationError) -> (graph: Graph, tensors: [NamedTensor], names: OriginalNames) {
        if let strange = model.architecture?.layersWithoutKeras, !strange.isEmpty {
            let names = strange.map { "'\($0)'" }.joined(separator: ", ")
            throw .unsupported(.keras, "layers whose parameters no Keras layer has: \(names)")
        }
        var writing = try KerasGraphWriting(model)
        let tensors = try writing.tensors()
        return (writing.graph(), tensors, writing.originalNames)
    }
}

extension Graph {
    fileprivate static let toNCHW = [0, 3, 1, 2]
    fileprivate static let toNHWC = [0, 2, 3, 1]

    /// Lets pictures come and go as [N, C, H, W] where the graph turns them to that order itself;
    /// what reads or gives the other order is turned where it does.
    ///
    /// - Returns: whether it does so now.
    fileprivate mutating func takePicturesAsNCHW() -> Bool {
        let pictures = Set(inputs.filter { $0.shape?.count == 4 }.map(\.name))
        func isTurn(_ node: Node) -> Bool {
            (node.op as? Transpose)?.permutation == Self.toNCHW && pictures.contains(node.inputs[0])
        }
        let turned = Set(nodes.filter(isTurn).map { $0.inputs[0] })
        guard !pictures.isEmpty, turned == pictures else { return false }
        var result: [Node] = []
        for input in pictures.sorted() {
            result.append(Self.turn(input, Self.toNHWC, to: "\(input)/nhwc"))
        }
        for var node in nodes {
            if isTurn(node) {
                node.op = Identity()
            } else {
                node.inputs = node.inputs.map { pictures.contains($0) ? "\($0)/nhwc" : $0 }
            }
            result.append(node)
        }
        for index in inputs.indices {
            guard let shape = inputs[index].shape, shape.count == 4 else { continue }
            inputs[index].shape = Self.toNCHW.map { shape[$0] }
        }
        nodes = result
        giveNCHW()
        return true
    }

    private mutating func giveNCHW() {
        let pictures = Set(outputs.filter { $0.shape?.count == 4 }.map(\.name))
        if pictures.isEmpty { return }
        for index in nodes.indices {
            nodes[index].outputs = nodes[index].outputs.map {
                pictures.contains($0) ? "\($0)/nhwc" : $0
            }
            nodes[index].inputs = nodes[index].inputs.map {
                pictures.contains($0) ? "\($0)/nhwc" : $0
            }
        }
        let producers = Dictionary(
            nodes.flatMap { node in node.outputs.map { ($0, node) } },
            uniquingKeysWith: { first, _ in first })
        for index in outputs.indices {
            guard let shape = outputs[index].shape, shape.count == 4 else { continue }
            let name = outputs[index].name
            outputs[index].shape = Self.toNCHW.map { shape[$0] }
            var node = producers["\(name)/nhwc"]
            if node?.op is Identity { node = node.flatMap { producers[$0.inputs[0]] } }
            if let node, (node.op as? Transpose)?.permutation == Self.toNHWC {
                nodes.append(
                    Node(name: name, op: Identity(), inputs: [node.inputs[0]], outputs: [name]))
            } else {
                nodes.append(Self.turn("\(name)/nhwc", Self.toNCHW, to: name))
            }
        }
    }

    private static func turn(_ name: String, _ axes: [Int], to result: String) -> Node {
        Node(name: result, op: Transpose(permutation: axes), inputs: [name], outputs: [result])
    }

    /// The file's name of every tensor that only moves on its way to where it is read.
    fileprivate func literalNames(of tensors: [NamedTensor]) -> [String: String] {
        var names = Dictionary(
            tensors.map { ($0.name, $0.name) }, uniquingKeysWith: { first, _ in first })
        for node in nodes where node.op is Transpose || node.op is Reshape {
            if let source = node.inputs.first.flatMap({ names[$0] }) {
                for output in node.outputs { names[output] = source }
            }
        }
        return names
    }
}
