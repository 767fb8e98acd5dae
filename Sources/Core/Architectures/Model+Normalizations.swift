import IR

extension Model {
    /// Both models with normalisations in one spelling: where one has products and sums with one
    /// number a channel behind its layers, and the other not as many, these are normalisations whose
    /// mean and variance are in their scale and shift.
    package static func spelledAlike(_ value: Model, _ reference: Model) -> (Model, Model) {
        let (mine, theirs) = (value.joined, reference.joined)
        let counts = [(mine, value), (theirs, reference)].map { joined, model in
            joined.normalizations - model.normalizations
        }
        return counts[0] == counts[1] ? (value, reference) : (mine, theirs)
    }

    private var normalizations: Int { layers.count { $0.kind == .batchNorm } }

    private var joined: Model {
        guard missing.isEmpty, graph.nodes.contains(where: { $0.op is any BinaryOperator }) else {
            return self
        }
        var rewriter = GraphRewriter(graph, weights: weights)
        rewriter.joinScalesAndShifts()
        var model = self
        model.graph = rewriter.graph
        model.weights = rewriter.weights
        model.sourceNames = rewriter.sourceNames.mapValues { sourceNames[$0] ?? $0 }
        return model.withFreshLayers()
    }
}
