import FormatInterface
import IR
import Parity
import Tensors

/// Two sides layer by layer, on one set of inputs.
///
/// One side, the subject, is a model that runs; the other a model too, or a recording.
struct LayerComparison {
    let subject: ModelFile
    let sequence: LayerSequence
    let other: LayerSide
    /// The subject's inputs, and the other model's.
    let inputs: [String: Tensor]
    let otherInputs: [String: Tensor]
    /// The engines of the two.
    let engine: Engine
    let otherEngine: Engine
    let tolerance: Tolerance
    /// Whether the other side is judged, and the subject the reference.
    let isReversed: Bool
    var map: LayerMap

    // MARK: Rows

    /// One row a layer, in the subject's order.
    func rows() throws -> [LayerRow] {
        var rows: [LayerRow] = []
        var parts = self.parts(of: map.pairs)[...]
        var values: (mine: [Int: Tensor], theirs: [Int: Tensor]) = ([:], [:])
        let known = map.known
        let shown = shownApart(known)
        for step in map.steps {
            if let layer = step.layer, let other = step.other {
                if values.mine[layer] == nil, let part = parts.popFirst() {
                    values.mine = try self.mine(part.map(\.layer))
                    values.theirs = try self.theirs(part.map(\.other))
                }
                guard let mine = values.mine[layer], let theirs = values.theirs[other] else {
                    continue
                }
                if let row = row((layer, other), mine, theirs, known) { rows.append(row) }
                rows += try repeatedRows(of: layer, mine)
            } else if let layer = step.layer, shown.mine.contains(layer) {
                rows.append(lonelyRow(sequence.layers[layer].node.name, layer: layer))
            } else if let index = step.other, shown.theirs.contains(index) {
                rows.append(lonelyRow(other.name(of: index), other: index))
            }
        }
        return withoutDetours(rows)
    }

    /// Rows of recorded tensors that are a layer's value once more.
    private func repeatedRows(of layer: Int, _ mine: Tensor) throws -> [LayerRow] {
        let repeats = map.repeats.filter { $0.layer == layer }.map(\.other)
        if repeats.isEmpty { return [] }
        let values = try self.theirs(repeats)
        return repeats.compactMap { index in
            guard let theirs = values[index],
                var row = row((layer, index), mine, theirs, map.known)
            else { return nil }
            row.operation = "the same value"
            return row
        }
    }

    func mine(_ layers: some Sequence<Int>) throws -> [Int: Tensor] {
        try LayerSide.model(subject, sequence).values(layers, inputs: inputs, engine)
    }

    func theirs(_ indices: some Sequence<Int>) throws -> [Int: Tensor] {
        try other.values(indices, inputs: otherInputs, otherEngine)
    }

    /// Pairs in groups whose activations fit into memory together.
    func parts(of pairs: [(layer: Int, other: Int)]) -> [[(layer: Int, other: Int)]] {
        var parts: [[(layer: Int, other: Int)]] = []
        var bytes = Int.max / 2
        for pair in pairs {
            let size = 2 * (Tensor.elementCount(of: sequence.layers[pair.layer].shape) ?? 0) * 4
            if bytes + size > LayerSequence.byteLimit {
                parts.append([])
                bytes = 0
            }
            bytes += size
            parts[parts.count - 1].append(pair)
        }
        return parts
    }

    /// Layers without a partner that no other row's operation tells of.
    private func shownApart(_ known: Set<Int>) -> (mine: Set<Int>, theirs: Set<Int>) {
        var mine = Set(sequence.layers.indices.filter { sequence.layers[$0].kind != .movement })
            .subtracting(known)
        for layer in known {
            let segment = sequence.segment(to: layer, from: known)
            if sequence.mainLayers(of: segment).count <= 1 { mine.subtract(segment.layers) }
        }
        guard case .model(_, let theirs) = other else {
            return (mine, Set(map.steps.compactMap(\.other)))
        }
        let knownOthers = map.knownOthers
        var apart = Set(theirs.layers.indices.filter { theirs.layers[$0].kind != .movement })
            .subtracting(knownOthers)
        for layer in knownOthers {
            let segment = theirs.segment(to: layer, from: knownOthers)
            if theirs.mainLayers(of: segment).count <= 1 { apart.subtract(segment.layers) }
        }
        return (mine, apart)
    }

    private func row(
        _ pair: (layer: Int, other: Int), _ mine: Tensor, _ theirs: Tensor, _ known: Set<Int>
    ) -> LayerRow? {
        let layer = sequence.layers[pair.layer]
        // The ∞ around pictures is what a Pad puts there, not what it computes.
        if layer.type == "Pad", TensorSummary(of: mine).infinityCount > 0 { return nil }
        let segment = sequence.segment(to: pair.layer, from: known)
        let operation = sequence.operation(of: segment)
        let name = sequence.name(of: segment)
        let (otherName, otherOperation) = describe(pair.other, operation)
        let theirs = oriented(theirs, to: layer, like: mine) ?? theirs
        let (value, reference) = isReversed ? (theirs, mine) : (mine, theirs)
        let parity = ParityRow.activation(
            isReversed ? otherName : name, value, reference: reference, tolerance: tolerance)
        return isReversed
            ? LayerRow(
                name: otherName, referenceName: name, operation: operation, shape: value.shape,
                parity: parity)
            : LayerRow(
                name: name, referenceName: otherName, operation: operation,
                referenceOperation: otherOperation, shape: value.shape, parity: parity)
    }

    /// The other side's name for a value, and its operation where it is another.
    func describe(_ index: Int, _ operation: String) -> (name: String, operation: String?) {
        guard case .model(_, let theirs) = other else { return (other.name(of: index), nil) }
        let segment = theirs.segment(to: index, from: map.knownOthers)
        let its = theirs.operation(of: segment)
        return (theirs.name(of: segment), its == operation ? nil : its)
    }

    /// A tensor of the other side as the graph lays out the layer's value.
    func oriented(_ tensor: Tensor, to layer: LayerSequence.Layer, _ shape: [Int]) -> Tensor? {
        guard case .recording(_, let isChannelsLast) = other else {
            return Orientation.oriented(tensor, to: shape)
        }
        if isChannelsLast, let picture = layer.flattened, tensor.shape == shape {
            return Orientation.flattened(tensor, of: picture, toChannelsLast: false)
        }
        return Orientation.oriented(tensor, to: shape, isChannelsLast: isChannelsLast)
    }

    /// A tensor of the other side as the graph lays out `value`, the layer's own.
    ///
    /// Flattened pictures are taken in the order in which they agree, as a graph may turn a picture
    /// before it flattens it.
    func oriented(
        _ tensor: Tensor, to layer: LayerSequence.Layer, like value: Tensor
    ) -> Tensor? {
        guard let turned = oriented(tensor, to: layer, value.shape) else { return nil }
        let isPlain =
            layer.flattened != nil && tensor.shape == value.shape
            && !difference(value, turned).isWithinTolerance
            && difference(value, tensor).isWithinTolerance
        return isPlain ? tensor : turned
    }

    func difference(_ mine: Tensor, _ theirs: Tensor) -> TensorDifference {
        isReversed
            ? TensorDifference(of: theirs, from: mine, tolerance: tolerance)
            : TensorDifference(of: mine, from: theirs, tolerance: tolerance)
    }

    private func lonelyRow(_ name: String, layer: Int) -> LayerRow {
        let why = if case .recording = other { "not recorded" } else { "not in the reference" }
        return lonelyRow(name, sequence.layers[layer], isSubject: true, why)
    }

    private func lonelyRow(_ name: String, other index: Int) -> LayerRow {
        guard case .model(_, let theirs) = other else {
            return LayerRow(
                name: name, referenceName: name, operation: "",
                parity: ParityRow(
                    name: name, status: .notCompared, explanation: "no such layer here"))
        }
        return lonelyRow(
            name, theirs.layers[index], isSubject: false, "in the reference only")
    }

    private func lonelyRow(
        _ name: String, _ layer: LayerSequence.Layer, isSubject: Bool, _ why: String
    ) -> LayerRow {
        LayerRow(
            name: name, referenceName: isSubject == isReversed ? name : "",
            operation: layer.type, shape: layer.shape,
            parity: ParityRow(name: name, status: .notCompared, explanation: why))
    }

    /// Rows of layers that are computed otherwise on the two sides prove no difference where those
    /// behind them agree.
    private func withoutDetours(_ rows: [LayerRow]) -> [LayerRow] {
        guard case .model = other,
            let last = rows.last(where: { $0.parity.status != .notCompared }), last.parity.passes
        else { return rows }
        return rows.map { row in
            guard row.parity.status == .different, row.referenceOperation != nil else { return row }
            var row = row
            row.parity.status = .notCompared
            row.parity.explanation =
                "computed in another way on the other side; what follows agrees"
            return row
        }
    }
}
