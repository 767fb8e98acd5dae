package import IR
import Tensors

/// The one place where a tensor's name or axis order changes.
package enum Translation {
    /// Gives a file's tensors their meaning, in canonical names and layouts.
    ///
    /// An `architecture` given by name wins over the file's own `ferry.architecture`, which wins
    /// over recognition; the tensors' shapes are checked in every case.
    ///
    /// - Parameter isPartial: whether tensors may be missing, misshapen or too many, where tensors
    ///   alone make the network: `Model.problems` then tells which, and zeros stand for what is
    ///   missing.
    /// - Throws: `.ambiguous` when the tensors fit several architectures, `.unrecognized` when they
    ///   fit none, `.missingTensor`, `.unexpectedTensor` or `.shapeMismatch` when they nearly fit.
    package static func model(
        from checkpoint: Checkpoint, architecture: String? = nil, isPartial: Bool = false
    ) throws(TranslationError) -> Model {
        let stated = checkpoint.metadata[MetadataKey.architecture]
        var model: Model
        if let graph = checkpoint.graph {
            model =
                switch checkpoint.convention {
                case .keras:
                    try kerasModel(
                        from: checkpoint, graph: graph, architecture: architecture, stated: stated)
                case .caffe:
                    try caffeModel(
                        from: checkpoint, graph: graph, architecture: architecture, stated: stated)
                case .pytorch, .onnx:
                    try onnxModel(
                        from: checkpoint, graph: graph, architecture: architecture, stated: stated)
                }
        } else {
            let known =
                if let architecture {
                    Optional(try ArchitectureRegistry.architecture(named: architecture))
                } else { try statedArchitecture(stated) }
            model =
                switch checkpoint.convention {
                case .keras:
                    try kerasModel(from: checkpoint, architecture: known, isPartial: isPartial)
                case .pytorch where KerasLayer.areNames(of: checkpoint.tensors):
                    try kerasModel(
                        named: checkpoint, architecture: known, isPartial: isPartial)
                case .pytorch, .onnx:
                    try pytorchModel(from: checkpoint, architecture: known, isPartial: isPartial)
                case .caffe:
                    try caffeModel(from: checkpoint, architecture: known, isPartial: isPartial)
                }
        }
        if model.recognition.isEmpty, checkpoint.graph == nil {
            model.recognition =
                architecture == nil
                ? "the file says so (\(MetadataKey.architecture))" : "--arch says so"
        }
        model.metadata = checkpoint.metadata
        model.producer = checkpoint.producer
        model.notes = checkpoint.notes + model.notes
        model.preprocess =
            checkpoint.metadata[MetadataKey.preprocess] ?? model.usualPreprocess
        return model
    }

    /// The architecture that a file's metadata names.
    static func statedArchitecture(
        _ name: String?
    ) throws(TranslationError) -> Architecture? {
        guard let name else { return nil }
        if let known = ArchitectureRegistry.architectures.first(where: { $0.name == name }) {
            return known
        }
        if name == MetadataKey.unknownArchitecture {
            throw .unrecognized(
                "those of a network that has no name here (\(MetadataKey.architecture) '\(name)'); "
                    + "convert its source to a format that holds graphs, such as onnx or keras")
        }
        throw .metadata(
            key: MetadataKey.architecture, expected: "an architecture Ferry knows", found: name)
    }

    /// Puts a model into the names and layouts of a convention: the inverse of reading it.
    ///
    /// What the convention's files cannot say goes into `ferry.*` metadata, so that the model comes
    /// back the same.
    ///
    /// - Parameter withGraph: whether the file also says how its tensors are used.
    /// - Throws: `.unsupported` when the network has parameters the convention has no place for, or
    ///   a file of weights alone would lack some.
    package static func checkpoint(
        of model: Model, in convention: Convention, withGraph: Bool = true
    ) throws(TranslationError) -> Checkpoint {
        let model = model.withOriginalNames()
        var checkpoint = Checkpoint(
            convention: convention, tensors: [], metadata: metadata(of: model, in: convention),
            producer: model.producer)
        switch convention {
        case .pytorch: checkpoint.tensors = pytorchTensors(of: model)
        case .keras:
            let written = try kerasGraph(of: model)
            (checkpoint.graph, checkpoint.tensors) = (written.graph, written.tensors)
            if model.architecture == nil, !written.names.isEmpty {
                checkpoint.metadata[MetadataKey.names] = written.names.text
            }
        case .onnx:
            checkpoint.tensors = graphTensors(of: model)
            checkpoint.graph = model.graph
        case .caffe: throw .unsupported(.caffe, "one to write, which Ferry does not")
        }
        checkpoint = without(model.missing, checkpoint, of: model)
        if !withGraph {
            // Keras counts the weights of the layers that it loads them into.
            if convention == .keras { checkpoint = without(model.implied, checkpoint, of: model) }
            try requireStoredWeights(checkpoint, of: model)
        }
        return checkpoint
    }

    /// Refuses what a file of weights alone would not say.
    private static func requireStoredWeights(
        _ checkpoint: Checkpoint, of model: Model
    ) throws(TranslationError) {
        if let node = model.graph.firstRepeated(constants: model.weights) {
            let name = node.outputs.first ?? node.name
            throw .unsupported(
                checkpoint.convention,
                "'\(name)', which \(type(of: node.op).type) makes of one element and which is too "
                    + "large to be kept; convert to onnx")
        }
        guard !checkpoint.tensors.isEmpty else {
            throw .unsupported(
                checkpoint.convention,
                "one without weights; convert to onnx or keras, which keep graphs")
        }
    }

    // MARK: Metadata

    /// The model's own metadata, with the `ferry.*` keys that its network needs in `convention`.
    private static func metadata(
        of model: Model, in convention: Convention
    ) -> [String: String] {
        var metadata = model.metadata.filter { !MetadataKey.all.contains($0.key) }
        metadata[MetadataKey.preprocess] = model.preprocess
        if convention != .pytorch, let count = commonBatchesTracked(model) {
            metadata[MetadataKey.batchesTracked] = String(count)
        }
        guard let architecture = model.architecture else { return metadata }
        metadata[MetadataKey.architecture] = architecture.name
        if convention == .onnx { return metadata }
        let form = model.form
        let hasHead = form?.sizes.hasHead ?? false
        let endsInSoftmax = form?.endsInSoftmax ?? false
        if endsInSoftmax != architecture.endsInSoftmax(in: convention, hasHead: hasHead) {
            metadata[MetadataKey.softmax] = endsInSoftmax ? "1" : "0"
        }
        if let epsilon = form?.epsilon, architecture.hasBatchNorm, epsilon != convention.epsilon {
            metadata[MetadataKey.epsilon] = "\(epsilon)"
        }
        return metadata
    }

    /// The value all of a model's `num_batches_tracked` share, when they do and it is not 0.
    static func commonBatchesTracked(_ model: Model) -> Int64? {
        let counts = Set(model.extras.values.map { $0.integers()?.first })
        guard counts.count == 1, let count = counts.first ?? nil, count != 0 else {
            return model.extras.isEmpty ? batchesTracked(model.metadata) : nil
        }
        return count
    }

    static func batchesTracked(_ metadata: [String: String]) -> Int64? {
        metadata[MetadataKey.batchesTracked].flatMap { Int64($0) }
    }

    /// The form a bag of tensors describes, with what its metadata adds.
    static func form(
        of architecture: Architecture, sizes: NetworkSizes, elementType: ElementType,
        in checkpoint: Checkpoint
    ) throws(TranslationError) -> NetworkForm {
        var form = NetworkForm(
            sizes: sizes,
            endsInSoftmax: architecture.endsInSoftmax(
                in: checkpoint.convention, hasHead: sizes.hasHead),
            epsilon: checkpoint.convention.epsilon, elementType: elementType)
        if let text = checkpoint.metadata[MetadataKey.softmax] {
            guard text == "0" || text == "1" else {
                throw .metadata(key: MetadataKey.softmax, expected: "0 or 1", found: text)
            }
            form.endsInSoftmax = text == "1"
        }
        if let text = checkpoint.metadata[MetadataKey.epsilon] {
            guard let epsilon = Float(text), epsilon >= 0, epsilon.isFinite else {
                throw .metadata(
                    key: MetadataKey.epsilon, expected: "a number of at least 0", found: text)
            }
            form.epsilon = epsilon
        }
        return form
    }
}

extension Architecture {
    /// Whether files of `convention` that say nothing mean a network that ends in a softmax.
    func endsInSoftmax(in convention: Convention, hasHead: Bool) -> Bool {
        convention == .keras && endsInSoftmaxInKeras && hasHead
    }
}

extension ParameterLayer {
    var hasStatistics: Bool { kind == .batchNorm }
}
