import IR
import Tensors

/// Caffe's networks: the graph decides; without one, the layers' names do.
extension Translation {
    static func caffeModel(
        from checkpoint: Checkpoint, graph: Graph, architecture: String?, stated: String?
    ) throws(TranslationError) -> Model {
        let found = try onnxModel(
            from: checkpoint, graph: graph, architecture: architecture, stated: stated)
        var model = found.architecture == nil ? withNamesByRole(found) : found
        model.origin = .caffe
        return model
    }

    /// A network of its own with its parameters called as in a state_dict: "conv1/0" becomes
    /// "conv1.weight", and a layer's "/" is a module's ".".
    private static func withNamesByRole(_ model: Model) -> Model {
        var names: [String: String] = [:]
        var taken = Set(model.graph.nodes.flatMap(\.outputs) + model.graph.inputs.map(\.name))
        func name(_ parameter: String, _ wish: String) {
            guard names[parameter] == nil else { return }
            let dotted = wish.replacing("/", with: ".")
            let isFree = model.weights[dotted] == nil && taken.insert(dotted).inserted
            names[parameter] = isFree ? dotted : parameter
        }
        for layer in model.layers {
            for parameter in layer.parameters {
                let wish =
                    parameter.role == .other
                    ? parameter.name : "\(layer.node)/\(parameter.role.pytorchName)"
                name(parameter.name, wish)
            }
        }
        var graph = model.graph
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { names[$0] ?? $0 }
        }
        func renamed<Value>(_ values: [String: Value]) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: values.map { (names[$0] ?? $0, $1) })
        }
        var result = Model(
            graph: graph, weights: renamed(model.weights), architecture: nil, origin: model.origin)
        result.sourceNames = renamed(model.sourceNames)
        result.notes = model.notes
        result.inputLayout = model.inputLayout
        return result
    }

    // MARK: Weights alone

    /// Weights of an HDF5 file: their layers have an architecture's names, and its shapes.
    ///
    /// - Parameter isPartial: whether tensors may be missing, misshapen or too many.
    static func caffeModel(
        from checkpoint: Checkpoint, architecture: Architecture?, isPartial: Bool = false
    ) throws(TranslationError) -> Model {
        let bag = try CaffeBag(checkpoint.tensors)
        let chosen = if let architecture { architecture } else { try recognize(bag) }
        let fit = bag.fit(chosen)
        if !isPartial { _ = try fit.exact() }
        var weights: [String: Tensor] = [:]
        var sources: [String: String] = [:]
        for layer in chosen.layers(hasHead: fit.sizes.hasHead) {
            for role in layer.roles {
                guard let name = CaffeBag.name(of: role, in: layer), let index = bag.indices[name]
                else { continue }
                let own = "\(layer.name).\(role.pytorchName)"
                weights[own] = checkpoint.tensors[index].tensor
                sources[own] = name
            }
        }
        let missing = try fill(&weights, of: chosen, fit)
        let form = try form(
            of: chosen, sizes: fit.sizes, elementType: commonElementType(weights.values),
            in: checkpoint)
        var model = Model(
            graph: chosen.graph(form), weights: weights, architecture: chosen, origin: .caffe)
        model.sourceNames = sources
        model.missing = missing
        model.problems = fit.problems
        model.recognition = "its layers have the names of \(chosen.name)'s in Caffe"
        model.notes = ["weights alone: the network is taken as Ferry's \(chosen.name)"]
        return model
    }

    /// The one architecture whose layers' names and shapes the tensors have.
    private static func recognize(_ bag: CaffeBag) throws(TranslationError) -> Architecture {
        let named = ArchitectureRegistry.recognizedByTensors.filter { bag.hasNames(of: $0) }
        let fitting = named.filter { bag.fit($0).problems.isEmpty }
        if fitting.count > 1 { throw .ambiguous(fitting.map(\.name)) }
        if let found = fitting.first { return found }
        let found = describe(bag.tensors)
        throw .unrecognized("\(found); a prototxt says how they are used (--prototxt)")
    }
}

/// A Caffe file's tensors by name, without a network.
private struct CaffeBag {
    let tensors: [NamedTensor]
    /// Places in the file's list of tensors.
    private(set) var indices: [String: Int] = [:]

    init(_ tensors: [NamedTensor]) throws(TranslationError) {
        self.tensors = tensors
        for (index, tensor) in tensors.enumerated() {
            if indices.updateValue(index, forKey: tensor.name) != nil {
                throw .duplicateTensor(name: tensor.name)
            }
        }
    }

    /// A parameter's name: its layer's, and the number of its role. Nil for normalisations, which
    /// Caffe divides between two layers of no usual names.
    static func name(of role: ParameterRole, in layer: LayerSpec) -> String? {
        guard let names = layer.parameterNames else { return nil }
        switch (layer, role) {
        case (.conv, .weight), (.dense, .weight): return "\(names.caffe)/0"
        case (.conv, .bias), (.dense, .bias): return "\(names.caffe)/1"
        default: return nil
        }
    }

    private static func names(of layers: [LayerSpec]) -> Set<String?> {
        Set(layers.flatMap { layer in layer.roles.map { name(of: $0, in: layer) } })
    }

    /// Whether the names are those of the architecture, with or without its head.
    func hasNames(of architecture: Architecture) -> Bool {
        let mine = Set(indices.keys.map(Optional.init))
        return mine == Self.names(of: architecture.layers)
            || mine == Self.names(of: architecture.features)
    }

    func fit(_ architecture: Architecture) -> ArchitectureFit {
        let head = architecture.layers.dropFirst(architecture.features.count)
        let hasHead = Self.names(of: Array(head)).contains {
            $0.map { indices[$0] != nil } ?? false
        }
        var fit = architecture.fit(hasHead: hasHead) { layer, role in
            let name = Self.name(of: role, in: layer) ?? layer.name
            guard let index = indices[name] else { return (nil, name) }
            let tensor = tensors[index].tensor
            return (
                SourceTensor(name: name, elementType: tensor.elementType, shape: tensor.shape),
                name
            )
        }
        let used = Self.names(of: architecture.layers(hasHead: hasHead))
        for tensor in tensors where !used.contains(tensor.name) {
            fit.problems.append(
                .unexpectedTensor(name: tensor.name, architecture: architecture.name))
        }
        return fit
    }
}
