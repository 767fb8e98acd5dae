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
    ) throws(TranslationError) -> (graph: Graph, tensors: [NamedTensor]) {
        var writing = try KerasGraphWriting(model)
        let tensors = try writing.tensors()
        return (writing.graph(), tensors)
    }
}

extension Graph {
    fileprivate static let toNCHW = [0, 3, 1, 2]
    fileprivate static let toNHWC = [0, 2, 3, 1]

    /// Lets pictures come and go as [N, C, H, W] where the graph turns all of them anyway.
    ///
    /// - Returns: whether it does so now.
    fileprivate mutating func takePicturesAsNCHW() -> Bool {
        func permutation(_ node: Node?) -> [Int]? { (node?.op as? Transpose)?.permutation }
        let producers = Dictionary(
            nodes.flatMap { node in node.outputs.map { ($0, node) } },
            uniquingKeysWith: { first, _ in first })
        let pictures = Set(inputs.filter { $0.shape?.count == 4 }.map(\.name))
        let readers = nodes.filter { !pictures.isDisjoint(with: $0.inputs) }
        guard !pictures.isEmpty, readers.allSatisfy({ permutation($0) == Self.toNCHW }) else {
            return false
        }
        var turnedOutputs: [String: Node] = [:]
        for output in outputs where output.shape?.count == 4 {
            var node = producers[output.name]
            if node?.op is Identity { node = node.flatMap { producers[$0.inputs[0]] } }
            guard let node, permutation(node) == Self.toNHWC else { return false }
            turnedOutputs[output.name] = node
        }
        for index in inputs.indices {
            guard let shape = inputs[index].shape, shape.count == 4 else { continue }
            inputs[index].shape = Self.toNCHW.map { shape[$0] }
        }
        for index in outputs.indices {
            guard let shape = outputs[index].shape, shape.count == 4 else { continue }
            outputs[index].shape = Self.toNCHW.map { shape[$0] }
        }
        for index in nodes.indices {
            if let output = nodes[index].outputs.first, let turned = turnedOutputs[output] {
                nodes[index].op = Identity()
                nodes[index].inputs = [turned.inputs[0]]
            } else if !pictures.isDisjoint(with: nodes[index].inputs) {
                nodes[index].op = Identity()
            }
        }
        return true
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
