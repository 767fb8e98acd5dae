import Architectures
import IR
import Parity
import Tensors

/// Functions that two networks spell differently: swish as one operator or as Sigmoid and Mul, GELU by
/// five operators or by seven, a softmax between two transposes.
///
/// Between two layers that stand for each other, both spellings are computed for some numbers in
/// float64. Where the results agree, the operators are the same, however they are written. Functions
/// of single elements are tried on small pictures, all others on the network's own, if not too large.
struct SpelledBlocks {
    /// Operators of either network that need no further comparison.
    private(set) var settled: Set<Int> = []
    private(set) var settledInReference: Set<Int> = []
    /// The first operators of blocks in which only GELU's approximation differs.
    private(set) var approximations: [Int] = []

    private let value: GraphView
    private let reference: GraphView
    private let alignment: GraphAlignment

    init(_ value: GraphView, _ reference: GraphView, _ alignment: GraphAlignment) {
        (self.value, self.reference, self.alignment) = (value, reference, alignment)
        // Swish reads its input twice, a gate that is multiplied with another branch does not.
        settle(ownSizes: false)
        settle(ownSizes: false, upToJoins: true)
        settle(ownSizes: true)
    }

    /// Whether an operator may be a part of what is spelled otherwise: no layer whose weights have
    /// partners to be compared with.
    private func isInner(
        _ index: Int, in view: GraphView, ownSizes: Bool, upToJoins: Bool
    ) -> Bool {
        let item = view.items[index]
        if !ownSizes { return item.isElementwise && !(upToJoins && item.inputs.count > 1) }
        let partners = view.isReference ? alignment.referencePartners : alignment.partners
        let isPaired = item.layer?.kind == .batchNorm && partners[index] != nil
        return !isPaired && !["Conv", "Gemm", "MatMul"].contains(item.form.kind)
    }

    /// Tries what stands between operators that are no inner ones.
    ///
    /// - Parameter upToJoins: whether operators that read two values are none.
    private mutating func settle(ownSizes: Bool, upToJoins: Bool = false) {
        var last = (-1, -1)
        for index in value.items.indices + [value.items.count] {
            var next: (Int, Int)?
            if index == value.items.count {
                next = (index, reference.items.count)
            } else if let partner = alignment.partners[index], partner > last.1,
                !isInner(index, in: value, ownSizes: ownSizes, upToJoins: upToJoins),
                !isInner(partner, in: reference, ownSizes: ownSizes, upToJoins: upToJoins)
            {
                next = (index, partner)
            }
            guard let next else { continue }
            var (mine, theirs) = (last.0 + 1..<next.0, last.1 + 1..<next.1)
            if !ownSizes {
                mine = mine.dropFirst(startsFolded(mine, value, alignment.partners) ? 1 : 0)
                theirs = theirs.dropFirst(
                    startsFolded(theirs, reference, alignment.referencePartners) ? 1 : 0)
            }
            let areInner =
                mine.allSatisfy {
                    isInner($0, in: value, ownSizes: ownSizes, upToJoins: upToJoins)
                }
                && theirs.allSatisfy {
                    isInner($0, in: reference, ownSizes: ownSizes, upToJoins: upToJoins)
                }
            if areInner { settle(mine, theirs, ownSizes) }
            last = next
        }
    }

    private mutating func settle(_ mine: Range<Int>, _ theirs: Range<Int>, _ ownSizes: Bool) {
        guard !isSpelledAlike(mine, theirs), let here = Block(value, mine),
            let there = Block(reference, theirs)
        else { return }
        if let a = here.results(ownSizes), let b = there.results(ownSizes), Probing.agree(a, b) {
            settled.formUnion(mine)
            settledInReference.formUnion(theirs)
            return
        }
        if ownSizes { return }
        let kinds = Set(value.items[mine].map(\.form.kind))
        let others = Set(reference.items[theirs].map(\.form.kind))
        let isByErf = [kinds, others].map { $0.contains("Erf") }
        let isByTanh = [kinds, others].map { $0.contains("Tanh") }
        guard let first = mine.first, isByErf[0] != isByErf[1], isByErf[0] == isByTanh[1],
            isByErf[1] == isByTanh[0]
        else { return }
        approximations.append(first)
        settled.formUnion(mine)
        settledInReference.formUnion(theirs)
    }

    /// Whether a normalisation comes first that the other network worked into the layer before.
    private func startsFolded(
        _ range: Range<Int>, _ view: GraphView, _ partners: [Int?]
    ) -> Bool {
        guard let first = range.first else { return false }
        return partners[first] == nil && view.items[first].form.kind == "BatchNormalization"
    }

    /// Whether the operators are the same one by one, so that only constants may differ.
    private func isSpelledAlike(_ mine: Range<Int>, _ theirs: Range<Int>) -> Bool {
        mine.count == theirs.count
            && zip(mine, theirs).allSatisfy { index, other in
                alignment.partners[index] == other
                    && value.items[index].form.kind == reference.items[other].form.kind
            }
    }
}

/// Operators from one value to one other.
private struct Block {
    private let view: GraphView
    private let range: Range<Int>
    private let input: String
    private let output: String

    /// Operators that are computed at most.
    private static let limit = 32

    /// Nil where more than one value goes in or out.
    init?(_ view: GraphView, _ range: Range<Int>) {
        guard range.count <= Self.limit else { return nil }
        (self.view, self.range) = (view, range)
        let items = view.items[range]
        let made = Set(items.flatMap(\.node.outputs))
        let inputs = Set(items.flatMap(\.inputs)).subtracting(made)
        let read = Set(
            view.items.indices.filter { !range.contains($0) }.flatMap { view.items[$0].inputs }
                + view.model.graph.outputs.map(\.name))
        let outputs = made.intersection(read)
        if range.isEmpty {
            let before =
                range.lowerBound > 0
                ? view.items[range.lowerBound - 1].node.outputs.first
                : view.model.graph.inputs.first?.name
            guard let before else { return nil }
            (self.input, self.output) = (before, before)
            return
        }
        guard inputs.count == 1, outputs.count == 1, let input = inputs.first,
            let output = outputs.first
        else { return nil }
        (self.input, self.output) = (input, output)
    }

    /// What comes out for numbers of all sizes, the same for every block of as many channels; nil
    /// where the operators refuse, or there would be too many.
    ///
    /// - Parameter ownSizes: whether the sizes are the network's own.
    func results(_ ownSizes: Bool) -> [Double]? {
        guard let shape = view.types[input]?.shape, let channels = shape.dropFirst().first else {
            return nil
        }
        let probe = ownSizes ? shape : [1, channels] + shape.dropFirst(2).map { min($0, 5) }
        guard Tensor.elementCount(of: probe) ?? .max <= 1 << 16 else { return nil }
        var values = [input: Probing.tensor(probe)]
        for item in view.items[range] {
            let arguments = item.node.inputs.map { name in
                values[name] ?? view.model.weights[name].map(Self.widened)
            }
            let types = arguments.map { $0.map { ValueInfo($0) } }
            guard let outputs = try? item.node.op.outputTypes(for: types),
                outputs.allSatisfy({ Tensor.elementCount(of: $0.shape) ?? .max <= 1 << 20 }),
                let made = try? item.node.op.evaluate(arguments)
            else { return nil }
            for (name, tensor) in zip(item.node.outputs, made) { values[name] = tensor }
        }
        return values[output]?.doubles()
    }

    private static func widened(_ tensor: Tensor) -> Tensor {
        tensor.elementType.isFloatingPoint ? tensor.settled.converted(to: .float64) : tensor
    }
}

extension GraphView.Item {
    private static let elementwise: Set = [
        "Abs", "Add", "Clamp", "Div", "Elu", "Erf", "Exp", "HardSigmoid", "HardSwish",
        "LeakyRelu", "Log", "Max", "Min", "Mul", "Neg", "Pow", "Reciprocal", "Selu", "Sigmoid",
        "Softplus", "Sqrt", "Sub", "Sum", "Tanh", "Where",
    ]

    /// Whether each element of the output comes of those in the same place.
    fileprivate var isElementwise: Bool { Self.elementwise.contains(form.kind) }
}
