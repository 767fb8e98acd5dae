import IR
import Tensors

/// State dicts under names of their own, and why one is taken for a network.
extension StateDictNames {
    /// A module's tensors in the file, by the last part of their names.
    private struct Module {
        var name: String
        var indices: [String: Int] = [:]

        /// What the module's own tensors say it is; nil where they do not.
        func kind(_ tensors: [NamedTensor]) -> KerasLayer.Kind? {
            if indices["running_var"] != nil { return .batchNorm }
            switch indices["weight"].map({ tensors[$0].tensor.rank }) {
            case 4: return .conv
            case 2: return .dense
            default: return nil
            }
        }
    }

    /// The names of an architecture whose layers a file has in order, under other names: the tensors
    /// of each module have a state_dict's last parts, and all shapes fit.
    ///
    /// Files that list names by their bytes ("conv10" before "conv2") have lost the order: there the
    /// names' numbers tell it.
    ///
    /// - Throws: `.unrecognized` where layers could be exchanged for all that the numbers tell.
    static func inOrder(
        _ tensors: [NamedTensor], of architecture: Architecture
    ) throws(TranslationError) -> StateDictNames? {
        guard let modules = modules(tensors) else { return nil }
        let numbered = modules.sorted {
            naturalKey($0.name).lexicographicallyPrecedes(naturalKey($1.name))
        }
        let orders = tensors.areSorted ? [] : [(modules, isTold: true)]
        for (order, isTold) in orders + [(numbered, isTold: false)] {
            for layers in [architecture.layers, architecture.features] {
                guard let names = match(order, layers, tensors, architecture),
                    names.fit(architecture, tensors).problems.isEmpty
                else { continue }
                if !isTold, let (one, other) = exchangeable(order, tensors) {
                    throw .unrecognized(
                        "'\(one)' and '\(other)' of equal shapes, and neither numbers nor the "
                            + "file's order that tell which comes first; number them with --rename "
                            + "or --mapping")
                }
                return names
            }
        }
        return nil
    }

    /// Two modules of the same shapes whose order in the list is not one of numbers.
    private static func exchangeable(
        _ modules: [Module], _ tensors: [NamedTensor]
    ) -> (String, String)? {
        var last: [[String: [Int]]: String] = [:]
        for module in modules {
            let shapes = module.indices.mapValues { tensors[$0].tensor.shape }
            if let before = last.updateValue(module.name, forKey: shapes),
                !areNumbered(before, module.name)
            {
                return (before, module.name)
            }
        }
        return nil
    }

    /// Whether the first difference of two names is one of numbers, or the second goes on where the
    /// first ends.
    private static func areNumbered(_ one: String, _ other: String) -> Bool {
        let pair = zip(naturalKey(one), naturalKey(other)).first { $0 != $1 }
        guard let (first, second) = pair else { return true }
        return first.number >= 0 && second.number >= 0 || second.text.hasPrefix(first.text)
    }

    private static func modules(_ tensors: [NamedTensor]) -> [Module]? {
        var places: [String: Int] = [:]
        var modules: [Module] = []
        for (index, tensor) in tensors.enumerated() {
            guard let dot = tensor.name.lastIndex(where: { $0 == "." || $0 == "/" }) else {
                return nil
            }
            let (name, leaf) = (
                String(tensor.name[..<dot]), String(tensor.name[dot...].dropFirst())
            )
            let place = places[name] ?? modules.count
            if place == modules.count {
                places[name] = place
                modules.append(Module(name: name))
            }
            modules[place].indices[leaf] = index
        }
        return modules
    }

    private static func match(
        _ modules: [Module], _ layers: [LayerSpec], _ tensors: [NamedTensor],
        _ architecture: Architecture
    ) -> StateDictNames? {
        let layers = layers.filter { $0.parameterNames != nil }
        guard modules.count == layers.count else { return nil }
        var names: [String: Int] = [:]
        for (module, layer) in zip(modules, layers) {
            guard module.kind(tensors) == layer.kerasKind else { return nil }
            for (leaf, index) in module.indices { names["\(layer.name).\(leaf)"] = index }
        }
        return StateDictNames(
            indices: names,
            note:
                "its tensors have names of their own: taken for \(architecture.name) by the order "
                + "and the shapes of its \(layers.count) layers",
            isInOrder: true)
    }

    // MARK: Reasons

    /// Why the tensors are an architecture's: a name that the next nearest has not.
    func reason(for architecture: Architecture, _ tensors: [NamedTensor]) -> String {
        if isInOrder { return "the order and the shapes of its layers; their names are others" }
        let names = Self.names(of: architecture.layers)
        let present = names.count { indices[$0] != nil }
        var text = "\(present) of its \(names.count) tensor names are \(architecture.name)'s"
        if let twin = ArchitectureRegistry.architectures.first(where: {
            $0.sharesTensorsOf == architecture.name
        }) {
            text += "; \(twin.name) has the same, and is asked for with --arch"
        }
        let others = ArchitectureRegistry.recognizedByTensors.filter {
            $0.name != architecture.name && Self.names(of: $0.layers) != names
        }
        guard let next = others.max(by: { overlap($0) < overlap($1) }) else { return text }
        let theirs = Set(Self.names(of: next.layers))
        let own = names.filter { indices[$0] != nil && !theirs.contains($0) }
        if let decisive = own.first, let index = indices[decisive] {
            text +=
                "; \(next.name), the next nearest, has no '\(decisive)', which is "
                + "\(tensors[index].tensor.shape) here"
        } else if let absent = theirs.subtracting(names).sorted().first {
            text += "; \(next.name), the next nearest, has '\(absent)' too"
        }
        return text
    }

    /// How near the nearest architecture is, to follow a description of the tensors.
    func nearness(_ architecture: Architecture, _ tensors: [NamedTensor]) -> String {
        let names = Self.names(of: architecture.layers)
        let present = names.count { indices[$0] != nil }
        guard present > 0, let first = fit(architecture, tensors).problems.first else { return "" }
        return
            "; nearest is \(architecture.name) with \(present) of its \(names.count) names, which "
            + "first differs here: \(first)"
    }
}

extension [NamedTensor] {
    /// Whether the names of each element type are sorted by their bytes: so safetensors has them,
    /// whatever order they were given in.
    var areSorted: Bool {
        var last: [ElementType: String] = [:]
        return allSatisfy { tensor in
            let before = last.updateValue(tensor.name, forKey: tensor.tensor.elementType)
            return before.map { $0 <= tensor.name } ?? true
        }
    }
}

/// A name's parts for comparing by number: "conv10" after "conv2".
func naturalKey(_ name: String) -> [NaturalPart] {
    var parts: [NaturalPart] = []
    var rest = name[...]
    while let first = rest.first {
        let isDigit = first.isASCII && first.isNumber
        let run = rest.prefix { ($0.isASCII && $0.isNumber) == isDigit }
        parts.append(
            NaturalPart(number: isDigit ? Int(run) ?? .max : -1, text: String(run)))
        rest = rest[run.endIndex...]
    }
    return parts
}

struct NaturalPart: Comparable {
    /// −1 for text, which comes before numbers.
    var number: Int
    var text: String

    static func < (a: NaturalPart, b: NaturalPart) -> Bool {
        (a.number, a.text) < (b.number, b.text)
    }
}
