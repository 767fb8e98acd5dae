import IR
import Tensors

/// Networks of which a part is there.
extension Translation {
    /// Puts zeros in place of the weights that are missing or do not fit.
    ///
    /// - Returns: their names.
    /// - Throws: the fit's problems, where the sizes they leave open are those of no network.
    static func fill(
        _ weights: inout [String: Tensor], of architecture: Architecture, _ fit: ArchitectureFit
    ) throws(TranslationError) -> Set<String> {
        var missing: Set<String> = []
        let elementType = commonElementType(weights.values.filter(\.elementType.isFloatingPoint))
        for parameter in architecture.parameters(fit.sizes) {
            if let tensor = weights[parameter.name], tensor.shape == parameter.shape,
                tensor.elementType.isFloatingPoint
            {
                continue
            }
            guard Tensor.byteCount(of: parameter.shape, elementType) != nil else {
                throw .several(fit.problems)
            }
            weights[parameter.name] = Tensor(zerosOf: elementType, shape: parameter.shape)
            missing.insert(parameter.name)
        }
        return missing
    }

    /// The checkpoint without the tensors that stand for some of a model's weights.
    static func without(
        _ names: Set<String>, _ checkpoint: Checkpoint, of model: Model
    ) -> Checkpoint {
        if names.isEmpty { return checkpoint }
        let absent = Set(
            names.compactMap { model.weights[$0] }.map {
                ObjectIdentifier($0.sourceStorage)
            })
        var checkpoint = checkpoint
        checkpoint.tensors.removeAll { absent.contains(ObjectIdentifier($0.tensor.sourceStorage)) }
        return checkpoint
    }
}

extension Model {
    /// One problem for each weight that the network lacks.
    package var lacking: [TranslationError] {
        var known: Set<String> = []
        let told = problems.filter { problem in
            if case .unexpectedTensor = problem { return false }
            return true
        }
        for case .missingTensor(let name, _, _) in told { known.insert(name) }
        return told.isEmpty
            ? missing.subtracting(known).sorted().map {
                .missingTensor(name: $0, expected: [], architecture: architecture?.name ?? "")
            } : told
    }
}
