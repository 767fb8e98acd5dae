package import Architectures
import IR
package import Parity
import Tensors

/// What two networks' comparison comes to: every pair of tensors, and what was recognised.
struct Examination {
    struct Result {
        let pair: TensorPair
        var outcome: TensorPair.Outcome
    }

    private(set) var results: [Result]
    /// In the order of the judged network.
    private(set) var findings: [Finding] = []
    /// Nil where tensors were matched by their names alone.
    private let comparison: NetworkComparison?

    init(_ value: Model, _ reference: Model) {
        let comparison = NetworkComparison(value, reference)
        self.init(comparison.pairs, comparison)
    }

    init(_ pairs: [TensorPair], _ comparison: NetworkComparison? = nil) {
        self.comparison = comparison
        results = []
        var open: [Int: DifferingPieces?] = [:]
        for pair in pairs {
            switch pair.settled() {
            case .settled(let outcome): results.append(Result(pair: pair, outcome: outcome))
            case .differs(let pieces):
                open.updateValue(pieces, forKey: results.count)
                results.append(Result(pair: pair, outcome: .bitEqual))
            }
        }
        explain(open)
        gather()
    }

    /// Finds the causes of the pairs that differ: first those of several tensors together.
    private mutating func explain(_ open: [Int: DifferingPieces?]) {
        var rest = open.keys.sorted()
        let known = statistics(rest)
        rest.removeAll { known.keys.contains($0) }
        let elsewhere = exchanges(rest)
        rest.removeAll { elsewhere.keys.contains($0) }
        for (index, cause) in known.merging(elsewhere, uniquingKeysWith: { first, _ in first }) {
            let pieces = open[index] ?? nil
            results[index].outcome = .different(pieces.map { ElementDifferences($0) }, cause)
        }
        for index in rest {
            results[index].outcome = results[index].pair.difference(open[index] ?? nil)
        }
        joinFactors()
    }

    // MARK: Normalisations

    /// Causes that show only when a normalisation's four tensors are looked at together.
    private func statistics(_ open: [Int]) -> [Int: TensorCause] {
        let isStatistic: (Int) -> Bool = { results[$0].pair.operation == BatchNormalization.type }
        let layers = Dictionary(grouping: open.filter(isStatistic)) { results[$0].pair.position }
        var causes: [Int: TensorCause] = [:]
        for (position, differing) in layers {
            let all = results.indices.filter {
                results[$0].pair.position == position && isStatistic($0)
            }
            func tensors(_ side: (TensorPair) -> Tensor?) -> [String: Tensor] {
                Dictionary(
                    all.compactMap { index in
                        side(results[index].pair).map { (results[index].pair.role.rawValue, $0) }
                    }, uniquingKeysWith: { first, _ in first })
            }
            let found = StatisticsCauses(
                value: tensors(\.value), reference: tensors(\.reference),
                epsilon: all.lazy.compactMap { results[$0].pair.epsilon }.first ?? 1e-5
            ).causes
            for index in differing { causes[index] = found[results[index].pair.role.rawValue] }
        }
        return causes
    }

    /// Mean and variance scaled by one factor are one mistake.
    private mutating func joinFactors() {
        let scaled = results.indices.filter {
            if case .different(_, let cause) = results[$0].outcome, cause.cause == .scaled {
                return [.mean, .variance].contains(results[$0].pair.role)
            }
            return false
        }
        for indices in Dictionary(grouping: scaled, by: { results[$0].pair.position }).values {
            guard indices.count == 2 else { continue }
            for index in indices {
                guard case .different(let differences, var cause) = results[index].outcome
                else { continue }
                cause.cause = .statisticsScaled
                results[index].outcome = .different(differences, cause)
            }
        }
    }

    // MARK: Tensors in other places

    /// Tensors that hold what the reference has under another name.
    private func exchanges(_ open: [Int]) -> [Int: TensorCause] {
        var places: [[UInt64]: [Int]] = [:]
        for index in results.indices {
            guard let tensor = results[index].pair.reference else { continue }
            places[GraphView.signature(tensor), default: []].append(index)
        }
        var sources: [Int: Int] = [:]
        for index in open {
            guard let tensor = results[index].pair.value, let own = results[index].pair.reference
            else { continue }
            let signature = GraphView.signature(tensor)
            // Tensors of one number are alike everywhere.
            guard Set(signature.dropFirst()).count > 1, signature != GraphView.signature(own)
            else { continue }
            sources[index] = places[signature]?.first { place in
                place != index
                    && results[place].pair.reference.map { $0.isBitEqual(to: tensor) } ?? false
            }
        }
        return Dictionary(
            uniqueKeysWithValues: sources.map { index, source in
                let other = results[source].pair
                let name = "'\(other.referenceName ?? other.name)'"
                return sources[source] == index
                    ? (
                        index,
                        TensorCause(.tensorsExchanged, "changed places with \(name)")
                    ) : (index, TensorCause(.tensorFromElsewhere, "holds the reference's \(name)"))
            })
    }

    // MARK: Findings

    private mutating func gather() {
        var found = comparison.map { StructureFindings($0).all } ?? []
        for result in results {
            guard let (cause, pair) = cause(of: result) else { continue }
            found.append((pair.position, finding(cause, pair)))
        }
        // Stable: by place, and what the operator does before what it holds.
        let order = found.enumerated().sorted {
            ($0.element.0, $0.offset) < ($1.element.0, $1.offset)
        }
        let all = order.map { $0.element.1 }
        for finding in all where !findings.contains(finding) && !isImplied(finding, all) {
            findings.append(finding)
        }
    }

    private func cause(of result: Result) -> (TensorCause, TensorPair)? {
        switch result.outcome {
        case .different(_, let cause), .missing(let cause), .extra(let cause):
            (cause, result.pair)
        case .bitEqual, .converted, .explained: nil
        }
    }

    private func finding(_ cause: TensorCause, _ pair: TensorPair) -> Finding {
        if cause.cause == .normalizationMissing || cause.cause == .normalizationExtra,
            let comparison,
            let fold = comparison.folds.first(where: { Double($0.layer) == pair.position })
        {
            let items = fold.isInValue ? comparison.value.items : comparison.reference.items
            return Finding(
                layer: items[fold.normalization].node.name,
                operation: BatchNormalization.type, cause: cause.cause,
                explanation: cause.explanation, isExact: true)
        }
        return Finding(
            layer: pair.layer, operation: pair.operation, tensor: pair.name, cause: cause.cause,
            explanation: cause.explanation, isExact: cause.isExact)
    }

    /// Whether another finding says it already: of a layer that is missing, its tensors are too; a
    /// grouped convolution computed without groups has another shape.
    private func isImplied(_ finding: Finding, _ all: [Finding]) -> Bool {
        guard let tensor = finding.tensor else { return false }
        let others = all.filter { $0.tensor == nil && $0.layer == finding.layer }
        switch finding.cause {
        case .tensorMissing, .tensorExtra:
            return others.contains { $0.cause.isPresence }
        case .biasMissing where isAbsent(tensor):
            return others.contains { $0.cause.isPresence }
                || isBeforeMissingNormalization(finding.layer, all)
        case .tensorShape:
            return others.contains { [.groupIgnored, .group, .kernelShape].contains($0.cause) }
        default: return false
        }
    }

    private func isAbsent(_ tensor: String) -> Bool {
        results.contains { $0.pair.name == tensor && $0.pair.value == nil }
    }

    private func isBeforeMissingNormalization(_ layer: String, _ all: [Finding]) -> Bool {
        guard let comparison else { return false }
        return comparison.folds.contains { fold in
            let name = comparison.reference.items[fold.normalization].node.name
            return !fold.isInValue && comparison.value.items[fold.layer].node.name == layer
                && all.contains { $0.cause == .normalizationMissing && $0.layer == name }
        }
    }
}

extension Cause {
    /// Whether it says that a layer is there on one side only.
    fileprivate var isPresence: Bool {
        switch self {
        case .layerMissing, .layerExtra, .normalizationMissing, .normalizationExtra,
            .constantFactor, .constantOffset, .activationMissing, .activationExtra:
            true
        default: false
        }
    }
}

/// What differs between two networks, in the order of the first, with the causes that were recognised.
///
/// Layer names are the first network's. Empty when both are the same up to element types, folded
/// normalisations and spelling.
package func findings(_ value: Model, _ reference: Model) -> [Finding] {
    Examination(value, reference).findings
}
