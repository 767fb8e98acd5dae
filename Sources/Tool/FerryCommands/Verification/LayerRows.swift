import Parity

/// The layers of all sets of inputs: of each, the row of the set in which it is farthest off.
struct LayerRows {
    private(set) var rows: [LayerRow] = []
    private(set) var bisection: Bisection?
    private(set) var notes: [String] = []
    private var map: LayerMap?
    private var shapes: [[Int]] = []

    /// Compares on one more set, with the layers paired as on the sets before.
    ///
    /// - Throws: `doubt` where names of recorded tensors tell of no layers.
    mutating func add(
        _ comparison: LayerComparison, set: String, bisects: Bool, doubt: ModelError? = nil
    ) throws {
        var comparison = comparison
        let shapes = comparison.sequence.layers.map(\.shape)
        if let map, shapes == self.shapes {
            comparison.map = map
        } else {
            try comparison.pair(doubt: doubt)
            (map, self.shapes) = (comparison.map, shapes)
            notes += comparison.map.notes
        }
        merge(try comparison.rows(), set)
        let isDifferent = rows.contains { !$0.parity.passes }
        if bisects, bisection == nil, isDifferent { bisection = try comparison.bisection() }
    }

    private mutating func merge(_ new: [LayerRow], _ set: String) {
        guard rows.map(\.name) == new.map(\.name) else {
            rows += new
            return
        }
        for (index, row) in new.enumerated() where isFarther(row.parity, rows[index].parity) {
            rows[index] = row
            if !set.isEmpty, row.parity.status == .different {
                rows[index].parity.explanation += "; on \(set)"
            }
        }
    }

    private func isFarther(_ a: ParityRow, _ b: ParityRow) -> Bool {
        if a.passes != b.passes { return !a.passes }
        return a.difference?.worstMargin ?? 0 > b.difference?.worstMargin ?? 0
    }
}

extension LayerComparison {
    /// Finds what stands for what: by structure between models, by names and else by order for
    /// recorded tensors; numbers settle what that leaves open.
    fileprivate mutating func pair(doubt: ModelError?) throws {
        switch other {
        case .model(_, let theirs):
            map = LayerMap(
                steps: sequence.aligned(with: theirs).steps.map { ($0.first, $0.second) })
            try settlePairs()
            pairOutputs()
        case .recording(let tensors, _):
            map = LayerMap(recorded: tensors.map(\.name), of: subject, sequence)
            let isNamed = !map.known.isEmpty
            if let doubt, !isNamed { throw doubt }
            try settlePairs()
            try findRepeats()
            try pairRest(needsAgreement: isNamed)
        }
    }
}
