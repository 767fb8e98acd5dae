import Parity
import Tensors

extension LayerComparison {
    /// Settles by numbers which values stand for one another where layers were folded into others,
    /// written out as several, or recorded with what follows them.
    mutating func settlePairs() throws {
        let open = openPairs()
        let layers = Set(open.flatMap(\.candidates).map(\.layer))
        let bytes = layers.reduce(0) { $0 + 8 * sequence.layers[$1].shape.reduce(1, *) }
        // At once where memory allows: each look runs the networks.
        let groups = bytes <= Self.byteLimit ? [open[...]] : open.indices.map { open[$0...$0] }
        for group in groups where !group.isEmpty {
            let candidates = group.flatMap(\.candidates)
            let mine = try mine(candidates.map(\.layer))
            let theirs = try theirs(candidates.map(\.other))
            for open in group { settle(open, mine, theirs) }
        }
    }

    private typealias Open = (
        pair: (layer: Int, other: Int), candidates: [(layer: Int, other: Int)]
    )

    private func openPairs() -> [Open] {
        if case .model(_, let theirs) = other { return map.openPairs(sequence, theirs) }
        let known = map.known
        return map.pairs.compactMap { pair in
            let tail = sequence.tail(of: pair.layer, without: known)
            return tail.isEmpty ? nil : (pair, [pair] + tail.map { ($0, pair.other) })
        }
    }

    private mutating func settle(_ open: Open, _ mine: [Int: Tensor], _ theirs: [Int: Tensor]) {
        var likeliest: (pair: (layer: Int, other: Int), ratio: Double)?
        for candidate in open.candidates {
            guard let a = mine[candidate.layer], let b = theirs[candidate.other],
                let b = oriented(b, to: sequence.layers[candidate.layer], a.shape)
            else { continue }
            let difference = TensorDifference(of: a, from: b, tolerance: tolerance)
            if difference.isWithinTolerance { return map.replace(open.pair, by: candidate) }
            let ratio = difference.signalToNoise ?? -.infinity
            if ratio > likeliest?.ratio ?? -.infinity { likeliest = (candidate, ratio) }
        }
        if case .model(_, let theirs) = other {
            map.replace(open.pair, by: map.usualPair(open.pair, sequence, theirs))
        } else if let likeliest {
            map.replace(open.pair, by: likeliest.pair)
        }
    }

    /// Finds the layers of recorded tensors whose names tell nothing.
    mutating func pairByOrder() throws {
        guard case .recording(let tensors, _) = other else { return }
        let bytes = sequence.layers.reduce(0) { $0 + 4 * $1.shape.reduce(1, *) }
        let values = bytes <= Self.byteLimit ? try mine(sequence.layers.indices) : [:]
        map = LayerMap(recorded: tensors.map(\.name), sequence) { layer, index in
            let layer = (index: layer, of: sequence.layers[layer])
            guard let theirs = oriented(tensors[index].tensor, to: layer.of, layer.of.shape) else {
                return nil
            }
            return values[layer.index].map { mine in
                TensorDifference(of: mine, from: theirs, tolerance: tolerance).isWithinTolerance
            } ?? false
        }
    }
}
