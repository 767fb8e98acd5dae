import IR

/// Which operators of two networks stand for each other, at the least cost in all.
///
/// Operators of one kind are matched, and others of one family (activations); what is only in one
/// network costs 1, or less where it computes nothing. Source: Needleman and Wunsch (1970).
struct GraphAlignment {
    /// For each operator of one network the other's, nil where it has none.
    private(set) var partners: [Int?]
    private(set) var referencePartners: [Int?]

    /// Larger tables than this many cells are not filled: operators are then matched one by one.
    private static let cellLimit = 1 << 24

    private enum Step: UInt8 { case match, skip, skipReference }

    init(_ value: [GraphView.Item], _ reference: [GraphView.Item]) {
        partners = [Int?](repeating: nil, count: value.count)
        referencePartners = [Int?](repeating: nil, count: reference.count)
        let (rows, columns) = (value.count + 1, reference.count + 1)
        guard rows * columns <= Self.cellLimit else {
            for index in 0..<min(value.count, reference.count)
            where value[index].matchingCost(reference[index]) != nil {
                match(index, index)
            }
            return
        }
        let steps = Self.steps(value, reference)
        var (i, j) = (value.count, reference.count)
        while i > 0 || j > 0 {
            switch Step(rawValue: steps[i * columns + j]) {
            case .match:
                (i, j) = (i - 1, j - 1)
                match(i, j)
            case .skip: i -= 1
            default: j -= 1
            }
        }
    }

    mutating func match(_ index: Int, _ other: Int) {
        partners[index] = other
        referencePartners[other] = index
    }

    private static func steps(
        _ value: [GraphView.Item], _ reference: [GraphView.Item]
    ) -> [UInt8] {
        let columns = reference.count + 1
        var steps = [UInt8](repeating: Step.skip.rawValue, count: (value.count + 1) * columns)
        for j in 1..<max(columns, 1) { steps[j] = Step.skipReference.rawValue }
        var above = reference.reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1.skippingCost) }
        for i in 0..<value.count {
            var row = [above[0] + value[i].skippingCost]
            row.reserveCapacity(columns)
            for j in 0..<reference.count {
                var (cost, step) = (above[j + 1] + value[i].skippingCost, Step.skip)
                let other = row[j] + reference[j].skippingCost
                if other < cost { (cost, step) = (other, .skipReference) }
                if let match = value[i].matchingCost(reference[j]), above[j] + match <= cost {
                    (cost, step) = (above[j] + match, .match)
                }
                row.append(cost)
                steps[(i + 1) * columns + j + 1] = step.rawValue
            }
            above = row
        }
        return steps
    }
}

extension GraphView.Item {
    static let activations: Set = [
        "Clamp", "LeakyRelu", "Elu", "Selu", "Tanh", "Sigmoid", "HardSigmoid", "HardSwish",
        "Softplus", "Erf", "Softmax", "LogSoftmax",
    ]

    /// What it costs to leave the operator without a partner.
    var skippingCost: Double {
        form.kind == "Reshape" || node.op is Identity || node.op is Cast || isArithmeticOfSizes
            ? 0.2 : 1
    }

    /// Whether the operator sums products with weights.
    private var isDense: Bool { form.kind == "Conv" || form.kind == "Gemm" }

    /// How little this operator is like the other one; nil where they cannot stand for each other.
    func matchingCost(_ other: GraphView.Item) -> Double? {
        var cost = node.name == other.node.name ? -0.01 : 0
        guard form.kind == other.form.kind else {
            if isActivation, other.isActivation { return cost + 0.6 }
            guard isDense, other.isDense, !parameterShapes.isEmpty else { return nil }
            func counts(_ shapes: [[Int]]) -> [Int] { shapes.map { $0.reduce(1, *) } }
            return counts(parameterShapes) == counts(other.parameterShapes) ? cost + 0.6 : nil
        }
        if form.attributes != other.form.attributes { cost += 0.25 }
        if parameterShapes != other.parameterShapes { cost += 0.4 }
        // Decides among layers alike only: weights may stand in the wrong layers.
        if !signature.isEmpty, signature == other.signature { cost -= 0.03 }
        return cost
    }
}
