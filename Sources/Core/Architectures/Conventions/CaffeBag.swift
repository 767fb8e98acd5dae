import IR
import Tensors

/// A Caffe file's tensors by name, without a network.
struct CaffeBag {
    let tensors: [NamedTensor]
    /// Places in the file's list of tensors.
    private let indices: [String: Int]

    init(_ tensors: [NamedTensor]) throws(TranslationError) {
        self.tensors = tensors
        var indices: [String: Int] = [:]
        for (index, tensor) in tensors.enumerated() {
            if indices.updateValue(index, forKey: tensor.name) != nil {
                throw .duplicateTensor(name: tensor.name)
            }
        }
        self.indices = indices
    }

    /// What an architecture's tensors would be called here.
    func names(for architecture: Architecture) -> CaffeNames {
        CaffeNames(architecture, among: indices.mapValues { tensors[$0].tensor.shape })
    }

    /// Whether the names are those of the architecture, with or without its head.
    func hasNames(of architecture: Architecture) -> Bool {
        let names = names(for: architecture)
        let mine = Set(indices.keys.map(Optional.init))
        return mine == names.all(in: architecture.layers)
            || mine == names.all(in: architecture.features)
    }

    /// A tensor as its role takes it: Caffe keeps sums of statistics beside what divides them.
    func tensor(_ name: String, in role: ParameterRole, by names: CaffeNames) -> Tensor? {
        guard let tensor = indices[name].map({ tensors[$0].tensor }) else { return nil }
        guard role == .mean || role == .variance, let count = names.count(beside: name),
            let factor = indices[count].map({ tensors[$0].tensor.floats() })?.first, factor != 1
        else { return tensor }
        let share = factor == 0 ? 0 : 1 / factor
        let scale = Tensor(rounding: [Double(share)], to: tensor.elementType, shape: [1])
        return (try? Mul().evaluate([tensor, scale]))?.first ?? tensor
    }

    func fit(_ architecture: Architecture, _ names: CaffeNames) -> ArchitectureFit {
        let head = architecture.layers.dropFirst(architecture.features.count)
        let hasHead = names.all(in: Array(head)).contains {
            $0.map { indices[$0] != nil } ?? false
        }
        var fit = architecture.fit(hasHead: hasHead) { layer, role in
            let name = names.name(of: role, in: layer) ?? layer.name
            guard let index = indices[name] else { return (nil, name) }
            let tensor = tensors[index].tensor
            return (
                SourceTensor(name: name, elementType: tensor.elementType, shape: tensor.shape),
                name
            )
        }
        let used = names.all(in: architecture.layers(hasHead: hasHead))
        for tensor in tensors where !used.contains(tensor.name) {
            fit.problems.append(
                .unexpectedTensor(name: tensor.name, architecture: architecture.name))
        }
        return fit
    }
}

/// What Caffe's files call an architecture's tensors: the layer's name, and the number of the role.
///
/// A normalisation is divided between two layers, of statistics and of scales, which are called after
/// the convolution before them in some way: "bn_conv1_1", "conv1_1/scale", "bn1_1".
struct CaffeNames {
    /// The layers of statistics and of scales, by the normalisation's own name.
    private var normalizations: [String: (statistics: String, scale: String)] = [:]

    /// - Parameter shapes: of the file's tensors, by name.
    init(_ architecture: Architecture, among shapes: [String: [Int]]) {
        var pairs: [(norm: String, conv: String)] = []
        for (layer, next) in zip(architecture.layers, architecture.layers.dropFirst()) {
            if case .batchNorm(let norm) = next, let conv = layer.parameterNames?.caffe {
                pairs.append((norm.pytorch, conv))
            }
        }
        if pairs.isEmpty { return }
        let own = Set(architecture.layers.compactMap { $0.parameterNames?.caffe })
        let layers = Set(shapes.keys.compactMap { Self.layer(of: $0) }).subtracting(own).sorted()
        let statistics = layers.filter { shapes["\($0)/2"] == [1] }
        let scales = layers.filter { shapes["\($0)/2"] == nil && shapes["\($0)/1"]?.count == 1 }
        let convs = pairs.map(\.conv)
        guard let statistic = Self.pattern(for: convs, among: statistics),
            let scale = Self.pattern(for: convs, among: scales)
        else { return }
        for pair in pairs {
            normalizations[pair.norm] = (statistic.name(pair.conv), scale.name(pair.conv))
        }
    }

    private static func layer(of tensor: String) -> String? {
        tensor.lastIndex(of: "/").map { String(tensor[..<$0]) }
    }

    /// What stands before and behind a convolution's name, or its number.
    private struct Pattern {
        var before: Substring
        var after: Substring
        var isOfNumber: Bool

        func name(_ conv: String) -> String { "\(before)\(core(conv))\(after)" }

        func core(_ conv: String) -> Substring {
            isOfNumber ? conv.drop { !$0.isNumber } : conv[...]
        }
    }

    /// The one way in which each convolution has a layer of its own among these, which are all.
    private static func pattern(for convs: [String], among layers: [String]) -> Pattern? {
        guard let conv = convs.first, layers.count == convs.count else { return nil }
        for isOfNumber in [false, true] {
            for layer in layers {
                var pattern = Pattern(before: "", after: "", isOfNumber: isOfNumber)
                guard let place = layer.firstRange(of: pattern.core(conv)) else { continue }
                pattern.before = layer[..<place.lowerBound]
                pattern.after = layer[place.upperBound...]
                if Set(convs.map(pattern.name)) == Set(layers) { return pattern }
            }
        }
        return nil
    }

    /// The tensor's name; nil for what Caffe's files have no known name for.
    func name(of role: ParameterRole, in layer: LayerSpec) -> String? {
        guard let names = layer.parameterNames else { return nil }
        let norm = normalizations[layer.name]
        switch (layer, role) {
        case (.conv, .weight), (.dense, .weight): return "\(names.caffe)/0"
        case (.conv, .bias), (.dense, .bias): return "\(names.caffe)/1"
        case (.batchNorm, .mean): return norm.map { "\($0.statistics)/0" }
        case (.batchNorm, .variance): return norm.map { "\($0.statistics)/1" }
        case (.batchNorm, .scale): return norm.map { "\($0.scale)/0" }
        case (.batchNorm, .shift): return norm.map { "\($0.scale)/1" }
        default: return nil
        }
    }

    /// What divides a statistic.
    func count(beside statistic: String) -> String? {
        Self.layer(of: statistic).map { "\($0)/2" }
    }

    /// All names; nil is among them where a tensor has none.
    func all(in layers: [LayerSpec]) -> Set<String?> {
        var all: Set<String?> = []
        for layer in layers {
            for role in layer.roles { all.insert(name(of: role, in: layer)) }
            if let norm = normalizations[layer.name] { all.insert("\(norm.statistics)/2") }
        }
        return all
    }
}
