import IR
import Tensors

/// State dicts: names decide, layouts are canonical already.
extension Translation {
    /// - Parameter isPartial: whether tensors may be missing, misshapen or too many.
    static func pytorchModel(
        from checkpoint: Checkpoint, architecture: Architecture?, isPartial: Bool = false
    ) throws(TranslationError) -> Model {
        let bags = try StateDictNames.readings(of: checkpoint.tensors)
        let choice: (architecture: Architecture, names: StateDictNames)
        var reason = ""
        if let architecture {
            let nearest = bags.max { $0.overlap(architecture) < $1.overlap(architecture) }
            var names = nearest ?? bags[0]
            if names.overlap(architecture) <= leastOverlap {
                names = try .inOrder(checkpoint.tensors, of: architecture) ?? names
            }
            choice = (architecture, names)
        } else {
            choice = try recognize(bags, in: checkpoint.tensors, isPartial)
            reason = choice.names.reason(for: choice.architecture, checkpoint.tensors)
        }
        var model = try pytorchModel(choice.architecture, choice.names, checkpoint, isPartial)
        model.recognition = reason
        if let note = choice.names.note { model.notes.append(note) }
        return model
    }

    /// The share of names that says which architecture is meant.
    private static let leastOverlap = 0.5

    /// The one architecture whose names and shapes the tensors have.
    ///
    /// - Parameter isPartial: whether one is taken although tensors do not fit; what is as near then
    ///   makes it ambiguous.
    private static func recognize(
        _ bags: [StateDictNames], in tensors: [NamedTensor], _ isPartial: Bool
    ) throws(TranslationError) -> (architecture: Architecture, names: StateDictNames) {
        func nearest(
            _ known: [Architecture], _ names: StateDictNames
        ) throws(TranslationError) -> Architecture? {
            let misfits = known.map { names.fit($0, tensors).problems.count }
            let alike = zip(known, misfits).filter { $1 == misfits.min() }.map(\.0)
            if alike.count > 1, isPartial || misfits.min() == 0 {
                throw .ambiguous(alike.map(\.name))
            }
            return alike.first
        }
        let known = ArchitectureRegistry.recognizedByTensors
        for names in bags {
            let named = known.filter { names.areExactly($0) }
            if let architecture = try nearest(named, names) { return (architecture, names) }
        }
        // None exactly: an architecture with most of its tensors present tells what is wrong.
        let pairs = bags.flatMap { names in known.map { (architecture: $0, names: names) } }
        let best = pairs.max { left, right in
            left.names.overlap(left.architecture) < right.names.overlap(right.architecture)
        }
        if let best, best.names.overlap(best.architecture) > leastOverlap {
            let share = best.names.overlap(best.architecture)
            let alike = known.filter { best.names.overlap($0) == share }
            return (try nearest(alike, best.names) ?? best.architecture, best.names)
        }
        var ordered: [(architecture: Architecture, names: StateDictNames)] = []
        for architecture in known {
            guard let names = try StateDictNames.inOrder(tensors, of: architecture) else {
                continue
            }
            ordered.append((architecture, names))
        }
        if ordered.count > 1 { throw .ambiguous(ordered.map(\.architecture.name)) }
        if let only = ordered.first { return only }
        throw .unrecognized(
            describe(tensors) + (best.map { $0.names.nearness($0.architecture, tensors) } ?? ""))
    }

    static func describe(_ tensors: [NamedTensor]) -> String {
        let examples = tensors.prefix(3).map { "'\($0.name)' \($0.tensor.shape)" }
        let list = examples.joined(separator: ", ")
        return tensors.isEmpty ? "no tensors" : "\(tensors.count) tensors, first \(list)"
    }

    private static func pytorchModel(
        _ architecture: Architecture, _ names: StateDictNames, _ checkpoint: Checkpoint,
        _ isPartial: Bool
    ) throws(TranslationError) -> Model {
        let tensors = checkpoint.tensors
        var fit = names.fit(architecture, tensors)
        var weights: [String: Tensor] = [:]
        var sources: [String: String] = [:]
        var extras: [String: Tensor] = [:]
        var unused = names.indices
        for parameter in architecture.parameters(fit.sizes) {
            let count = "\(parameter.layer).num_batches_tracked"
            if parameter.role == .variance, let index = unused.removeValue(forKey: count) {
                extras[count] = try batchCount(tensors[index])
            }
            guard let index = unused.removeValue(forKey: parameter.name) else { continue }
            weights[parameter.name] = tensors[index].tensor
            sources[parameter.name] = tensors[index].name
        }
        for index in unused.values.sorted() {
            fit.problems.append(
                .unexpectedTensor(name: tensors[index].name, architecture: architecture.name))
        }
        if !isPartial { _ = try fit.exact() }
        let missing = try fill(&weights, of: architecture, fit)
        if let stray = architecture.strayConnection(in: { weights[$0] }) { throw stray }
        let form = try form(
            of: architecture, sizes: fit.sizes, elementType: commonElementType(weights.values),
            in: checkpoint)
        var model = Model(
            graph: architecture.graph(form), weights: weights, architecture: architecture,
            origin: .pytorch)
        model.extras = extras
        model.sourceNames = sources
        model.missing = missing
        model.problems = fit.problems
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
                let isMissing = model.missing.contains(variance)
                append(name, model.extras[name] ?? (isMissing ? nil : Tensor([count], shape: [])))
            }
        }
        return tensors
    }
}
