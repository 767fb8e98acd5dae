import Architectures
import IR
import Parity
import Tensors

/// Two normalisations that stand for each other, of which one has come as a scale and a shift.
///
/// y = scale·(x − mean)/√(variance + ε) + shift is y = a·x + b with a = scale/√(variance + ε) and
/// b = shift − mean·a. Exporters write a in place of scale and variance, and often b in place of shift
/// and mean. So a is compared with a, and b with b where the means differ: as if the normalisation of
/// four tensors were folded into a layer that multiplies by 1.
struct ScaleAndShift {
    private let value: Side
    private let reference: Side
    /// Whether the judged network is the one that has all four tensors.
    private let isFullInValue: Bool

    private struct Side {
        let item: GraphView.Item
        let numbers: Normalization
        let tensors: [ParameterRole: Tensor]
        /// Whether variance and ε make 1, so that they are in the scale.
        let lacksVariance: Bool
        var lacksMean: Bool { numbers.mean.allSatisfy { $0 == 0 } }

        init?(_ view: GraphView, _ index: Int) {
            item = view.items[index]
            guard let numbers = Normalization(item, view.model.weights),
                let parameters = item.layer?.parameters,
                parameters.allSatisfy({ !view.model.missing.contains($0.name) })
            else { return nil }
            self.numbers = numbers
            let pairs = parameters.compactMap { parameter in
                view.model.weights[parameter.name].map { (parameter.role, $0) }
            }
            tensors = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
            let slack = 2 * (tensors[.variance]?.elementType.unitRoundoff ?? 0)
            lacksVariance = numbers.variance.allSatisfy {
                ($0 + numbers.epsilon - 1).magnitude <= slack
            }
        }
    }

    /// Nil where both have as many tensors, which are then compared one by one.
    init?(_ value: GraphView, _ index: Int, _ reference: GraphView, _ partner: Int) {
        guard let mine = Side(value, index), let theirs = Side(reference, partner),
            mine.numbers.scale.count == theirs.numbers.scale.count, !mine.numbers.scale.isEmpty
        else { return nil }
        (self.value, self.reference) = (mine, theirs)
        if mine.lacksVariance != theirs.lacksVariance {
            isFullInValue = theirs.lacksVariance
        } else if mine.lacksVariance, mine.lacksMean != theirs.lacksMean {
            isFullInValue = theirs.lacksMean
        } else {
            return nil
        }
    }

    private var full: Side { isFullInValue ? value : reference }
    private var absorbed: Side { isFullInValue ? reference : value }

    /// The four tensors' pairs, with the normalisation's place in the judged network.
    func pairs(at position: Double) -> [TensorPair] {
        let isMeanInShift = absorbed.lacksMean && !full.lacksMean
        let means =
            isMeanInShift
            ? [made(.shift, position), settled(.mean, "worked into the shift", position)]
            : [plain(.shift, position), plain(.mean, position)]
        return
            ([made(.scale, position)] + means + [
                settled(.variance, "worked into the scale", position)
            ])
            .compactMap(\.self)
    }

    /// Both files' tensors.
    private func plain(_ role: ParameterRole, _ position: Double) -> TensorPair? {
        pair(role, value.tensors[role], reference.tensors[role], position)
    }

    /// A tensor that only one file has, the other having worked it into another one.
    private func settled(
        _ role: ParameterRole, _ reason: String, _ position: Double
    ) -> TensorPair? {
        let tensor = full.tensors[role]
        var pair = pair(
            role, isFullInValue ? tensor : nil, isFullInValue ? nil : tensor, position)
        pair?.settledReason = reason
        return pair
    }

    /// One file's scale or shift, and what the other's four tensors make of it.
    private func made(_ role: ParameterRole, _ position: Double) -> TensorPair? {
        guard let file = absorbed.tensors[role] else { return nil }
        let (numbers, terms) = role == .scale ? scales : shifts
        let agreement = Agreement(
            role == .scale ? "scale, γ/√(variance + ε)" : "shift, β − mean·γ/√(variance + ε)",
            file, made: numbers, terms: terms, types: full.tensors.values.map(\.elementType))
        let made = agreement.made
        var pair = pair(role, isFullInValue ? made : file, isFullInValue ? file : made, position)
        pair?.agreement = agreement
        pair?.alternatives = { mistakes(role, file) }
        return pair
    }

    /// What the four tensors come to, and the magnitudes of what is summed.
    private var scales: (numbers: [Double], terms: [Double]) {
        let factors = full.numbers.factors()
        return (factors, factors.map(\.magnitude))
    }

    private var shifts: (numbers: [Double], terms: [Double]) {
        let products = zip(full.numbers.mean, full.numbers.factors()).map { $0 * $1 }
        let summands = zip(full.numbers.shift, products)
        return (summands.map { $0 - $1 }, summands.map { $0.magnitude + $1.magnitude })
    }

    /// The file's tensor, and what mistaken formulas make of the other's four.
    private func mistakes(_ role: ParameterRole, _ file: Tensor) -> [TensorPair.Alternative] {
        let ones = Tensor(
            rounding: full.numbers.scale.map { _ in 1 }, to: file.elementType, shape: file.shape)
        let source = role == .scale ? ones : nil
        let tensors = FoldedTensors(
            isInValue: isFullInValue, full.numbers, isFullInValue ? source : file,
            isFullInValue ? file : source, like: ones)
        return tensors.wronglyFolded(
            role == .scale ? .weight : .bias, "the normalisation's \(role.rawValue) is made")
    }

    private func pair(
        _ role: ParameterRole, _ mine: Tensor?, _ theirs: Tensor?, _ position: Double
    ) -> TensorPair? {
        let other = reference.item.layer?.name(of: role)
        guard let name = mine == nil ? other : value.item.layer?.name(of: role) else { return nil }
        var pair = TensorPair(
            name: name, referenceName: theirs == nil ? nil : other, layer: value.item.node.name,
            operation: value.item.node.op.type, role: role, position: position, value: mine,
            reference: theirs, context: TensorContext(.statistic))
        pair.epsilon = full.numbers.epsilon
        return pair
    }
}
