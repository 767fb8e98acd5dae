import Parity
import Tensors

/// Which layers of a network stand for which on the other side: another network's layers, or
/// recorded tensors.
struct LayerMap {
    /// In order; each names a layer, something of the other side, or both.
    var steps: [(layer: Int?, other: Int?)]
    /// Recorded tensors that are a layer's value once more, such as a Dropout's.
    var repeats: [(layer: Int, other: Int)] = []
    /// How layers were found where names did not tell.
    var notes: [String] = []

    /// The layers that have something on the other side.
    var known: Set<Int> {
        Set(steps.compactMap { $0.other == nil ? nil : $0.layer })
    }

    /// What of the other side has a layer.
    var knownOthers: Set<Int> {
        Set(steps.compactMap { $0.layer == nil ? nil : $0.other })
    }

    /// The pairs in order.
    var pairs: [(layer: Int, other: Int)] {
        steps.compactMap { step in
            guard let layer = step.layer, let other = step.other else { return nil }
            return (layer, other)
        }
    }

    /// Pairs two layers in any case, whatever else they stand for.
    mutating func force(_ pair: (layer: Int, other: Int)) {
        if steps.contains(where: { $0.layer == pair.layer && $0.other == pair.other }) { return }
        steps.removeAll { step in
            (step.other == nil && step.layer == pair.layer)
                || (step.layer == nil && step.other == pair.other)
        }
        steps.append((pair.layer, pair.other))
    }

    /// Lets `pair` stand where the pair of `layer` and `other` stood; what that leaves alone comes
    /// before it, and what it takes is alone no longer.
    mutating func replace(
        _ old: (layer: Int, other: Int), by pair: (layer: Int, other: Int)
    ) {
        if old == pair { return }
        steps.removeAll { step in
            (step.other == nil && step.layer == pair.layer)
                || (step.layer == nil && step.other == pair.other)
        }
        let place = steps.firstIndex { $0.layer == old.layer && $0.other == old.other }
        guard let place else { return }
        var new: [(layer: Int?, other: Int?)] = []
        if pair.layer != old.layer { new.append((old.layer, nil)) }
        if pair.other != old.other { new.append((nil, old.other)) }
        steps.replaceSubrange(place...place, with: new + [(pair.layer, pair.other)])
    }
}

extension LayerMap {
    /// The first partner of each layer.
    var partners: [Int: Int] {
        Dictionary(pairs.map { ($0.layer, $0.other) }, uniquingKeysWith: { first, _ in first })
    }
}

extension LayerSequence {
    /// Layers behind `index`, each the only reader of the one before, that have nothing on the other
    /// side and work place by place.
    func tail(of index: Int, without known: Set<Int>) -> [Int] {
        var tail: [Int] = []
        var current = index
        while let next = soleReader(of: current), !known.contains(next) {
            switch layers[next].kind {
            case .linear, .pool, .other: return tail
            case .pointwise, .affine, .arithmetic, .movement: tail.append(next)
            }
            current = next
        }
        return tail
    }

    /// The end of the part of `tail` that may have been worked into the layer before it.
    func foldedEnd(_ index: Int, _ tail: [Int]) -> Int? {
        guard layers[index].kind == .linear else { return nil }
        return tail.prefix { layers[$0].kind == .affine }.last
    }
}

extension LayerMap {
    /// Pairs that numbers must decide: on one side something follows that may be part of the other
    /// side's layer, such as a normalisation that was folded into a convolution.
    func openPairs(
        _ mine: LayerSequence, _ theirs: LayerSequence
    ) -> [(pair: (layer: Int, other: Int), candidates: [(layer: Int, other: Int)])] {
        let (known, knownOthers) = (self.known, self.knownOthers)
        return pairs.compactMap { pair in
            let tail = mine.tail(of: pair.layer, without: known)
            let other = theirs.tail(of: pair.other, without: knownOthers)
            if tail.isEmpty, other.isEmpty { return nil }
            var candidates = [pair]
            for layer in tail { candidates.append((layer, pair.other)) }
            for index in other { candidates.append((pair.layer, index)) }
            return (pair, candidates)
        }
    }

    /// What stands for what by the layers' order, where numbers show no equality.
    func usualPair(
        _ pair: (layer: Int, other: Int), _ mine: LayerSequence, _ theirs: LayerSequence
    ) -> (layer: Int, other: Int) {
        let tail = mine.tail(of: pair.layer, without: known)
        let other = theirs.tail(of: pair.other, without: knownOthers)
        if let end = mine.foldedEnd(pair.layer, tail), other.isEmpty { return (end, pair.other) }
        if let end = theirs.foldedEnd(pair.other, other), tail.isEmpty { return (pair.layer, end) }
        return pair
    }
}
