import Architectures
import IR
import Parity
import Tensors

/// What two networks' operators say of the difference, tensors aside.
struct StructureFindings {
    /// With the place in the judged network.
    private(set) var all: [(Double, Finding)] = []
    let comparison: NetworkComparison
    var value: GraphView { comparison.value }
    var reference: GraphView { comparison.reference }

    init(_ comparison: NetworkComparison) {
        self.comparison = comparison
        compareInputs()
        for index in comparison.blocks.approximations {
            add(
                Double(index), value.items[index], .geluApproximation,
                "GELU by erf in one network, by tanh in the other")
        }
        for index in value.items.indices where !comparison.blocks.settled.contains(index) {
            if let other = comparison.alignment.partners[index] {
                compare(value.items[index], reference.items[other], index)
            } else if !comparison.folds.contains(where: {
                $0.isInValue && $0.normalization == index
            }) {
                report(value, index, Double(index), isExtra: true)
            }
        }
        for index in reference.items.indices
        where comparison.alignment.referencePartners[index] == nil {
            guard !comparison.folds.contains(where: { !$0.isInValue && $0.normalization == index }),
                !comparison.blocks.settledInReference.contains(index)
            else { continue }
            report(
                reference, index, comparison.position(ofReference: index), isExtra: false)
        }
        compareWiring()
        compareRecipes()
    }

    mutating func add(
        _ position: Double, _ item: GraphView.Item, _ cause: Cause, _ explanation: String,
        isExact: Bool = true
    ) {
        all.append(
            (
                position,
                Finding(
                    layer: item.node.name, operation: item.node.op.type, cause: cause,
                    explanation: explanation, isExact: isExact)
            ))
    }

    // MARK: Aligned operators

    private mutating func compare(
        _ item: GraphView.Item, _ other: GraphView.Item, _ index: Int
    ) {
        let position = Double(index)
        if comparison.moved.contains(index) { reportMoved(index) }
        guard item.form.kind == other.form.kind else {
            compareKinds(item, other, position)
            return
        }
        var differences = item.form.differences(from: other.form)
        // Then ε is in the scale, which is compared.
        if comparison.absorbed.contains(index) { differences.removeAll { $0 == "epsilon" } }
        if !differences.isEmpty, computesAlike(item, other) { return }
        for name in differences {
            let found = item.form.cause(of: name, against: other.form)
            let (mine, theirs) = (item.form[name], other.form[name])
            add(
                position, item, found.cause,
                "\(name) \(mine.map { "\($0)" } ?? "none"), reference "
                    + (theirs.map { "\($0)" } ?? "none")
                    + (found.remark.isEmpty ? "" : ": \(found.remark)"))
        }
        compareMomentum(item, other, position)
    }

    /// Whether two spellings of an operator make the same of the same numbers.
    private func computesAlike(_ item: GraphView.Item, _ other: GraphView.Item) -> Bool {
        guard item.form.inputSizes == other.form.inputSizes, let mine = value.probe(item),
            let theirs = reference.probe(other), mine.count == theirs.count
        else { return false }
        return zip(mine, theirs).allSatisfy { Probing.agree($0, $1) }
    }

    /// Two operators that changed places, told of the first of them.
    private mutating func reportMoved(_ index: Int) {
        let partners = comparison.alignment.partners
        guard let place = partners[index] else { return }
        let neighbours = [index - 1, index + 1].filter { value.items.indices.contains($0) }
        let passed = neighbours.first { neighbour in
            partners[neighbour].map { ($0 < place) != (neighbour < index) } ?? false
        }
        let first = min(index, passed ?? index)
        let names = [first, max(index, passed ?? index)].map { place in
            "\(value.items[place].node.op.type) '\(value.items[place].node.name)'"
        }
        add(
            Double(first), value.items[first], .layersReordered,
            passed == nil
                ? "\(names[0]) stands at another place"
                : "\(names[0]) stands before \(names[1]), in the reference behind it")
    }

    func before(_ item: GraphView.Item, _ view: GraphView) -> String {
        guard let input = item.inputs.first, let producer = view.producers[input] else {
            return "the input"
        }
        let node = view.items[producer].node
        return "\(node.op.type) '\(node.name)'"
    }

    /// Functions that were exchanged for others.
    private mutating func compareKinds(
        _ item: GraphView.Item, _ other: GraphView.Item, _ position: Double
    ) {
        let kinds = Set([item.form.kind, other.form.kind])
        if kinds == ["Conv", "Gemm"] { return }
        let words = "\(item.node.op.type), reference \(other.node.op.type)"
        let cause: Cause
        switch kinds {
        case ["Clamp", "LeakyRelu"]: cause = .activationSlope
        case ["Tanh", "Erf"]: cause = .geluApproximation
        case let kinds where !kinds.isDisjoint(with: ["Softmax", "LogSoftmax"]):
            cause = .operatorKind
        default: cause = .activationKind
        }
        add(position, item, cause, words)
    }

    private mutating func compareMomentum(
        _ item: GraphView.Item, _ other: GraphView.Item, _ position: Double
    ) {
        // Known networks' graphs are Ferry's own, which has no momentum to carry.
        guard value.model.architecture == nil, reference.model.architecture == nil,
            let mine = item.node.op as? BatchNormalization,
            let theirs = other.node.op as? BatchNormalization, mine.momentum != theirs.momentum
        else { return }
        let isInverse = (mine.momentum + theirs.momentum - 1).magnitude < 1e-6
        add(
            position, item, .normalizationMomentum,
            "momentum \(mine.momentum), reference \(theirs.momentum)"
                + (isInverse ? ": one minus the other" : "") + "; no matter at inference")
    }

    // MARK: Operators on one side

    private mutating func report(
        _ view: GraphView, _ index: Int, _ position: Double, isExtra: Bool
    ) {
        let item = view.items[index]
        if item.skippingCost < 1 { return }
        let cause = Self.presence(item, view.model, isExtra: isExtra)
        let side = isExtra ? "only here" : "in the reference only"
        var words = "\(item.node.op.type) \(side), after \(before(item, view))"
        if let constant = Self.constant(item, view.model), constant.elementCount == 1 {
            words += ": by \(constant.text(ofElement: 0))"
        }
        add(position, item, cause, words)
    }

    private static func constant(_ item: GraphView.Item, _ model: Model) -> Tensor? {
        item.node.inputs.lazy.compactMap { model.weights[$0] }
            .first { $0.elementType.isFloatingPoint }?.settled
    }

    /// The cause when an operator is on one side only.
    private static func presence(
        _ item: GraphView.Item, _ model: Model, isExtra: Bool
    ) -> Cause {
        let hasConstant = constant(item, model) != nil
        switch item.form.kind {
        case "Softmax", "LogSoftmax": return isExtra ? .softmaxExtra : .softmaxMissing
        case "BatchNormalization": return isExtra ? .normalizationExtra : .normalizationMissing
        case "Transpose": return isExtra ? .transposeExtra : .transposeMissing
        case "Pad": return isExtra ? .padsExtra : .padsMissing
        case "Mul" where hasConstant, "Div" where hasConstant: return .constantFactor
        case "Add" where hasConstant, "Sub" where hasConstant: return .constantOffset
        case _ where item.isActivation: return isExtra ? .activationExtra : .activationMissing
        default: return isExtra ? .layerExtra : .layerMissing
        }
    }

    // MARK: The whole network

    private mutating func compareInputs() {
        for (mine, theirs) in zip(value.model.graph.inputs, reference.model.graph.inputs) {
            guard let a = mine.shape, let b = theirs.shape else { continue }
            let isFixed = zip(a.dropFirst(), b.dropFirst()).contains { mine, theirs in
                if case .fixed(let size) = mine, case .fixed(let other) = theirs {
                    return size != other
                }
                return false
            }
            guard isFixed || a.count != b.count else { continue }
            all.append(
                (
                    -1,
                    Finding(
                        layer: mine.name, operation: "input", cause: .inputSize,
                        explanation: "declared \(ValueDeclaration.describe(a)), reference "
                            + ValueDeclaration.describe(b), isExact: true)
                ))
        }
        guard let takesBatches = value.takesBatches, reference.takesBatches == true,
            !takesBatches, let input = value.model.graph.inputs.first
        else { return }
        all.append(
            (
                -1,
                Finding(
                    layer: input.name, operation: "input", cause: .batchFixed,
                    explanation: "takes one picture at a time, the reference any number",
                    isExact: true)
            ))
    }

    private mutating func compareRecipes() {
        let key = MetadataKey.preprocess
        guard let mine = value.model.metadata[key], let theirs = reference.model.metadata[key],
            mine != theirs, let input = value.model.graph.inputs.first
        else { return }
        all.append(
            (
                -1,
                Finding(
                    layer: input.name, operation: "input", cause: .preprocessing,
                    explanation: "\(key) \(mine), reference \(theirs)", isExact: true)
            ))
    }
}
