import Architectures
import IR
import Parity
import Tensors

extension NetworkComparison {
    /// What a tensor of the reference is there for.
    func context(of item: GraphView.Item, _ role: ParameterRole) -> TensorContext {
        let layer = item.layer
        let isFirst = reference.readsInput(item)
        let group = layer?.group ?? 1
        switch (role, item.form.kind) {
        case (.weight, "Gemm"):
            return TensorContext(
                .dense, group: group, flattened: layer?.flattenedShape, isFirst: isFirst)
        case (.weight, _): return TensorContext(.kernel, group: group, isFirst: isFirst)
        case (.bias, _): return TensorContext(.bias, group: group)
        case (.other, _): return TensorContext(.other)
        default: return TensorContext(.statistic, group: group)
        }
    }

    /// The layer with the normalisation behind it worked in, which both networks still have.
    static func foldedTwice(
        _ item: GraphView.Item, _ pair: TensorPair, in reference: GraphView
    ) -> [TensorPair.Alternative] {
        let behind = reference.items.first { next in
            next.layer?.kind == .batchNorm && next.inputs.first == item.node.outputs.first
        }
        guard let behind, let kernel = item.layer?.name(of: .weight),
            let weight = reference.model.weights[kernel], let mine = pair.value,
            let normalization = Normalization(behind, reference.model.weights)
        else { return [] }
        let bias = item.layer?.name(of: .bias).flatMap { reference.model.weights[$0] }
        guard normalization.fits(weight, bias) else { return [] }
        let made =
            pair.role == .weight
            ? normalization.folded(kernel: weight) : normalization.folded(bias: bias, like: weight)
        let words = "the normalisation '\(behind.node.name)' is folded in and applied again"
        return [
            TensorPair.Alternative(
                cause: TensorCause(.normalizationTwice, words), value: mine, reference: made)
        ]
    }
}
