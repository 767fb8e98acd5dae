import IR
import Tensors

/// ONNX files: the graph decides, names never do.
extension Translation {
    static func onnxModel(
        from checkpoint: Checkpoint, graph: Graph, architecture: String?, stated: String?
    ) throws(TranslationError) -> Model {
        var weights: [String: Tensor] = [:]
        for tensor in checkpoint.tensors {
            if weights.updateValue(tensor.tensor, forKey: tensor.name) != nil {
                throw .duplicateTensor(name: tensor.name)
            }
        }
        var rewriter = GraphRewriter(graph, weights: weights)
        let layout = rewriter.canonicalize()
        var model = try recognize(rewriter, architecture: architecture, stated: stated)
        model.inputLayout = layout
        return model
    }

    private static func recognize(
        _ rewriter: GraphRewriter, architecture: String?, stated: String?
    ) throws(TranslationError) -> Model {
        if let architecture {
            let known = try ArchitectureRegistry.architecture(named: architecture)
            var matched = 0
            return model(try GraphMatch(rewriter, known, matched: &matched), rewriter)
        }
        var known = ArchitectureRegistry.architectures
        // What the file says of itself is tried first; its graph has the last word.
        known.sort { ($0.name == stated ? 0 : 1) < ($1.name == stated ? 0 : 1) }
        var nearest: (name: String, layers: Int, difference: TranslationError)?
        for candidate in known {
            var matched = 0
            let match: GraphMatch
            do {
                match = try GraphMatch(rewriter, candidate, matched: &matched)
            } catch {
                if matched > nearest?.layers ?? 0 { nearest = (candidate.name, matched, error) }
                continue
            }
            var model = model(match, rewriter)
            model.recognition =
                "its graph is \(candidate.name)'s, operator by operator (\(matched) of them)"
            if let stated, stated != candidate.name {
                model.notes.append(
                    "the file calls itself \(stated), but its graph is that of \(candidate.name)")
            }
            return model
        }
        var model = Model(
            graph: rewriter.graph, weights: rewriter.weights, architecture: nil, origin: .onnx)
        model.sourceNames = rewriter.sourceNames
        if let nearest {
            model.recognition =
                "nearest is \(nearest.name), whose first \(nearest.layers) operators it shares, and "
                + "which first differs here: \(nearest.difference)"
        }
        if let stated {
            model.notes.append("the file calls itself \(stated), but its graph is another")
        }
        return model
    }

    private static func model(_ match: GraphMatch, _ rewriter: GraphRewriter) -> Model {
        var weights: [String: Tensor] = [:]
        var sources: [String: String] = [:]
        for (name, source) in match.names {
            weights[name] = rewriter.weights[source]
            sources[name] = rewriter.sourceNames[source]
        }
        var model = Model(
            graph: match.architecture.graph(match.form), weights: weights,
            architecture: match.architecture, origin: .onnx)
        model.sourceNames = sources
        if let note = match.foldingNote {
            model.notes.append(note)
            model.hasFoldedNormalization = true
        }
        return model
    }

    /// The constants the graph reads, in the order in which nodes read them.
    static func graphTensors(of model: Model) -> [NamedTensor] {
        var written: Set<String> = []
        return model.graph.nodes.flatMap(\.inputs).compactMap { name in
            guard let tensor = model.weights[name], written.insert(name).inserted else {
                return nil
            }
            return NamedTensor(name: name, tensor: tensor)
        }
    }
}
