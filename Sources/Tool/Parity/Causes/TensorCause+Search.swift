package import Tensors

extension TensorCause {
    /// Tensors of fewer elements are looked at for every explanation, larger ones for one.
    private static let smallCount = 1 << 18
    /// In larger tensors a few elements that differ are not taken for signs of a rule.
    private static let fewCount = 1 << 14

    /// Why `tensor` differs from `reference`, whose shape and element type it has.
    ///
    /// Explanations are tried from the cheapest on; an order of elements only where both tensors
    /// have the same ones. What nothing explains is `.unknown`, with what can be said about it.
    package static func search(
        _ tensor: Tensor, _ reference: Tensor, _ context: TensorContext,
        _ differences: ElementDifferences
    ) -> TensorCause {
        let (a, b) = (tensor.settled, reference.settled)
        let few = FewElements.cause(a, b, differences)
        if let few, few.cause == .bitFlipped || a.elementCount > fewCount { return few }
        if let cause = FewElements.zeros(a, b, context) { return cause }
        if a.elementFingerprint == b.elementFingerprint { return order(a, b, context) }
        return rule(a, b) ?? few ?? values(a, b, context, differences)
            ?? nonFinite(a, differences) ?? unknown(a, b, differences)
    }

    /// Why a tensor has another shape than its reference; nil where no order of the same elements
    /// explains it.
    package static func searchShapes(
        _ tensor: Tensor, _ reference: Tensor, _ context: TensorContext
    ) -> TensorCause? {
        guard tensor.elementType == reference.elementType else { return nil }
        guard tensor.elementCount == reference.elementCount else {
            return outputs(tensor.settled, reference.settled)
        }
        if tensor.hasEqualBytes(to: reference) {
            return TensorCause(
                .tensorShape,
                "the same elements in shape \(tensor.shape), reference \(reference.shape)")
        }
        let a = tensor.settled
        return Rearrangement.candidates(reference.settled, context, shape: tensor.shape).lazy
            .filter { a.isBitEqual(to: $0.make()) }
            .map { TensorCause($0.cause, $0.explanation) }.first
    }

    /// More or fewer output channels, those of one tensor being some of the other's in a row.
    private static func outputs(_ a: Tensor, _ b: Tensor) -> TensorCause? {
        guard let mine = a.shape.first, let theirs = b.shape.first, min(mine, theirs) > 0,
            a.shape.dropFirst() == b.shape.dropFirst()
        else { return nil }
        let (few, many) = mine < theirs ? (a, b) : (b, a)
        let (least, most) = (min(mine, theirs), max(mine, theirs))
        let size = few.elementCount / least
        let place = (0...most - least).first { row in
            few.hasBytes(of: many.slice(row * size..<(row + least) * size))
        }
        guard let place else { return nil }
        let words = "\(mine) output channels, reference \(theirs): "
        let parts = [(place, "at the beginning"), (most - least - place, "at the end")]
            .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " and ")
        return TensorCause(
            .tensorShape, words + parts + (mine < theirs ? " missing" : " more") + ", others equal")
    }

    /// The same elements in another order.
    private static func order(_ a: Tensor, _ b: Tensor, _ context: TensorContext) -> TensorCause {
        var found: [TensorCause] = []
        for candidate in Rearrangement.candidates(b, context, shape: a.shape) {
            // Of those that come to the same the plain ones are told.
            if found.contains(where: { $0.cause == candidate.cause })
                || candidate.cause == .kernelLayout && !found.isEmpty
            {
                continue
            }
            guard a.isBitEqual(to: candidate.make()) else { continue }
            found.append(TensorCause(candidate.cause, candidate.explanation))
            if a.elementCount > smallCount { break }
        }
        if var cause = found.first {
            if found.count > 1 {
                let others = found.dropFirst().map(\.explanation).joined(separator: ", or ")
                cause.explanation += " (or, as that comes to the same here, \(others))"
            }
            return cause
        }
        for axis in 0..<min(a.rank, 2) {
            guard let order = ChannelOrder(of: a, in: b, axis: axis) else { continue }
            let name = a.rank == 1 ? "channels" : axis == 0 ? "output channels" : "input channels"
            return order.cause(name, context, axis: axis)
        }
        if let cause = ShiftedBytes.cause(a, b) { return cause }
        return TensorCause(
            .elementsReordered, "the same elements in an order that is none of the usual ones",
            isExact: false)
    }

    /// Other elements, by one rule for all of them.
    private static func values(
        _ a: Tensor, _ b: Tensor, _ context: TensorContext, _ differences: ElementDifferences
    ) -> TensorCause? {
        Scaling.cause(a, b, context, differences)
            ?? ShiftedBytes.cause(a, b) ?? FewElements.constant(a, b) ?? Quantization.cause(a, b)
    }

    /// The rule that makes of each element of `reference` the tensor's, whatever their types; nil
    /// when there is none.
    package static func rule(_ tensor: Tensor, _ reference: Tensor) -> TensorCause? {
        let (a, b) = (tensor.settled, reference.settled)
        return ElementRule.all(b.elementType)
            .first { a.allPairs(b, $0.holds) }
            .map { TensorCause($0.cause, $0.explanation) }
    }

    private static func nonFinite(
        _ a: Tensor, _ differences: ElementDifferences
    ) -> TensorCause? {
        guard differences.nonFiniteCount > 0 else { return nil }
        let isAll = differences.nonFiniteCount == differences.differingCount
        return TensorCause(
            .nonFinite,
            "\(differences.nonFiniteCount) of \(a.elementCount) elements are NaN or infinite where "
                + "the reference has numbers" + (isAll ? ", all others agree" : ""),
            isExact: isAll)
    }

    private static func unknown(
        _ a: Tensor, _ b: Tensor, _ differences: ElementDifferences
    ) -> TensorCause {
        var words = "\(differences.differingCount) of \(a.elementCount) elements differ"
        if let cosine = differences.cosine, cosine.magnitude < 0.5 {
            words += ", the two are as good as unrelated"
        } else if a.rank > 1, let channels = a.shape.first, channels > 1 {
            let size = a.elementCount / channels
            let differing = (0..<channels).filter { channel in
                let range = channel * size..<(channel + 1) * size
                return !a.slice(range).hasBytes(of: b.slice(range))
            }
            if differing.count < channels {
                let list = differing.prefix(4).map { "\($0)" }.joined(separator: ", ")
                words += ", in output channels \(list)\(differing.count > 4 ? " …" : "") only"
            }
        }
        return TensorCause(.unknown, words, isExact: false)
    }
}
