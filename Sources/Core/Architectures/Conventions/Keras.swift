import IR
import Tensors

/// Reading Keras files: the order of layers and their shapes decide, names only within a layer.
extension Translation {
    static func kerasModel(
        from checkpoint: Checkpoint, architecture: Architecture?
    ) throws(TranslationError) -> Model {
        let layers = try KerasLayer.layers(of: checkpoint.tensors)
        var bag = KerasBag(layers: layers, tensors: checkpoint.tensors)
        var checkpoint = checkpoint
        var chosen: Architecture
        do throws(TranslationError) {
            chosen = if let architecture { architecture } else { try recognize(bag) }
            _ = try bag.fit(chosen)
        } catch {
            // Kernels in Theano's order fit nothing when they are read in TensorFlow's.
            bag.hasTheanoOrder = true
            let other =
                if let architecture { Optional(architecture) } else { try? recognize(bag) }
            guard let other, (try? bag.fit(other)) != nil else { throw error }
            chosen = other
        }
        checkpoint.metadata[MetadataKey.kernels] = kernelMaker(checkpoint.metadata, bag)
        var model = try kerasModel(chosen, bag, checkpoint)
        try turnKernels(of: &model, in: checkpoint)
        return model
    }

    /// Who made the kernels of a file of weights; nil for one that does as TensorFlow does.
    private static func kernelMaker(_ metadata: [String: String], _ bag: KerasBag) -> String? {
        if let backend = metadata["backend"] { return backend == "theano" ? backend : nil }
        if let stated = metadata[MetadataKey.kernels] { return stated }
        return bag.hasTheanoOrder ? "unknown" : nil
    }

    /// The one architecture with these layers in this order and of these shapes.
    private static func recognize(_ bag: KerasBag) throws(TranslationError) -> Architecture {
        let known = ArchitectureRegistry.architectures
        let alike = known.filter { bag.hasLayers(of: $0) }
        if let first = alike.first {
            let fitting = alike.filter { (try? bag.fit($0)) != nil }
            if fitting.count > 1 { throw .ambiguous(fitting.map(\.name)) }
            return fitting.first ?? first
        }
        // Layers missing or too many: the architecture with most of their names tells which.
        let nearest = known.max { bag.overlap($0) < bag.overlap($1) }
        guard let nearest, bag.overlap(nearest) > 0.5 else {
            throw .unrecognized(describe(bag.tensors))
        }
        return nearest
    }

    private static func kerasModel(
        _ architecture: Architecture, _ bag: KerasBag, _ checkpoint: Checkpoint
    ) throws(TranslationError) -> Model {
        let sizes = try bag.fit(architecture)
        let canonical = canonicalWeights(architecture, sizes, bag)
        let form = try form(
            of: architecture, sizes: sizes,
            elementType: commonElementType(canonical.weights.values), in: checkpoint)
        var model = Model(
            graph: architecture.graph(form), weights: canonical.weights,
            architecture: architecture, origin: .keras)
        model.sourceNames = canonical.sources
        model.inputLayout = .nhwc
        model.notes = canonical.notes + assumptions(architecture, form, checkpoint.metadata)
        return model
    }

    /// The architecture's weights in canonical layout, their names in the file, and what had to be
    /// filled in.
    private static func canonicalWeights(
        _ architecture: Architecture, _ sizes: NetworkSizes, _ bag: KerasBag
    ) -> (weights: [String: Tensor], sources: [String: String], notes: [String]) {
        let bound = bag.bindings(architecture)
        var weights: [String: Tensor] = [:]
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
                } else {
                    weights[name] = bag.implied(role, in: found)
                    let value = role == .scale ? "1" : "0"
                    notes.append("\(found.name): no \(role.kerasName), so it is taken as \(value)")
                }
            }
            if case .dense = layer { picture = nil }
        }
        return (weights, sources, notes)
    }

    private static func canonical(
        _ tensor: Tensor, _ role: ParameterRole, _ layer: LayerSpec, picture: [Int]?
    ) -> Tensor {
        switch (layer, role) {
        case (.conv, .weight): KerasLayout.canonicalKernel(tensor)
        case (.dense, .weight): KerasLayout.canonicalDense(tensor, picture: picture)
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
        return [walk.channels, walk.side, walk.side]
    }
}

/// A Keras file's tensors, sorted into layers.
struct KerasBag {
    let layers: [KerasLayer]
    let tensors: [NamedTensor]
    /// Whether kernels are [out, in, kh, kw], as Keras 0 and 1 kept those of channels-first networks.
    var hasTheanoOrder = false

    var hasHead: Bool { layers.contains { $0.kind == .dense } }

    /// Whether there are as many layers of each kind as the architecture has, with or without its
    /// head. Keras 3's files of weights list them kind by kind.
    func hasLayers(of architecture: Architecture) -> Bool {
        func counts(_ kinds: [KerasLayer.Kind]) -> [KerasLayer.Kind: Int] {
            kinds.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        let mine = counts(layers.map(\.kind))
        return mine == counts(architecture.layers.compactMap(\.kerasKind))
            || mine == counts(architecture.features.compactMap(\.kerasKind))
    }

    /// The share of layer names in common, 0 … 1: of all there are, or of the file's alone.
    func overlap(_ architecture: Architecture, ofFile: Bool = false) -> Double {
        let theirs = Set(architecture.layers.compactMap { $0.parameterNames?.keras })
        let common = theirs.intersection(layers.map(\.name)).count
        let all = ofFile ? layers.count : max(theirs.count, layers.count)
        return Double(common) / Double(max(all, 1))
    }

    /// The file's layer for each of the architecture's: by order within a kind, or by name where
    /// every layer of the file has one of the architecture's names. A layer of another kind is none.
    func bindings(_ architecture: Architecture) -> [String: Int] {
        let places = Dictionary(
            layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let isNamed = places.count == layers.count && overlap(architecture, ofFile: true) == 1
        var bindings: [String: Int] = [:]
        let ofKind = Dictionary(grouping: layers.indices) { layers[$0].kind }
        var next: [KerasLayer.Kind: Int] = [:]
        for layer in architecture.layers(hasHead: hasHead) {
            guard let kind = layer.kerasKind, let keras = layer.parameterNames?.keras else {
                continue
            }
            let number = next[kind, default: 0]
            let ordered = ofKind[kind] ?? []
            let place = isNamed ? places[keras] : number < ordered.count ? ordered[number] : nil
            guard let place, layers[place].kind == kind else { continue }
            bindings[layer.name] = place
            next[kind] = number + 1
        }
        return bindings
    }

    /// Checks every layer against the architecture and reads its sizes.
    func fit(_ architecture: Architecture) throws(TranslationError) -> NetworkSizes {
        let bound = bindings(architecture)
        let sizes = try architecture.fit(hasHead: hasHead, fileShape: fileShape) {
            layer, role in
            let names = layer.parameterNames?.keras ?? layer.name
            let expected = "\(names)/\(role.kerasName):0"
            guard let place = bound[layer.name] else { return (nil, expected) }
            if let index = layers[place].indices[role] {
                return (source(index, role), expected)
            }
            let name = "\(layers[place].name)/\(role.kerasName):0"
            guard let implied = implied(role, in: layers[place]) else { return (nil, name) }
            return (
                SourceTensor(
                    name: name, elementType: implied.elementType, shape: implied.shape), name
            )
        }
        let used = Set(bound.values)
        for (place, layer) in layers.enumerated() {
            let extra = used.contains(place) ? layer.others.min() : layer.firstIndex
            if let extra {
                throw .unexpectedTensor(
                    name: tensors[extra].name, architecture: architecture.name)
            }
        }
        return sizes
    }

    private func source(_ index: Int, _ role: ParameterRole) -> SourceTensor {
        let tensor = tensors[index].tensor
        var shape = tensor.shape
        if role == .weight, !(hasTheanoOrder && tensor.rank == 4) {
            shape = shape.count == 4 ? [3, 2, 0, 1].map { shape[$0] } : shape.reversed()
        }
        return SourceTensor(
            name: tensors[index].name, elementType: tensor.elementType, shape: shape)
    }

    /// A canonical shape in Keras' axis order.
    private func fileShape(_ role: ParameterRole, _ shape: [Int?]) -> [Int?] {
        guard role == .weight, !(hasTheanoOrder && shape.count == 4) else { return shape }
        return shape.count == 4 ? [2, 3, 1, 0].map { shape[$0] } : shape.reversed()
    }

    /// The value of a batch normalisation's scale or shift that the layer was made without.
    func implied(_ role: ParameterRole, in layer: KerasLayer) -> Tensor? {
        guard layer.kind == .batchNorm, role == .scale || role == .shift,
            let index = layer.indices[.mean] ?? layer.indices[.variance]
        else { return nil }
        let like = tensors[index].tensor
        let values = [Double](repeating: role == .scale ? 1 : 0, count: like.elementCount)
        return Tensor(rounding: values, to: like.elementType, shape: like.shape)
    }
}

extension KerasLayer {
    /// The first of its tensors in the file.
    var firstIndex: Int? { (Array(indices.values) + others).min() }
}
