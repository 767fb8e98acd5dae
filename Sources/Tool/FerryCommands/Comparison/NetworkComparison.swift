import Architectures
import IR
import Parity
import Tensors

/// Two networks, operator by operator: which stand for each other, and which tensors with them.
struct NetworkComparison {
    let value: GraphView
    let reference: GraphView
    private(set) var alignment: GraphAlignment
    /// Operators of the judged network whose partners stand elsewhere in the reference.
    private(set) var moved: [Int] = []
    /// Normalisations that one network has and the other worked into the layer before.
    private(set) var folds: [Fold] = []
    /// Normalisations of the judged network that either file has as a scale and a shift only.
    private(set) var absorbed: Set<Int> = []
    private(set) var pairs: [TensorPair] = []

    /// A normalisation on one side, and the layer it follows on both.
    struct Fold {
        let isInValue: Bool
        let normalization: Int
        let layer: Int
        let referenceLayer: Int
    }

    /// Operators that are the same in another spelling.
    let blocks: SpelledBlocks

    /// How far apart two operators may stand and still have changed places.
    private static let reach = 4.0

    init(_ value: Model, _ reference: Model) {
        let (value, reference) = Model.spelledAlike(value, reference)
        self.value = GraphView(value, isReference: false)
        self.reference = GraphView(reference, isReference: true)
        alignment = GraphAlignment(self.value.items, self.reference.items)
        blocks = SpelledBlocks(self.value, self.reference, alignment)
        findMoved()
        findFolds()
        collectPairs()
    }

    /// Where an operator of the reference would stand in the judged network.
    func position(ofReference index: Int) -> Double {
        if let partner = alignment.referencePartners[index] { return Double(partner) }
        for earlier in stride(from: index - 1, through: 0, by: -1) {
            if let partner = alignment.referencePartners[earlier] { return Double(partner) + 0.5 }
        }
        return -0.5
    }

    /// Operators left over on both sides that do the same near each other changed places with what
    /// stands between.
    private mutating func findMoved() {
        let rest = reference.items.indices.filter { alignment.referencePartners[$0] == nil }
        let places = rest.map { position(ofReference: $0) }
        for index in value.items.indices
        where alignment.partners[index] == nil && !blocks.settled.contains(index)
            && value.items[index].skippingCost == 1
        {
            let place = Double(index)
            let partner = zip(rest, places).first { other, otherPlace in
                guard (otherPlace - place).magnitude <= Self.reach,
                    alignment.referencePartners[other] == nil,
                    let cost = value.items[index].matchingCost(reference.items[other])
                else { return false }
                return cost < 0.3
            }?.0
            guard let partner else { continue }
            alignment.match(index, partner)
            moved.append(index)
        }
    }

    private mutating func findFolds() {
        for index in value.items.indices
        where alignment.partners[index] == nil && !blocks.settled.contains(index) {
            guard let layer = layerBefore(value, index), let other = alignment.partners[layer]
            else { continue }
            folds.append(
                Fold(
                    isInValue: true, normalization: index, layer: layer, referenceLayer: other))
        }
        for index in reference.items.indices
        where alignment.referencePartners[index] == nil
            && !blocks.settledInReference.contains(index)
        {
            guard let layer = layerBefore(reference, index),
                let other = alignment.referencePartners[layer]
            else { continue }
            folds.append(
                Fold(
                    isInValue: false, normalization: index, layer: other, referenceLayer: layer))
        }
    }

    /// The convolution or dense layer whose output a normalisation reads.
    private func layerBefore(_ view: GraphView, _ index: Int) -> Int? {
        let item = view.items[index]
        guard item.layer?.kind == .batchNorm, let input = item.inputs.first,
            let producer = view.producers[input], let layer = view.items[producer].layer,
            layer.name(of: .weight) != nil
        else { return nil }
        return producer
    }

    // MARK: Tensors

    private mutating func collectPairs() {
        pairs += spelledNormalizations(value, blocks.settled)
        pairs += spelledNormalizations(reference, blocks.settledInReference)
        for index in value.items.indices where !blocks.settled.contains(index) {
            collect(index)
        }
        for index in reference.items.indices where alignment.referencePartners[index] == nil {
            guard !folds.contains(where: { !$0.isInValue && $0.normalization == index }),
                !blocks.settledInReference.contains(index)
            else { continue }
            pairs += tensors(
                of: reference.items[index], in: reference, at: position(ofReference: index))
        }
        pairs.sort { $0.position < $1.position }
    }

    /// The tensors of an operator of the judged network, with their partners.
    private mutating func collect(_ index: Int) {
        let (item, position) = (value.items[index], Double(index))
        guard let other = alignment.partners[index] else {
            if !folds.contains(where: { $0.isInValue && $0.normalization == index }) {
                pairs += tensors(of: item, in: value, at: position)
            }
            return
        }
        if let fold = folds.first(where: { $0.layer == index }) {
            collect(fold)
        } else if let found = ScaleAndShift(value, index, reference, other) {
            absorbed.insert(index)
            pairs += found.pairs(at: position)
        } else {
            collect(item, reference.items[other], position)
        }
    }

    private mutating func collect(
        _ item: GraphView.Item, _ other: GraphView.Item, _ position: Double
    ) {
        var rest = other.parameters
        for parameter in item.parameters {
            let place = rest.firstIndex { $0.role == parameter.role }
            let partner = place.map { rest.remove(at: $0) }
            append(item, parameter, partner, position, other)
        }
        for parameter in rest { append(item, nil, parameter, position, other) }
    }

    private mutating func append(
        _ item: GraphView.Item, _ parameter: ParameterLayer.Parameter?,
        _ partner: ParameterLayer.Parameter?, _ position: Double, _ other: GraphView.Item
    ) {
        func tensor(_ parameter: ParameterLayer.Parameter?, in model: Model) -> Tensor? {
            parameter.flatMap { model.missing.contains($0.name) ? nil : model.weights[$0.name] }
        }
        let (mine, theirs) = (
            tensor(parameter, in: value.model), tensor(partner, in: reference.model)
        )
        guard mine != nil || theirs != nil, !lacks(parameter, partner),
            let role = (parameter ?? partner)?.role
        else { return }
        var pair = TensorPair(
            name: parameter?.name ?? partner?.name ?? "", referenceName: partner?.name,
            layer: item.node.name, operation: item.node.op.type, role: role, position: position,
            value: mine, reference: theirs, context: context(of: other, role))
        pair.epsilon = other.layer?.epsilon.map { Double($0) }
        if item.layer?.kind == .conv, value.model.hasFoldedNormalization,
            reference.model.hasFoldedNormalization
        {
            pair.agreement = .folded(isDerived: false)
        }
        let (view, plain) = (reference, pair)
        pair.alternatives = { Self.foldedTwice(other, plain, in: view) }
        pairs.append(pair)
    }

    /// Whether a part of a network was asked for and both sides lack the tensor.
    private func lacks(
        _ parameter: ParameterLayer.Parameter?, _ partner: ParameterLayer.Parameter?
    ) -> Bool {
        guard let parameter, let partner else { return false }
        return value.model.missing.contains(parameter.name)
            && reference.model.missing.contains(partner.name)
    }

    // MARK: Folded normalisations

    private mutating func collect(_ fold: Fold) {
        let (item, other) = (value.items[fold.layer], reference.items[fold.referenceLayer])
        let view = fold.isInValue ? value : reference
        let normalization = Normalization(
            view.items[fold.normalization], view.model.weights)
        func tensor(_ item: GraphView.Item, _ role: ParameterRole, _ model: Model) -> Tensor? {
            item.layer?.name(of: role).flatMap { model.weights[$0] }
        }
        let (bias, otherBias) = (
            tensor(item, .bias, value.model), tensor(other, .bias, reference.model)
        )
        guard let normalization, let mine = tensor(item, .weight, value.model),
            let theirs = tensor(other, .weight, reference.model),
            fold.isInValue ? normalization.fits(mine, bias) : normalization.fits(theirs, otherBias)
        else { return collect(item, other, Double(fold.layer)) }
        let kernels = FoldedTensors(
            isInValue: fold.isInValue, normalization, mine, theirs, like: mine)
        let biases = FoldedTensors(
            isInValue: fold.isInValue, normalization, bias, otherBias, like: mine)
        for (role, tensors) in [(ParameterRole.weight, kernels), (.bias, biases)] {
            let (a, b) = tensors.pair(role, Normalization.Way())
            var pair = TensorPair(
                name: item.layer?.name(of: role) ?? "\(item.node.name) \(role.rawValue)",
                referenceName: other.layer?.name(of: role), layer: item.node.name,
                operation: item.node.op.type, role: role, position: Double(fold.layer), value: a,
                reference: b, context: context(of: other, role))
            pair.agreement = .folded(isDerived: true)
            pair.alternatives = { tensors.unfolded + tensors.wronglyFolded(role) }
            pairs.append(pair)
        }
    }
}
