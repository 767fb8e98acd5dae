import IR
import Tensors

/// Reading Keras files: the order of layers and their shapes decide, names only within a layer.
extension Translation {
    /// - Parameter isPartial: whether tensors may be missing, misshapen or too many.
    static func kerasModel(
        from checkpoint: Checkpoint, architecture: Architecture?, isPartial: Bool = false
    ) throws(TranslationError) -> Model {
        let layers = try KerasLayer.layers(of: checkpoint.tensors)
        var bag = KerasBag(layers: layers, tensors: checkpoint.tensors)
        var checkpoint = checkpoint
        // Kernels in Theano's order fit nothing when they are read in TensorFlow's.
        var turned = bag
        turned.hasTheanoOrder = true
        if bag.misfits(architecture) > turned.misfits(architecture) { bag = turned }
        let chosen = if let architecture { architecture } else { try recognize(bag) }
        if !isPartial { _ = try bag.fit(chosen).exact() }
        checkpoint.metadata[MetadataKey.kernels] = kernelMaker(checkpoint.metadata, bag)
        var model = try kerasModel(chosen, bag, checkpoint)
        if architecture == nil { model.recognition = bag.reason(for: chosen) }
        try turnKernels(of: &model, in: checkpoint)
        return model
    }

    /// A file of plain tensors under Keras' names, in Keras' axis orders.
    static func kerasModel(
        named checkpoint: Checkpoint, architecture: Architecture?, isPartial: Bool
    ) throws(TranslationError) -> Model {
        var checkpoint = checkpoint
        checkpoint.convention = .keras
        // Archives that list names by their bytes have lost the layers' order.
        if checkpoint.tensors.areSorted {
            checkpoint.tensors.sort {
                naturalKey($0.name).lexicographicallyPrecedes(naturalKey($1.name))
            }
        }
        var model = try kerasModel(
            from: checkpoint, architecture: architecture, isPartial: isPartial)
        model.notes.append("its tensors have Keras' names: read in Keras' orders of axes")
        return model
    }

    /// Who made the kernels of a file of weights; nil for one that does as TensorFlow does.
    private static func kernelMaker(_ metadata: [String: String], _ bag: KerasBag) -> String? {
        if let backend = metadata["backend"] { return backend == "theano" ? backend : nil }
        if let stated = metadata[MetadataKey.kernels] { return stated }
        return bag.hasTheanoOrder ? "unknown" : nil
    }

    /// The one architecture with these layers in this order and of these shapes.
    static func recognize(_ bag: KerasBag) throws(TranslationError) -> Architecture {
        let known = ArchitectureRegistry.recognizedByTensors
        let alike = known.filter { bag.hasLayers(of: $0) }
        if let first = alike.first {
            let fitting = alike.filter { bag.fit($0).problems.isEmpty }
            if fitting.count > 1 { throw .ambiguous(fitting.map(\.name)) }
            let nearest = alike.min {
                bag.fit($0).problems.count < bag.fit($1).problems.count
            }
            return fitting.first ?? nearest ?? first
        }
        // Layers missing or too many: the architecture with most of their names tells which.
        let nearest = known.max { bag.overlap($0) < bag.overlap($1) }
        guard let nearest, bag.overlap(nearest) > 0.5 else {
            throw .unrecognized(describe(bag.tensors) + bag.nearness())
        }
        return nearest
    }

    private static func kerasModel(
        _ architecture: Architecture, _ bag: KerasBag, _ checkpoint: Checkpoint
    ) throws(TranslationError) -> Model {
        let fit = bag.fit(architecture)
        var canonical = canonicalWeights(architecture, fit.sizes, bag)
        let missing = try fill(&canonical.weights, of: architecture, fit)
        let form = try form(
            of: architecture, sizes: fit.sizes,
            elementType: commonElementType(canonical.weights.values), in: checkpoint)
        var model = Model(
            graph: architecture.graph(form), weights: canonical.weights,
            architecture: architecture, origin: .keras)
        model.missing = missing
        model.implied = canonical.implied
        model.problems = fit.problems
        model.sourceNames = canonical.sources
        model.inputLayout = .nhwc
        model.notes = canonical.notes + assumptions(architecture, form, checkpoint.metadata)
        return model
    }

    /// The architecture's weights in canonical layout, their names in the file, and what had to be
    /// filled in.
    private static func canonicalWeights(
        _ architecture: Architecture, _ sizes: NetworkSizes, _ bag: KerasBag
    ) -> (
        weights: [String: Tensor], implied: Set<String>, sources: [String: String],
        notes: [String]
    ) {
        let bound = bag.bindings(architecture)
        var weights: [String: Tensor] = [:]
        var absent: Set<String> = []
        var sources: [String: String] = [:]
        var notes: [String] = []
        // Theano's networks flatten in the order that is canonical here.
        var picture = bag.hasTheanoOrder ? nil : architecture.flattenedPicture(sizes)
        for layer in architecture.layers(hasHead: sizes.hasHead) {
            guard let place = bound[layer.name] else { continue }
            let found = bag.layers[place]
            for role in layer.roles {
                let name = "\(layer.name).\(role.pytorchName)"
                if let index = found.indices[role] {
                    let tensor = bag.tensors[index].tensor
                    weights[name] =
                        bag.hasTheanoOrder && tensor.rank == 4
                        ? tensor : canonical(tensor, role, layer, picture: picture)
                    sources[name] = bag.tensors[index].name
                } else if let implied = bag.implied(role, in: found) {
                    weights[name] = implied
                    absent.insert(name)
                    let value = role == .scale ? "1" : "0"
                    notes.append("\(found.name): no \(role.kerasName), so it is taken as \(value)")
                }
            }
            if case .dense = layer { picture = nil }
        }
        return (weights, absent, sources, notes)
    }

    private static func canonical(
        _ tensor: Tensor, _ role: ParameterRole, _ layer: LayerSpec, picture: [Int]?
    ) -> Tensor {
        switch (layer, role) {
        case (.conv, .weight) where tensor.rank == 4: KerasLayout.canonicalKernel(tensor)
        case (.dense, .weight) where tensor.rank == 2:
            KerasLayout.canonicalDense(
                tensor, picture: picture?.reduce(1, *) == tensor.shape[0] ? picture : nil)
        default: tensor
        }
    }

    /// What is taken for granted because a file of weights does not say it.
    private static func assumptions(
        _ architecture: Architecture, _ form: NetworkForm, _ metadata: [String: String]
    ) -> [String] {
        var notes: [String] = []
        if form.endsInSoftmax, metadata[MetadataKey.softmax] == nil {
            notes.append("ends in a softmax, as Keras' published networks do")
        }
        if architecture.hasBatchNorm, metadata[MetadataKey.epsilon] == nil {
            notes.append(
                "batch normalisation's epsilon is taken as \(form.epsilon), Keras' default")
        }
        return notes
    }
}

extension Architecture {
    /// [C, H, W] of what the network flattens.
    func flattenedPicture(_ sizes: NetworkSizes) -> [Int] {
        var walk = ShapeWalk(self, inputChannels: sizes.inputChannels)
        var convs = sizes.convs[...]
        for layer in features {
            var width = 0
            if case .conv = layer { width = convs.popFirst() ?? 0 }
            walk.advance(over: layer, width: width)
        }
        return [walk.channels ?? 0, walk.side, walk.side]
    }
}
