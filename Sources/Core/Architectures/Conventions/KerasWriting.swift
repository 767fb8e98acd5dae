import IR
import Tensors

/// Writing Keras files: the exact inverse of reading them.
extension Translation {
    static func kerasTensors(of model: Model) throws(TranslationError) -> [NamedTensor] {
        // Which dense layers follow a flatten, and that groups divide channels, shows in the types.
        if model.architecture == nil {
            do {
                _ = try model.graph.inferTypes(
                    inputShapes: model.graph.assumedInputShapes(batch: 2),
                    constants: model.weights)
            } catch { throw .graph(error) }
        }
        var names = KerasNames(model)
        var tensors: [NamedTensor] = []
        for layer in model.layers {
            let name = names.next(for: layer)
            for parameter in layer.parameters {
                guard let tensor = model.weights[parameter.name] else { continue }
                let leaf =
                    layer.kind == .depthwise && parameter.role == .weight
                    ? "depthwise_kernel" : parameter.role.kerasName
                tensors.append(
                    NamedTensor(
                        name: "\(name)/\(leaf):0", layer: name,
                        tensor: try inKeras(tensor, parameter, layer)))
            }
        }
        return tensors
    }

    private static func inKeras(
        _ tensor: Tensor, _ parameter: ParameterLayer.Parameter, _ layer: ParameterLayer
    ) throws(TranslationError) -> Tensor {
        switch (layer.kind, parameter.role) {
        case (.conv, .weight) where tensor.rank == 4: return KerasLayout.kernel(tensor)
        case (.depthwise, .weight) where tensor.rank == 4:
            return KerasLayout.depthwise(tensor, channels: layer.group)
        case (.conv, .weight), (.depthwise, .weight):
            throw .unsupported(
                .keras, "tensor '\(parameter.name)' of shape \(tensor.shape) as a kernel")
        case (.dense, .weight):
            return KerasLayout.dense(tensor, picture: layer.flattenedShape.flatMap(Self.picture))
        case (.batchNorm, _):
            return KerasLayout.vector(
                tensor, picture: layer.flattenedShape.flatMap(Self.picture))
        case (.other, _):
            throw .unsupported(.keras, "a parameter of node '\(layer.node)', '\(parameter.name)'")
        default: return tensor
        }
    }

    /// A flattened shape as [C, H, W]; nil when it is none.
    private static func picture(_ shape: [Int]) -> [Int]? {
        shape.count == 3 ? shape : nil
    }
}

/// Gives out Keras layer names: the architecture's own, or names made from the nodes'.
private struct KerasNames {
    private let known: [String: String]
    private var used: Set<String> = []

    init(_ model: Model) {
        let layers = model.architecture?.layers ?? []
        known = Dictionary(
            layers.compactMap { layer in layer.parameterNames.map { ($0.pytorch, $0.keras) } },
            uniquingKeysWith: { first, _ in first })
    }

    mutating func next(for layer: ParameterLayer) -> String {
        var name = known[layer.node] ?? Self.plain(layer.node)
        if name.isEmpty { name = layer.kind.rawValue }
        var candidate = name
        var number = 1
        while !used.insert(candidate).inserted {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }

    /// A node's name without what Keras does not allow in the name of a layer.
    private static func plain(_ name: String) -> String {
        let parts = name.split(separator: "/").filter { $0 != "Conv" && $0 != "Gemm" }
        return (parts.last.map(String.init) ?? name).map { character in
            character.isASCII && (character.isLetter || character.isNumber || character == "_")
                ? String(character) : "_"
        }.joined()
    }
}
