import FormatInterface
import HDF5Format

/// A layer's weights where a file keeps them, under the names that the layer gives them.
struct KerasWeightPlaces {
    struct Place {
        /// The layer's path and the weight's name.
        var layer: String
        var leaf: String
        var dataset: HDF5Dataset
    }

    /// In the order of the configuration.
    private(set) var places: [Place] = []

    // MARK: Legacy files: one list for each layer of the outermost model

    /// - Throws: `ContentError` when a layer's list is missing or of another length.
    init(_ network: KerasNetwork, in lists: KerasWeightLists) throws(ContentError) {
        let byName = Dictionary(
            lists.layers.map { ($0.name, $0.weights) }, uniquingKeysWith: { first, _ in first })
        for layer in network.layers {
            let leaves =
                layer.inner?.leaves(below: [layer.name])
                ?? [KerasLeaf(layer: layer, path: [layer.name])]
            var slots: [Slot] = []
            for leaf in leaves { slots += try Self.slots(of: leaf) }
            let weights = byName[layer.name] ?? []
            if slots.isEmpty, !weights.isEmpty, layer.inner == nil {
                throw layer.error(
                    expected: "a layer whose weights Ferry knows",
                    found: "\(layer.className) with \(weights.count) weights")
            }
            guard weights.count == slots.count else {
                throw layer.error(
                    expected: "\(slots.count) weights in the file", found: "\(weights.count)")
            }
            let ordered =
                layer.inner == nil
                ? weights
                : Self.byName(weights, slots) ?? Self.byPosition(weights, slots, layer)
            for (slot, weight) in zip(slots, ordered) {
                places.append(Place(layer: slot.layer, leaf: slot.leaf, dataset: weight.dataset))
            }
        }
    }

    private struct Slot {
        var layer: String
        var path: [String]
        var leaf: String
        var isTrained: Bool
    }

    private static func slots(of leaf: KerasLeaf) throws(ContentError) -> [Slot] {
        let names = try leaf.layer.weightNames()
        let trainable = try leaf.layer.trainableCount()
        let isFree = try leaf.layer.flag("trainable", default: true)
        return names.enumerated().map { index, name in
            Slot(
                layer: leaf.name, path: leaf.path, leaf: name,
                isTrained: isFree && index < trainable)
        }
    }

    /// The weights in the order of `slots`, told by their paths; nil where those do not tell.
    private static func byName(
        _ weights: [KerasWeightLists.Weight], _ slots: [Slot]
    ) -> [KerasWeightLists.Weight]? {
        var found = [KerasWeightLists.Weight?](repeating: nil, count: slots.count)
        for weight in weights {
            var parts = weight.name.split(separator: "/").map(String.init)
            let leaf = String((parts.popLast() ?? "").prefix { $0 != ":" })
            let fitting = slots.indices.filter { index in
                let slot = slots[index]
                let isNamed = slot.leaf == leaf || slot.leaf == "depthwise_\(leaf)"
                return isNamed && found[index] == nil && parts.last == slot.path.last
            }
            // Equal names in several models are told apart by the models'.
            let exact = fitting.filter { slots[$0].path.suffix(parts.count) == parts[...] }
            guard let place = exact.count == 1 ? exact[0] : fitting.count == 1 ? fitting[0] : nil
            else { return nil }
            found[place] = weight
        }
        let all = found.compactMap(\.self)
        return all.count == slots.count ? all : nil
    }

    /// Keras' own order: what is trained, then the rest; as they come when nothing is trained.
    private static func byPosition(
        _ weights: [KerasWeightLists.Weight], _ slots: [Slot], _ layer: KerasLayer
    ) -> [KerasWeightLists.Weight] {
        if layer.config["trainable"]?.bool == false { return weights }
        let order =
            slots.indices.filter { slots[$0].isTrained }
            + slots.indices.filter { !slots[$0].isTrained }
        var ordered = weights
        for (weight, slot) in zip(weights, order) { ordered[slot] = weight }
        return ordered
    }

    // MARK: Keras 3 files: a group for each layer, weights numbered

    /// - Throws: `ContentError` when a layer's group is missing or holds another number of weights.
    init(_ network: KerasNetwork, in groups: NumberedGroups) throws(ContentError) {
        try add(network, groups, below: "", path: [])
    }

    private mutating func add(
        _ network: KerasNetwork, _ groups: NumberedGroups, below base: String, path: [String]
    ) throws(ContentError) {
        // A Sequential model does not count its input among its layers.
        let counted = network.layers.filter { layer in
            !(network.isSequential && layer.className == "InputLayer")
        }
        var numbers: [String: Int] = [:]
        for layer in counted {
            let word = NumberedGroups.word(of: layer.className)
            let number = numbers[word] ?? 0
            numbers[word] = number + 1
            let place = path + [layer.name]
            let group = groups.group(word, number, below: base)
            if let inner = layer.inner {
                try add(inner, groups, below: group ?? "\(base)/?", path: place)
                continue
            }
            let names = try layer.weightNames()
            if names.isEmpty { continue }
            let datasets = group.map { groups.variables(of: $0) } ?? []
            guard datasets.count == names.count else {
                throw ContentError(
                    layer: place.joined(separator: "/"),
                    expected: "\(names.count) weights in the file", found: "\(datasets.count)")
            }
            for (name, dataset) in zip(names, datasets) {
                places.append(
                    Place(layer: place.joined(separator: "/"), leaf: name, dataset: dataset))
            }
        }
    }
}
