import Architectures
import IR
import Parity
import Tensors

/// Weights of two models, matched by the role each plays in its layer, layers in graph order.
func compareWeights(_ value: Model, _ reference: Model) -> [ParityRow] {
    let comparison = NetworkComparison(value, reference)
    let rows = comparison.pairs.map(\.row) + comparison.epsilonRows
    let extras = value.extras.sorted { $0.key < $1.key }.compactMap { name, tensor in
        reference.extras[name].map { ParityRow.weight(name, tensor, reference: $0) }
    }
    return rows + extras
}

extension NetworkComparison {
    /// Normalisations that differ in ε, which is as good as a weight.
    fileprivate var epsilonRows: [ParityRow] {
        value.items.indices.compactMap { index in
            guard let partner = alignment.partners[index],
                let mine = value.items[index].layer?.epsilon,
                let theirs = reference.items[partner].layer?.epsilon, mine != theirs,
                !absorbed.contains(index), !blocks.settled.contains(index)
            else { return nil }
            return ParityRow(
                name: "\(value.items[index].node.name) epsilon", status: .different,
                explanation: "\(mine), reference \(theirs)")
        }
    }
}

extension TensorPair {
    /// The pair as a report has it.
    fileprivate var row: ParityRow {
        switch settled() {
        case .settled(.missing): return missing("no such weight in the value")
        case .settled(.extra): return missing("no such weight in the reference")
        case .settled(.explained(let words)):
            return ParityRow(
                name: name, status: .explained, explanation: words, difference: distance)
        default: break
        }
        guard let value, let reference else { return missing("no such weight") }
        var row = ParityRow.weight(
            name, value, reference: reference, tolerance: agreement?.tolerance ?? .exact)
        if let subject = agreement?.subject {
            row.explanation = "as \(subject): \(row.explanation)"
        }
        return row
    }

    /// How far apart tensors are that agree up to rounding.
    private var distance: TensorDifference? {
        guard let agreement, let value, let reference else { return nil }
        return TensorDifference(of: value, from: reference, tolerance: agreement.tolerance)
    }

    private func missing(_ words: String) -> ParityRow {
        ParityRow(name: name, status: .missing, explanation: words)
    }
}
