import Parity
import Tensors

extension LayerComparison {
    /// Settles by numbers which values stand for one another where layers were folded into others,
    /// written out as several, or recorded with what follows them.
    mutating func settlePairs() throws {
        let open = openPairs()
        let layers = Set(open.flatMap(\.candidates).map(\.layer))
        // At once where memory allows: each look runs the networks.
        let groups =
            2 * bytes(of: layers) <= LayerSequence.byteLimit
            ? [open[...]] : open.indices.map { open[$0...$0] }
        for group in groups where !group.isEmpty {
            let candidates = group.flatMap(\.candidates)
            let mine = try self.mine(candidates.map(\.layer))
            let theirs = try self.theirs(candidates.map(\.other))
            for open in group { settle(open, mine, theirs) }
        }
    }

    /// Bytes of activations.
    private func bytes(of layers: some Sequence<Int>) -> Int {
        layers.reduce(0) { $0 + 4 * sequence.layers[$1].shape.reduce(1, *) }
    }

    /// Outputs stand for one another by their places, so that no operator behind the last layer in
    /// common is missed.
    mutating func pairOutputs() {
        guard case .model(let file, let theirs) = other else { return }
        for (place, names) in zip(sequence.outputs, theirs.outputs).enumerated() {
            // A Softmax that only one side ends in is applied to the other's output.
            if place == 0, file.endsInSoftmax != subject.endsInSoftmax { continue }
            guard let layer = sequence.index(of: names.0), let index = theirs.index(of: names.1)
            else { continue }
            map.force((layer, index))
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
            var candidates = [pair]
            for layer in tail { candidates.append((layer, pair.other)) }
            return tail.isEmpty ? nil : (pair, candidates)
        }
    }

    private mutating func settle(_ open: Open, _ mine: [Int: Tensor], _ theirs: [Int: Tensor]) {
        var likeliest: (pair: (layer: Int, other: Int), ratio: Double)?
        for candidate in open.candidates {
            guard let a = mine[candidate.layer], let b = theirs[candidate.other],
                let b = oriented(b, to: sequence.layers[candidate.layer], like: a)
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

    /// Finds recorded tensors of no layer here that pass a layer's value on: those of a Dropout, or
    /// of a pool over single cells.
    mutating func findRepeats() throws {
        guard case .recording(let tensors, _) = other else { return }
        let rest = map.steps.filter { $0.layer == nil }.compactMap(\.other)
        let layers = map.known.sorted().filter { layer in
            let count = sequence.layers[layer].shape.reduce(1, *)
            return rest.contains { tensors[$0].tensor.elementCount == count }
        }
        guard !layers.isEmpty, bytes(of: layers) <= LayerSequence.byteLimit else { return }
        let values = try self.mine(layers)
        for index in rest {
            let source = layers.first { layer in
                guard let value = values[layer],
                    let theirs = oriented(
                        tensors[index].tensor, to: sequence.layers[layer], like: value)
                else { return false }
                return TensorDifference(of: value, from: theirs, tolerance: tolerance)
                    .isWithinTolerance
            }
            guard let source else { continue }
            map.repeats.append((source, index))
            map.steps.removeAll { $0.layer == nil && $0.other == index }
        }
    }

    /// Finds the layers of recorded tensors whose names tell nothing: by order and shape, and where
    /// other names do tell, only those whose numbers agree.
    mutating func pairRest(needsAgreement: Bool) throws {
        guard case .recording(let tensors, _) = other else { return }
        let alone = map.steps.filter { $0.other == nil }.compactMap(\.layer)
        guard !alone.isEmpty, map.steps.contains(where: { $0.layer == nil }) else { return }
        let values = bytes(of: alone) <= LayerSequence.byteLimit ? try self.mine(alone) : [:]
        let comparison = self
        let paired = map.pairRest(of: tensors.map(\.name)) { index, recorded in
            let layer = comparison.sequence.layers[index]
            guard
                let theirs = comparison.oriented(
                    tensors[recorded].tensor, to: layer, layer.shape)
            else { return nil }
            let isClose = values[index].map { mine in
                TensorDifference(of: mine, from: theirs, tolerance: comparison.tolerance)
                    .isWithinTolerance
            }
            return isClose == true ? true : needsAgreement ? nil : false
        }
        if paired.isEmpty { return }
        map.notes.append(
            "recorded under names that tell of no layer, matched by order, shape and values: "
                + paired.joined(separator: ", "))
    }
}
