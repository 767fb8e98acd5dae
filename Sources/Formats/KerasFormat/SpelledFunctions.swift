import IR
import Tensors

/// Functions that a graph spells out operator by operator, and Keras has by name.
struct SpelledFunctions {
    struct Function {
        /// Keras' name.
        var name: String
        /// The value it is taken of.
        var input: String
    }

    /// By the value that comes out.
    private(set) var functions: [String: Function] = [:]
    /// Values inside of them, which nothing else reads.
    private(set) var inner: Set<String> = []

    private let producers: [String: Node]
    private let readers: [String: [Node]]
    private let outputs: Set<String>

    init(_ graph: Graph) {
        producers = Dictionary(
            graph.nodes.flatMap { node in node.outputs.map { ($0, node) } },
            uniquingKeysWith: { first, _ in first })
        var readers: [String: [Node]] = [:]
        for node in graph.nodes {
            for input in node.inputs { readers[input, default: []].append(node) }
        }
        self.readers = readers
        outputs = Set(graph.outputs.map(\.name))
        for node in graph.nodes {
            switch node.op {
            case is Erf: addGELU(node)
            case is Div: addSoftsign(node)
            default: break
            }
        }
    }

    /// x/2 · (1 + erf(x/√2)), its factors in any order.
    private mutating func addGELU(_ erf: Node) {
        guard let scaled = producers[erf.inputs[0]], isInside(erf.inputs[0]),
            let (x, factor) = scaling(scaled), abs(factor * 2.0.squareRoot() - 1) < 1e-6,
            let gate = onlyReader(of: erf.outputs[0]), gate.op is Add, operand(gate) == 1,
            var end = onlyReader(of: gate.outputs[0]), end.op is Mul
        else { return }
        // The product of three may end one multiplication later.
        for _ in 0..<2 {
            var inside = Set([erf.inputs[0], erf.outputs[0], gate.outputs[0]])
            var values: [String] = []
            var constant = 1.0
            collectFactors(of: end, &values, &constant, &inside)
            if constant == 0.5, values.count == 2, Set(values) == [x, gate.outputs[0]] {
                functions[end.outputs[0]] = Function(name: "gelu", input: x)
                inner.formUnion(inside)
                return
            }
            guard let next = onlyReader(of: end.outputs[0]), next.op is Mul else { return }
            end = next
        }
    }

    /// x/(1 + |x|)
    private mutating func addSoftsign(_ division: Node) {
        let x = division.inputs[0]
        guard let sum = producers[division.inputs[1]], sum.op is Add, operand(sum) == 1,
            isInside(division.inputs[1]),
            let size = sum.inputs.first(where: { producers[$0]?.op is Abs }), isInside(size),
            producers[size]?.inputs == [x]
        else { return }
        functions[division.outputs[0]] = Function(name: "softsign", input: x)
        inner.formUnion([size, division.inputs[1]])
    }

    private func collectFactors(
        of product: Node, _ values: inout [String], _ constant: inout Double,
        _ inside: inout Set<String>
    ) {
        for input in product.inputs {
            if let number = number(input) {
                constant *= number
            } else if let inner = producers[input], inner.op is Mul, isInside(input) {
                inside.insert(input)
                collectFactors(of: inner, &values, &constant, &inside)
            } else {
                values.append(input)
            }
        }
    }

    // MARK: Steps

    private func isInside(_ value: String) -> Bool {
        readers[value]?.count == 1 && !outputs.contains(value)
    }

    private func onlyReader(of value: String) -> Node? {
        isInside(value) ? readers[value]?.first : nil
    }

    private func number(_ value: String) -> Double? {
        guard let constant = producers[value]?.op as? Constant, constant.value.elementCount == 1
        else { return nil }
        return constant.value.doubles().first
    }

    /// The number beside the one value that a node of two inputs reads.
    private func operand(_ node: Node) -> Double? {
        let numbers = node.inputs.map { number($0) }
        return numbers.count == 2 && numbers.contains(nil) ? numbers[0] ?? numbers[1] : nil
    }

    /// A value and what it is multiplied by.
    private func scaling(_ node: Node) -> (value: String, factor: Double)? {
        guard let number = operand(node), node.op is Mul || self.number(node.inputs[1]) != nil,
            let value = node.inputs.first(where: { self.number($0) == nil })
        else { return nil }
        switch node.op {
        case is Mul: return (value, number)
        case is Div: return (value, 1 / number)
        default: return nil
        }
    }
}
