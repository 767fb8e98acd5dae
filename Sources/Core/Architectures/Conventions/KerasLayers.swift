import IR
import Tensors

/// A Keras layer's tensors in their roles.
struct KerasLayer {
    enum Kind: String { case conv, depthwise, dense, batchNorm, unknown }

    /// The layer's own name, or its path in a nested model.
    var name: String
    /// Places in the file's list of tensors.
    var indices: [ParameterRole: Int] = [:]
    var others: [Int] = []
    var kind = Kind.unknown
    /// Whether the name of the kernel says that its last axis counts multiples of its third.
    var isDepthwise = false
}

extension KerasLayer {
    /// The layers of a file in its own order: tensors of one layer and one path belong together.
    static func layers(of tensors: [NamedTensor]) throws(TranslationError) -> [KerasLayer] {
        var places: [String: Int] = [:]
        var layers: [KerasLayer] = []
        for (index, tensor) in tensors.enumerated() {
            let path = tensor.name.split(separator: "/")
            // The state of dropout's random numbers is no parameter.
            if path.contains(where: { $0.hasPrefix("seed_generator") }) { continue }
            let folder = path.dropLast().joined(separator: "/")
            let key = "\(tensor.layer ?? "")\u{0}\(folder)"
            let name = path.dropLast().last { $0 != "vars" }.map(String.init) ?? tensor.layer ?? ""
            let place = places[key] ?? layers.count
            if place == layers.count {
                places[key] = place
                layers.append(KerasLayer(name: name))
            }
            try layers[place].add(index, tensor)
        }
        for place in layers.indices { layers[place].settle(tensors) }
        return layers
    }

    private mutating func add(
        _ index: Int, _ tensor: NamedTensor
    ) throws(TranslationError) {
        let leaf = Self.leaf(of: tensor.name, layer: name)
        guard let role = Self.roles[leaf] else {
            others.append(index)
            return
        }
        if indices.updateValue(index, forKey: role) != nil {
            throw .duplicateTensor(name: tensor.name)
        }
        isDepthwise = isDepthwise || leaf == "depthwise_kernel"
    }

    /// Keras 2 and 3 names, then those of Keras 1.
    private static let roles: [String: ParameterRole] = [
        "kernel": .weight, "depthwise_kernel": .weight, "bias": .bias,
        "gamma": .scale, "beta": .shift, "moving_mean": .mean, "moving_variance": .variance,
        "W": .weight, "b": .bias, "running_mean": .mean, "running_std": .variance,
    ]

    /// Whether all names are of Keras 2 and 3, `LAYER/kernel:0`; other frameworks have no "kernel".
    static func areNames(of tensors: [NamedTensor]) -> Bool {
        let leaves = tensors.map { tensor in
            let parts = tensor.name.split(separator: "/")
            return parts.count < 2 ? "" : String(parts[parts.count - 1].prefix { $0 != ":" })
        }
        return leaves.contains("kernel")
            && leaves.allSatisfy { $0.count > 1 && roles[$0] != nil }
    }

    /// What a weight's name says it is: `block1_conv1/kernel:0` → `kernel`, Keras 1's
    /// `block1_conv1_W_1:0` → `W`.
    static func leaf(of name: String, layer: String) -> String {
        var leaf = name.split(separator: "/").last ?? ""
        leaf = leaf.prefix { $0 != ":" }
        if roles[String(leaf)] != nil { return String(leaf) }
        // Keras 0 and 1 numbered weights that had no names.
        if leaf.hasPrefix("param_") { return String(leaf.dropFirst("param_".count)) }
        if let last = leaf.lastIndex(of: "_"), leaf[last...].dropFirst().allSatisfy(\.isNumber),
            leaf[last...].count > 1
        {
            leaf = leaf[..<last]
        }
        if leaf.hasPrefix("\(layer)_") { leaf = leaf.dropFirst(layer.count + 1) }
        if roles[String(leaf)] != nil { return String(leaf) }
        let known = roles.keys.filter { leaf.hasSuffix("_\($0)") }
        return known.max { $0.count < $1.count } ?? String(leaf)
    }

    /// Decides the layer's kind, reading numbered weights by their places.
    private mutating func settle(_ tensors: [NamedTensor]) {
        if indices.isEmpty { adoptNumbered(tensors) }
        if let weight = indices[.weight] {
            switch tensors[weight].tensor.rank {
            case 4: kind = isDepthwise ? .depthwise : .conv
            case 2: kind = .dense
            default: kind = .unknown
            }
        } else if indices[.mean] != nil || indices[.variance] != nil {
            kind = .batchNorm
        }
    }

    /// Keras 0's and Keras 3's files of weights number a layer's weights.
    private mutating func adoptNumbered(_ tensors: [NamedTensor]) {
        let numbered = others.compactMap { index -> (number: Int, index: Int)? in
            let leaf = Self.leaf(of: tensors[index].name, layer: name)
            return Int(leaf).map { ($0, index) }
        }.sorted { $0.number < $1.number }
        guard numbered.count == others.count, let first = numbered.first else { return }
        let roles: [ParameterRole] =
            tensors[first.index].tensor.rank > 1
            ? [.weight, .bias] : [.scale, .shift, .mean, .variance]
        let complete = roles == [.weight, .bias] ? numbered.count <= 2 : numbered.count == 4
        guard complete else { return }
        for (role, entry) in zip(roles, numbered) { indices[role] = entry.index }
        others = []
    }
}

extension LayerSpec {
    /// The kind of Keras layer that holds this layer's parameters; nil without parameters.
    var kerasKind: KerasLayer.Kind? {
        switch self {
        case .conv: .conv
        case .batchNorm: .batchNorm
        case .dense: .dense
        default: nil
        }
    }
}

extension Architecture {
    /// Names of layers with parameters that no layer of Keras has.
    var layersWithoutKeras: [String] {
        layers.filter { $0.parameterNames != nil && $0.kerasKind == nil }.map(\.name)
    }
}
