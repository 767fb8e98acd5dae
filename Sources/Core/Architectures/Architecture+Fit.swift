import IR
import Tensors

/// A tensor of a file that may play a part in an architecture, described without moving it.
struct SourceTensor {
    /// As the file has it, for messages.
    var name: String
    var elementType: ElementType
    /// In canonical axis order.
    var shape: [Int]
}

/// How tensors fit an architecture.
struct ArchitectureFit {
    /// As far as the tensors tell; published where they do not.
    var sizes: NetworkSizes
    /// `.missingTensor`, `.shapeMismatch`, `.elementType` and `.unexpectedTensor`, in the
    /// architecture's order.
    var problems: [TranslationError] = []

    /// The sizes, where every tensor is there and nothing else.
    ///
    /// - Throws: the only problem, or `.several`.
    func exact() throws(TranslationError) -> NetworkSizes {
        guard let first = problems.first else { return sizes }
        throw problems.count == 1 ? first : .several(problems)
    }
}

extension Architecture {
    /// Compares tensors with this architecture, and reads its sizes from them.
    ///
    /// - Parameters:
    ///   - hasHead: whether the layers from the flatten on are present.
    ///   - fileShape: turns a canonical shape into the file's own axis order, for messages.
    ///   - find: the tensor in a role of a layer, or the name it would have.
    func fit(
        hasHead: Bool,
        fileShape: (ParameterRole, [Int?]) -> [Int?] = { $1 },
        find: (LayerSpec, ParameterRole) -> (tensor: SourceTensor?, expectedName: String)
    ) -> ArchitectureFit {
        var walk = ShapeWalk(self, inputChannels: nil)
        var widths = LayerWidths(self)
        var problems: [TranslationError] = []
        for layer in layers(hasHead: hasHead) {
            var width: Int?
            for role in layer.roles {
                let expected = walk.expectedShape(of: role, in: layer).map { $0 ?? width }
                let found = find(layer, role)
                guard let tensor = found.tensor else {
                    problems.append(
                        .missingTensor(
                            name: found.expectedName, expected: fileShape(role, expected),
                            architecture: name))
                    continue
                }
                let divided = expected.dividing(tensor.shape, into: layer.groups)
                if let problem = problem(tensor, divided, inFile: { fileShape(role, $0) }) {
                    problems.append(problem)
                    continue
                }
                width = width ?? tensor.shape[0]
                widths.read(role, of: layer, tensor.shape, side: walk.side)
                if layer.keepsChannels { walk.settle(channels: tensor.shape[0]) }
            }
            widths.add(layer, width: width)
            walk.advance(over: layer, width: width)
        }
        return ArchitectureFit(sizes: widths.sizes, problems: problems)
    }

    private func problem(
        _ tensor: SourceTensor, _ expected: [Int?], inFile: ([Int?]) -> [Int?]
    ) -> TranslationError? {
        let fits =
            tensor.shape.count == expected.count
            && zip(tensor.shape, expected).allSatisfy { $0 > 0 && ($1 == nil || $0 == $1) }
        if !fits {
            let found = inFile(tensor.shape).compactMap(\.self)
            return .shapeMismatch(name: tensor.name, expected: inFile(expected), found: found)
        }
        if !tensor.elementType.isFloatingPoint {
            return .elementType(
                name: tensor.name, expected: "floating-point elements", found: tensor.elementType)
        }
        return nil
    }
}

extension LayerSpec {
    /// Whether it has parameters for each channel and gives as many as it takes.
    fileprivate var keepsChannels: Bool {
        switch self {
        case .batchNorm, .subsampling: true
        default: false
        }
    }

    fileprivate var groups: Int {
        if case .conv(_, let spec) = self { spec.groups } else { 1 }
    }
}

extension [Int?] {
    /// The shape with an open number of outputs settled where `shape`'s cannot be divided.
    fileprivate func dividing(_ shape: [Int], into groups: Int) -> [Int?] {
        guard first == .some(nil), let outputs = shape.first, outputs % groups != 0 else {
            return self
        }
        return [outputs - outputs % groups] + dropFirst()
    }
}

/// The widths of layers, some of them told by the tensors of the next layer alone.
private struct LayerWidths {
    private let published: NetworkSizes
    private var inputChannels: Int?
    private var convs: [Int?] = []
    private var dense: [Int?] = []

    init(_ architecture: Architecture) {
        published = architecture.publishedSizes
    }

    /// Learns from a tensor how many channels the layers before it give.
    mutating func read(_ role: ParameterRole, of layer: LayerSpec, _ shape: [Int], side: Int) {
        switch (layer, role) {
        case (.conv(_, let spec), .weight):
            let channels = shape[1].multipliedReportingOverflow(by: spec.groups).partialValue
            if convs.isEmpty { inputChannels = channels } else { settle(&convs, channels) }
        case (.batchNorm, _), (.subsampling, _): settle(&convs, shape[0])
        case (.dense, .weight) where !dense.isEmpty, (.radialBasis, .weight):
            settle(&dense, shape[1])
        case (.dense, .weight) where side > 0 && shape[1] % (side * side) == 0:
            settle(&convs, shape[1] / (side * side))
        default: break
        }
    }

    private func settle(_ widths: inout [Int?], _ width: Int) {
        guard let last = widths.last, last == nil else { return }
        widths[widths.count - 1] = width
    }

    mutating func add(_ layer: LayerSpec, width: Int?) {
        switch layer {
        case .conv: convs.append(width)
        case .dense, .radialBasis: dense.append(width)
        default: break
        }
    }

    var sizes: NetworkSizes {
        NetworkSizes(
            inputChannels: inputChannels ?? published.inputChannels,
            convs: zip(convs, published.convs).map { $0 ?? $1 },
            dense: zip(dense, published.dense).map { $0 ?? $1 })
    }
}
