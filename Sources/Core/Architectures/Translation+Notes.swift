package import IR
import Tensors

extension Translation {
    /// What a person should know before `model` is written in `convention`: what is added or lost.
    ///
    /// - Parameter withGraph: whether the file also says how its tensors are used.
    package static func notes(
        of model: Model, writtenIn convention: Convention, withGraph: Bool = false
    ) -> [String] {
        var notes: [String] = []
        if convention != .onnx, model.repeatedWeights > 0 {
            notes.append("weights that several layers share are written for each of them")
        }
        if let note = batchCountNote(of: model, writtenIn: convention) { notes.append(note) }
        if withGraph { return notes }
        if convention == .keras, model.origin == .keras,
            model.layers.contains(where: { $0.node.contains("/") })
        {
            notes.append(
                "layers of models inside the model stand beside the others: Keras loads the file "
                    + "into a model that has them so")
        }
        if model.architecture == nil, convention != .onnx {
            notes.append(
                "\(convention.title) files of weights alone hold no graph: the network cannot be "
                    + "rebuilt from this one by Ferry")
        }
        guard convention != .onnx, let architecture = model.architecture, let form = model.form
        else { return notes }
        let isUsual = architecture.endsInSoftmax(in: convention, hasHead: form.sizes.hasHead)
        if form.endsInSoftmax != isUsual {
            notes.append(
                form.endsInSoftmax
                    ? "the network ends in a softmax, which the file keeps as metadata only"
                    : "the network ends without a softmax, which the file keeps as metadata only")
        }
        if architecture.hasBatchNorm, form.epsilon != convention.epsilon {
            notes.append(
                "batch normalisation's epsilon is \(form.epsilon), which the file keeps as "
                    + "metadata only; \(convention.title) takes \(convention.epsilon) otherwise")
        }
        return notes
    }

    /// What becomes of `num_batches_tracked`, where that is not what the source has.
    private static func batchCountNote(of model: Model, writtenIn convention: Convention) -> String?
    {
        let layers = model.layers.count(where: \.hasStatistics)
        guard convention == .pytorch else {
            let hasLost = model.extras.values.contains { $0.integers()?.first != 0 }
            return hasLost && commonBatchesTracked(model) == nil
                ? "num_batches_tracked is left out: \(convention.title) files have no place for it"
                : nil
        }
        let lacking =
            layers - model.extras.count - model.missing.count { $0.hasSuffix(".running_var") }
        guard lacking > 0, batchesTracked(model.metadata) == nil else { return nil }
        return model.extras.isEmpty
            ? "num_batches_tracked is written as 0: the source has none"
            : "num_batches_tracked is written as 0 for \(lacking) of \(layers) layers: the source "
                + "has none of them"
    }
}
