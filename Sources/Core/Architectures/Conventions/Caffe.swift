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
        return model.renamed(names)
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
        let names = bag.names(for: chosen)
        let fit = bag.fit(chosen, names)
        if !isPartial { _ = try fit.exact() }
        var weights: [String: Tensor] = [:]
        var sources: [String: String] = [:]
        for layer in chosen.layers(hasHead: fit.sizes.hasHead) {
            for role in layer.roles {
                guard let name = names.name(of: role, in: layer),
                    let tensor = bag.tensor(name, in: role, by: names)
                else { continue }
                let own = "\(layer.name).\(role.pytorchName)"
                weights[own] = tensor
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
        if chosen.hasBatchNorm, checkpoint.metadata[MetadataKey.epsilon] == nil {
            model.notes.append(
                "batch normalisation's epsilon is taken as \(form.epsilon), Caffe's default")
        }
        return model
    }

    /// The one architecture whose layers' names and shapes the tensors have.
    private static func recognize(_ bag: CaffeBag) throws(TranslationError) -> Architecture {
        let named = ArchitectureRegistry.recognizedByTensors.filter { bag.hasNames(of: $0) }
        let fitting = named.filter { bag.fit($0, bag.names(for: $0)).problems.isEmpty }
        if fitting.count > 1 { throw .ambiguous(fitting.map(\.name)) }
        if let found = fitting.first { return found }
        let found = describe(bag.tensors)
        throw .unrecognized("\(found); a prototxt says how they are used (--prototxt)")
    }
}
