import Architectures
import FormatInterface
import IR
import Parity
import Tensors

/// Tensors of two files matched by their names, where they make no network that Ferry can build.
///
/// The reference's tensors are put into the names and axis orders of the judged file's convention,
/// if its network is known.
struct NamedComparison {
    let pairs: [TensorPair]

    /// Nil when the two share no name.
    init?(_ value: Checkpoint, _ reference: Checkpoint, _ model: Model?) {
        let known = model.map(Self.contexts) ?? [:]
        var tensors = reference.tensors
        if let model, value.convention != reference.convention,
            let translated = try? Translation.checkpoint(of: model, in: value.convention)
        {
            tensors = translated.tensors
        }
        let mine = Dictionary(
            value.tensors.map { ($0.path, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let theirs = Dictionary(
            tensors.map { ($0.path, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        guard mine.keys.contains(where: { theirs[$0] != nil }) else { return nil }
        var names = value.tensors.map(\.path)
        names += tensors.map(\.path).filter { mine[$0] == nil }
        let isKeras = value.convention == .keras
        pairs = names.enumerated().compactMap { index, name in
            let (a, b) = (mine[name], theirs[name])
            guard Self.isWeight(a ?? b) else { return nil }
            return Self.pair(
                name, Double(index), a.map { Self.canonical($0, isKeras) },
                b.map { Self.canonical($0, isKeras) }, known[name])
        }
    }

    /// Counters of batches are no weights.
    private static func isWeight(_ tensor: Tensor?) -> Bool {
        tensor?.elementType.isFloatingPoint ?? false
    }

    /// Keras' kernels in the order in which others have them.
    private static func canonical(_ tensor: Tensor, _ isKeras: Bool) -> Tensor {
        switch tensor.rank {
        case 4 where isKeras: tensor.permuted([3, 2, 0, 1])
        case 2 where isKeras: tensor.permuted([1, 0])
        default: tensor
        }
    }

    /// What the reference's tensors are there for, by every name they go by.
    private static func contexts(of model: Model) -> [String: (ParameterRole, TensorContext)] {
        var contexts: [String: (ParameterRole, TensorContext)] = [:]
        for layer in model.layers {
            for parameter in layer.parameters {
                let context: TensorContext =
                    switch (parameter.role, layer.kind) {
                    case (.weight, .dense): TensorContext(.dense, flattened: layer.flattenedShape)
                    case (.weight, _): TensorContext(.kernel, group: layer.group)
                    case (.bias, _): TensorContext(.bias)
                    default: TensorContext(.statistic)
                    }
                for name in [parameter.name, model.sourceNames[parameter.name]].compactMap(\.self) {
                    contexts[name] = (parameter.role, context)
                }
            }
        }
        return contexts
    }

    private static func pair(
        _ name: String, _ position: Double, _ value: Tensor?, _ reference: Tensor?,
        _ known: (ParameterRole, TensorContext)?
    ) -> TensorPair {
        let rank = (reference ?? value)?.rank ?? 0
        let last = name.split(whereSeparator: { $0 == "." || $0 == "/" }).last ?? ""
        let isBias = rank == 1 && last.hasPrefix("bias")
        let (role, context) =
            known
            ?? (rank >= 3
                ? (.weight, TensorContext(.kernel))
                : rank == 2
                    ? (.weight, TensorContext(.dense))
                    : isBias
                        ? (.bias, TensorContext(.bias)) : (.other, TensorContext(.statistic)))
        let layer = name.dropLast(last.count).drop { $0 == "/" }
        return TensorPair(
            name: name, referenceName: reference == nil ? nil : name,
            layer: String(layer.isEmpty ? name[...] : layer.dropLast()), operation: "tensor",
            role: role, position: position, value: value, reference: reference, context: context)
    }
}
