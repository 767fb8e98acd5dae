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

    /// The tensors of an operator that only one network has.
    ///
    /// - Parameter reason: why that is no difference.
    func tensors(
        of item: GraphView.Item, in view: GraphView, at position: Double, reason: String? = nil
    ) -> [TensorPair] {
        item.parameters.filter { !view.model.missing.contains($0.name) }.map { parameter in
            let tensor = view.model.weights[parameter.name]
            var pair = TensorPair(
                name: parameter.name, referenceName: view.isReference ? parameter.name : nil,
                layer: item.node.name, operation: item.node.op.type, role: parameter.role,
                position: position, value: view.isReference ? nil : tensor,
                reference: view.isReference ? tensor : nil, context: TensorContext(.other))
            pair.settledReason = reason
            return pair
        }
    }

    /// The tensors of normalisations for which the other network has arithmetic that comes to the same.
    func spelledNormalizations(_ view: GraphView, _ settled: Set<Int>) -> [TensorPair] {
        settled.sorted().filter { view.items[$0].layer?.kind == .batchNorm }.flatMap { index in
            tensors(
                of: view.items[index], in: view,
                at: view.isReference ? position(ofReference: index) : Double(index),
                reason: "the same in another spelling")
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
