import IR
import Tensors

/// State dicts: names decide, layouts are canonical already.
extension Translation {
    static func pytorchModel(
        from checkpoint: Checkpoint, architecture: Architecture?
    ) throws(TranslationError) -> Model {
        let bags = try StateDictNames.readings(of: checkpoint.tensors)
        let choice: (architecture: Architecture, names: StateDictNames)
        if let architecture {
            let names = bags.max { $0.overlap(architecture) < $1.overlap(architecture) }
            choice = (architecture, names ?? bags[0])
        } else {
            choice = try recognize(bags, in: checkpoint.tensors)
        }
        return try pytorchModel(choice.architecture, choice.names, checkpoint)
    }

    /// The one architecture whose names and shapes the tensors have.
    private static func recognize(
        _ bags: [StateDictNames], in tensors: [NamedTensor]
    ) throws(TranslationError) -> (architecture: Architecture, names: StateDictNames) {
        let known = ArchitectureRegistry.architectures
        for names in bags {
            let named = known.filter { names.areExactly($0) }
            guard let first = named.first else { continue }
            let fitting = named.filter { (try? names.fit($0, tensors)) != nil }
            if fitting.count > 1 { throw .ambiguous(fitting.map(\.name)) }
            return (fitting.first ?? first, names)
        }
        // None exactly: an architecture with most of its tensors present tells what is wrong.
        let pairs = bags.flatMap { names in known.map { (architecture: $0, names: names) } }
        let nearest = pairs.max { left, right in
            left.names.overlap(left.architecture) < right.names.overlap(right.architecture)
        }
        guard let nearest, nearest.names.overlap(nearest.architecture) > 0.5 else {
            throw .unrecognized(describe(tensors))
        }
        return nearest
    }

    static func describe(_ tensors: [NamedTensor]) -> String {
        let examples = tensors.prefix(3).map { "'\($0.name)' \($0.tensor.shape)" }
        let list = examples.joined(separator: ", ")
        return tensors.isEmpty ? "no tensors" : "\(tensors.count) tensors, first \(list)"
    }

    private static func pytorchModel(
        _ architecture: Architecture, _ names: StateDictNames, _ checkpoint: Checkpoint
    ) throws(TranslationError) -> Model {
        let tensors = checkpoint.tensors
        let sizes = try names.fit(architecture, tensors)
        var weights: [String: Tensor] = [:]
        var sources: [String: String] = [:]
        var extras: [String: Tensor] = [:]
        var unused = names.indices
        for parameter in architecture.parameters(sizes) {
            guard let index = unused.removeValue(forKey: parameter.name) else { continue }
            weights[parameter.name] = tensors[index].tensor
            sources[parameter.name] = tensors[index].name
            let count = "\(parameter.layer).num_batches_tracked"
            guard parameter.role == .variance, let index = unused.removeValue(forKey: count) else {
                continue
            }
            extras[count] = try batchCount(tensors[index])
        }
        if let index = unused.values.min() {
            throw .unexpectedTensor(name: tensors[index].name, architecture: architecture.name)
        }
        let form = try form(
            of: architecture, sizes: sizes, elementType: commonElementType(weights.values),
            in: checkpoint)
        var model = Model(
            graph: architecture.graph(form), weights: weights, architecture: architecture,
            origin: .pytorch)
        model.extras = extras
        model.sourceNames = sources
        return model
    }

    private static func batchCount(_ tensor: NamedTensor) throws(TranslationError) -> Tensor {
        guard tensor.tensor.elementCount == 1 else {
            throw .shapeMismatch(name: tensor.name, expected: [], found: tensor.tensor.shape)
        }
        guard !tensor.tensor.elementType.isFloatingPoint else {
            throw .elementType(
                name: tensor.name, expected: "an integer", found: tensor.tensor.elementType)
        }
        return tensor.tensor
    }

    /// The element type all weights share; float32 when they differ.
    static func commonElementType(_ tensors: some Sequence<Tensor>) -> ElementType {
        let types = Set(tensors.map(\.elementType))
        return types.count == 1 ? types.first ?? .float32 : .float32
    }

    /// The tensor's own name; by layer and role where that has slashes, as TensorFlow's have.
    private static func stateDictName(
        of parameter: ParameterLayer.Parameter, in layer: ParameterLayer
    ) -> String {
        guard parameter.name.contains("/") else { return parameter.name }
        let name =
            parameter.role == .other
            ? parameter.name : "\(layer.node).\(parameter.role.pytorchName)"
        return String(name.drop { $0 == "/" }).replacing("/", with: ".")
    }

    /// A state_dict of the model, in module order.
    static func pytorchTensors(of model: Model) -> [NamedTensor] {
        let count = batchesTracked(model.metadata) ?? 0
        var tensors: [NamedTensor] = []
        var written: Set<String> = []
        func append(_ name: String, _ tensor: Tensor?) {
            guard let tensor, written.insert(name).inserted else { return }
            tensors.append(NamedTensor(name: name, tensor: tensor))
        }
        var owners: [String: String] = [:]
        for layer in model.layers {
            for parameter in layer.parameters {
                var name = stateDictName(of: parameter, in: layer)
                while let owner = owners[name], owner != parameter.name { name += "_" }
                owners[name] = parameter.name
                append(name, model.weights[parameter.name])
            }
            let suffix = ".running_var"
            if let variance = layer.name(of: .variance), variance.hasSuffix(suffix) {
                let name = "\(variance.dropLast(suffix.count)).num_batches_tracked"
                append(name, model.extras[name] ?? Tensor([count], shape: []))
            }
        }
        return tensors
    }
}

/// One way to read a bag's names as those of a state_dict.
struct StateDictNames {
    /// Places in the file's list of tensors, by name in the state_dict.
    let indices: [String: Int]

    /// The names as they are; then without what wrappers such as DataParallel put before all of
    /// them, part by part; then as the state_dict of `features` alone.
    static func readings(of tensors: [NamedTensor]) throws(TranslationError) -> [StateDictNames] {
        // Groups of an HDF5 file stand for the modules' dots.
        let isNested = !tensors.contains { $0.name.contains(".") }
        let names = tensors.map { tensor in
            let path = String(tensor.name.drop { $0 == "/" })
            return isNested ? path.replacing("/", with: ".") : path
        }
        var plain: [String: Int] = [:]
        for (index, name) in names.enumerated() {
            if plain.updateValue(index, forKey: name) != nil {
                throw .duplicateTensor(name: tensors[index].name)
            }
        }
        var readings = [StateDictNames(indices: plain)]
        var shorter = plain
        while let first = shorter.keys.first, let dot = first.firstIndex(of: "."),
            readings.count < 8
        {
            let prefix = first[...dot]
            guard shorter.keys.allSatisfy({ $0.hasPrefix(prefix) && $0.count > prefix.count })
            else { break }
            shorter = Dictionary(
                uniqueKeysWithValues: shorter.map { (String($0.dropFirst(prefix.count)), $1) })
            readings.append(StateDictNames(indices: shorter))
        }
        // DataParallel around a part of the network: "features.module.0.weight".
        let inner = plain.map { name, index in
            (name.split(separator: ".").filter { $0 != "module" }.joined(separator: "."), index)
        }
        let unwrapped = Dictionary(inner) { first, _ in first }
        if unwrapped.count == plain.count, unwrapped.keys != plain.keys {
            readings.append(StateDictNames(indices: unwrapped))
        }
        let features = plain.map { ("features.\($0)", $1) }
        readings.append(StateDictNames(indices: Dictionary(uniqueKeysWithValues: features)))
        return readings
    }

    private static func isCount(_ name: String) -> Bool {
        name.hasSuffix(".num_batches_tracked")
    }

    private static func names(of layers: [LayerSpec]) -> [String] {
        layers.flatMap { layer in layer.roles.map { "\(layer.name).\($0.pytorchName)" } }
    }

    /// Whether the names are those of the architecture, with or without its head.
    func areExactly(_ architecture: Architecture) -> Bool {
        let mine = Set(indices.keys.filter { !Self.isCount($0) })
        return mine == Set(Self.names(of: architecture.layers))
            || mine == Set(Self.names(of: architecture.features))
    }

    /// The share of names in common, 0 … 1.
    func overlap(_ architecture: Architecture) -> Double {
        let theirs = Self.names(of: architecture.layers)
        let common = theirs.count { indices[$0] != nil }
        return Double(common) / Double(max(theirs.count, indices.count))
    }

    func fit(
        _ architecture: Architecture, _ tensors: [NamedTensor]
    ) throws(TranslationError) -> NetworkSizes {
        let head = architecture.layers.dropFirst(architecture.features.count)
        let hasHead = Self.names(of: Array(head)).contains { indices[$0] != nil }
        return try architecture.fit(hasHead: hasHead) { layer, role in
            let name = "\(layer.name).\(role.pytorchName)"
            guard let index = indices[name] else { return (nil, name) }
            let tensor = tensors[index].tensor
            return (
                SourceTensor(
                    name: tensors[index].name, elementType: tensor.elementType,
                    shape: tensor.shape), name
            )
        }
    }
}
