import Foundation
import IR
import Parity
import Tensors

extension LayerComparison {
    /// The first layer outside the tolerance, and where its error is born.
    func bisection() throws -> Bisection? {
        guard let pair = try firstDifferent() else { return nil }
        let segment = sequence.segment(to: pair.layer, from: map.known)
        let operation = sequence.operation(of: segment)
        let (otherName, otherOperation) = describe(pair.other, operation)
        var found = Bisection(
            layer: isReversed ? otherName : sequence.name(of: segment), operation: operation,
            referenceOperation: isReversed ? nil : otherOperation, isBornHere: nil, explanation: "")
        guard let local = try localDifference(pair, segment) else {
            found.explanation = "its shape is another, so that nothing behind it can be compared"
            found.isBornHere = true
            return found
        }
        found.onReferenceInput = local
        let layers = sequence.mainLayers(of: segment)
        if case .recording = other, layers.count > 1 {
            let names = layers.dropLast().map { sequence.layers[$0].node.name }
            found.explanation =
                "its input was not recorded; from what was, with "
                + "\(names.joined(separator: ", ")) between, \(words(local))"
            return found
        }
        found.isBornHere = !local.isWithinTolerance
        if found.isBornHere == true {
            found.explanation = "born here: on the reference's own input \(words(local))"
        } else {
            try explainInheritance(of: pair, &found)
        }
        return found
    }

    private func words(_ difference: TensorDifference) -> String {
        if difference.outsideCount > 0 {
            return "\(difference.outsideCount) of \(difference.value.elementCount) values are "
                + "outside, \(difference.disagreement)"
        }
        if let unmet = difference.unmet.first { return "the layer has \(unmet)" }
        return difference.disagreement.isEmpty
            ? "the layer has no error" : "the layer \(difference.disagreement)"
    }

    /// The first pair whose values are different; not one of two operators that only take another way
    /// to what follows, where both sides agree again.
    private func firstDifferent() throws -> (layer: Int, other: Int)? {
        var detour: (layer: Int, other: Int)?
        for part in parts(of: map.pairs) {
            let mine = try self.mine(part.map(\.layer))
            let theirs = try self.theirs(part.map(\.other))
            for pair in part {
                guard let a = mine[pair.layer], let b = theirs[pair.other] else { continue }
                let differs = isDifferent(pair, a, b)
                if let first = detour {
                    if differs { return first }
                    detour = nil
                } else if differs {
                    if !isSubstitute(pair) { return pair }
                    detour = pair
                }
            }
        }
        return detour
    }

    /// Whether the two sides compute a value by different operators.
    private func isSubstitute(_ pair: (layer: Int, other: Int)) -> Bool {
        guard case .model(_, let theirs) = other else { return false }
        return sequence.layers[pair.layer].type != theirs.layers[pair.other].type
    }

    private func isDifferent(
        _ pair: (layer: Int, other: Int), _ mine: Tensor, _ theirs: Tensor
    ) -> Bool {
        let layer = sequence.layers[pair.layer]
        if layer.type == "Pad", TensorSummary(of: mine).infinityCount > 0 { return false }
        guard let theirs = oriented(theirs, to: layer, like: mine) else { return true }
        return !difference(mine, theirs).isWithinTolerance
    }

    /// What a segment of the subject answers to the other side's values, beside the other side's own
    /// answer; nil where shapes do not fit.
    private func localDifference(
        _ pair: (layer: Int, other: Int), _ segment: Segment, _ values: [Int: Tensor]? = nil
    ) throws -> TensorDifference? {
        let partners = map.partners
        let sources = segment.boundary.compactMap { sequence.index(of: $0) }
        let values = try values ?? self.theirs(sources.compactMap { partners[$0] } + [pair.other])
        var given: [String: Tensor] = [:]
        for name in segment.boundary {
            guard let source = sequence.index(of: name) else {
                given[name] = inputs[name]
                continue
            }
            let layer = sequence.layers[source]
            guard let value = partners[source].flatMap({ values[$0] }),
                let turned = oriented(value, to: layer, layer.shape)
            else { return nil }
            given[name] = turned.converted(to: layer.elementType)
        }
        let network = sequence.network(of: segment, in: subject, given: given)
        let result = try engine.run(network, inputs: given)
        let layer = sequence.layers[pair.layer]
        guard let mine = result[layer.value], let theirs = values[pair.other],
            let theirs = oriented(theirs, to: layer, like: mine)
        else { return nil }
        return difference(mine, theirs)
    }

    // MARK: Inherited errors

    /// Looks for the layer before `pair` whose own error is the largest.
    private func explainInheritance(
        of pair: (layer: Int, other: Int), _ found: inout Bisection
    ) throws {
        let errors = try ownErrors(before: pair)
        let sizes = errors.map(\.margin).sorted()
        let usual = sizes.isEmpty ? 0 : sizes[sizes.count / 2]
        found.explanation =
            "inherited: on the reference's own input the layer is within the tolerance"
        guard let largest = errors.max(by: { $0.margin < $1.margin }), largest.margin > 0 else {
            return
        }
        let share = String(format: "%.2g", largest.margin)
        if largest.margin >= 4 * usual {
            found.origin = largest.name
            found.explanation +=
                "; most of the error is born in \(largest.name), \(share) of the tolerance there"
        } else {
            found.explanation +=
                "; no layer before it stands out: errors of up to \(share) of the tolerance add up"
        }
    }

    /// What each layer before `last` adds of its own, as a multiple of the tolerance.
    private func ownErrors(
        before last: (layer: Int, other: Int)
    ) throws -> [(name: String, margin: Double)] {
        let known = map.known
        let partners = map.partners
        var errors: [(name: String, margin: Double)] = []
        for part in parts(of: map.pairs.filter { $0.layer < last.layer }) {
            let segments = part.map { sequence.segment(to: $0.layer, from: known) }
            let sources = segments.flatMap(\.boundary).compactMap { sequence.index(of: $0) }
            let values = try self.theirs(sources.compactMap { partners[$0] } + part.map(\.other))
            for (pair, segment) in zip(part, segments) {
                guard let local = try localDifference(pair, segment, values) else { continue }
                let margin = local.worstMargin ?? (local.isWithinTolerance ? 0 : .infinity)
                errors.append((sequence.name(of: segment), margin))
            }
        }
        return errors
    }
}
