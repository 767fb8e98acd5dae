import IR
import Tensors

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
        guard architecture.layersWithoutKeras.isEmpty else { return false }
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
        // Names count for less where all layers are there: "conv2d_1" may be any of them.
        let enough = hasLayers(of: architecture) ? 1 : 0.5
        let isNamed =
            places.count == layers.count && overlap(architecture, ofFile: true) >= enough
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
            // A layer without its kernel is known by its name alone.
            guard let place,
                layers[place].kind == kind || isNamed && layers[place].kind == .unknown
            else { continue }
            bindings[layer.name] = place
            next[kind] = number + 1
        }
        return bindings
    }

    /// Checks every layer against the architecture and reads its sizes.
    func fit(_ architecture: Architecture) -> ArchitectureFit {
        let bound = bindings(architecture)
        var fit = architecture.fit(hasHead: hasHead, fileShape: fileShape) {
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
            let extra =
                used.contains(place) ? layer.others : Array(layer.indices.values) + layer.others
            for index in extra.sorted() {
                fit.problems.append(
                    .unexpectedTensor(name: tensors[index].name, architecture: architecture.name))
            }
        }
        return fit
    }

    /// How many problems there are with an architecture, or with the one that fits best.
    func misfits(_ architecture: Architecture?) -> Int {
        do throws(TranslationError) {
            let chosen =
                if let architecture { architecture } else { try Translation.recognize(self) }
            return fit(chosen).problems.count
        } catch .ambiguous {
            return 0
        } catch {
            return .max
        }
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

// MARK: Reasons

extension KerasBag {
    /// Why the layers are an architecture's.
    func reason(for architecture: Architecture) -> String {
        func count(_ kind: KerasLayer.Kind, _ word: String) -> String? {
            let number = layers.count { $0.kind == kind }
            return number == 0 ? nil : "\(number) \(word)"
        }
        let counts = [
            count(.conv, "convolutions"), count(.batchNorm, "normalisations"),
            count(.dense, "dense layers"),
        ].compactMap(\.self).joined(separator: ", ")
        let known = Set(architecture.layers.compactMap { $0.parameterNames?.keras })
        let named = layers.count { known.contains($0.name) }
        let first = layers.first { $0.indices[.weight] != nil }?.indices[.weight]
        let kernel =
            first.map { ", from '\(tensors[$0].name)' \(tensors[$0].tensor.shape) on" } ?? ""
        return "\(counts) in \(architecture.name)'s order and shapes\(kernel); "
            + "\(named) of \(layers.count) layer names are its own"
    }

    /// How near the nearest architecture is, to follow a description of the tensors.
    func nearness() -> String {
        let fits = ArchitectureRegistry.recognizedByTensors.map { (architecture: $0, fit: fit($0)) }
        let nearest = fits.min { left, right in
            left.fit.problems.count < right.fit.problems.count
        }
        guard let nearest, let first = nearest.fit.problems.first,
            nearest.fit.problems.count < tensors.count
        else { return "" }
        return "; nearest is \(nearest.architecture.name), which first differs here: \(first)"
    }
}
