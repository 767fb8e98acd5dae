package import IR
package import Tensors

/// A graph's values in float64 throughout: the truth that other arithmetic is measured against.
///
/// Every number is what `Graph.evaluate` makes of tensors converted to float64, bit for bit, on any
/// number of threads: the operators' own loops, or faster ones that sum in the same order. The
/// graph is taken as it stands, so that neither folding nor fusion can hide a mistake of its own.
/// Integers stay integers. A Cast to a shorter float of at least 16 bits is none.
package struct Float64Reference {
    private let graph: Graph
    private let weights: [String: Tensor]
    private let pool: WorkPool

    /// - Parameters:
    ///   - weights: constant tensors by the names the graph reads; each is widened when a node
    ///     reads it, and dropped behind it.
    ///   - pool: threads to compute with.
    package init(graph: Graph, weights: [String: Tensor], pool: WorkPool) {
        self.graph = graph
        self.weights = weights
        self.pool = pool
    }

    /// Computes values of the graph; others live until their last reader is done.
    ///
    /// - Parameters:
    ///   - inputs: a tensor for each of the graph's inputs, by name, of any float type.
    ///   - names: the values to return.
    /// - Returns: float64 tensors, and integers and truth values as they are, in the graph's order
    ///   of axes.
    /// - Throws: `PlanError` when the graph refuses the inputs, has no such value, or takes more
    ///   memory than the engine would use.
    package func run(
        _ inputs: [String: Tensor], keeping names: Set<String>
    ) throws(PlanError) -> [String: Tensor] {
        let types: [String: ValueInfo]
        do {
            types = try graph.inferTypes(
                inputShapes: inputs.mapValues(\.shape), constants: weights)
        } catch {
            throw .graph(error)
        }
        if let name = names.subtracting(types.keys).min() { throw .graph(.missingOutput(name)) }
        var run = Float64Run(
            nodes: graph.nodes(needed: names), kept: names, weights: weights, pool: pool)
        for input in graph.inputs {
            if let tensor = inputs[input.name] { try run.define(input.name, tensor) }
        }
        for node in run.nodes { try run.compute(node, types) }
        return run.results
    }
}

/// One evaluation on its way through the nodes.
private struct Float64Run {
    let nodes: [Node]
    private let kept: Set<String>
    private let weights: [String: Tensor]
    private let pool: WorkPool
    private var values: [String: Tensor] = [:]
    /// How many nodes will still read each value.
    private var readers: [String: Int] = [:]
    private var byteCount = 0

    init(nodes: [Node], kept: Set<String>, weights: [String: Tensor], pool: WorkPool) {
        self.nodes = nodes
        self.kept = kept
        self.weights = weights
        self.pool = pool
        for node in nodes {
            for input in Set(node.inputs) { readers[input, default: 0] += 1 }
        }
    }

    var results: [String: Tensor] {
        kept.reduce(into: [:]) { results, name in
            results[name] = (values[name] ?? weights[name])?.widened()
        }
    }

    private func isNeeded(_ name: String) -> Bool {
        !name.isEmpty && (kept.contains(name) || readers[name] != nil)
    }

    mutating func define(_ name: String, _ tensor: Tensor) throws(PlanError) {
        guard isNeeded(name) else { return }
        try reserve(tensor.elementCount * 8)
        values[name] = tensor.widened()
    }

    /// Counts bytes that stay until `release`.
    private mutating func reserve(_ count: Int) throws(PlanError) {
        let (sum, overflow) = byteCount.addingReportingOverflow(count)
        guard !overflow, sum <= Plan.arenaLimit else {
            throw .tooLarge(bytes: overflow ? .max : sum, limit: Plan.arenaLimit)
        }
        byteCount = sum
    }

    mutating func compute(_ node: Node, _ types: [String: ValueInfo]) throws(PlanError) {
        for name in node.outputs where isNeeded(name) {
            let count = types[name].flatMap { Tensor.byteCount(of: $0.shape, .float64) } ?? .max
            try reserve(count)
        }
        let inputs = node.inputs.map { $0.isEmpty ? nil : values[$0] ?? weights[$0] }
        do {
            let outputs = try evaluate(node, inputs)
            for (name, tensor) in zip(node.outputs, outputs) where isNeeded(name) {
                values[name] = tensor.widened()
            }
        } catch {
            throw .graph(.node(name: node.name, type: node.op.type, error))
        }
        for name in Set(node.inputs) { release(name) }
    }

    private func evaluate(
        _ node: Node, _ inputs: [Tensor?]
    ) throws(OperatorError) -> [Tensor] {
        let op = node.op.withoutRounding
        if let op = op as? any Float64Evaluable,
            node.outputs.dropFirst().allSatisfy({ !isNeeded($0) }),
            let output = try op.evaluateInFloat64(inputs, on: pool)
        {
            return [output]
        }
        let widened = inputs.map { $0?.widened() }
        // Float64 beside a float that no rule foresees is refused, rather than misread.
        _ = try op.outputTypes(for: widened.map { $0.map { ValueInfo($0) } })
        return try op.evaluate(widened)
    }

    private mutating func release(_ name: String) {
        readers[name, default: 1] -= 1
        guard readers[name] == 0, !kept.contains(name),
            let tensor = values.removeValue(forKey: name)
        else { return }
        byteCount -= tensor.elementCount * 8
    }
}

/// An operator with a faster way to the same float64 numbers. Conforming is all the registration
/// there is.
protocol Float64Evaluable: Operator {
    /// The first output, with every sum in the order of `evaluate`; nil for what only that covers.
    ///
    /// - Parameter inputs: activations in float64, constants in their own type.
    /// - Precondition: `outputTypes(for:)` accepted the inputs.
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor?
}

extension Graph {
    /// The nodes that lead to `names`, in order.
    fileprivate func nodes(needed names: Set<String>) -> [Node] {
        var needed = names
        var found: [Node] = []
        for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
            needed.formUnion(node.inputs.filter { !$0.isEmpty })
            found.append(node)
        }
        return found.reversed()
    }
}

extension Operator {
    /// The operator that keeps every bit of float64 where this one rounds to a shorter float.
    fileprivate var withoutRounding: any Operator {
        guard let cast = self as? Cast, cast.elementType.isWidened else { return self }
        return Cast(to: .float64)
    }
}

extension ElementType {
    /// Whether float64 stands for this type. Floats of 8 bits and fewer are what a network means to
    /// round to.
    fileprivate var isWidened: Bool { isFloatingPoint && smallFloat == nil }
}

extension Tensor {
    /// The tensor in float64 if it holds floats.
    fileprivate func widened() -> Tensor {
        elementType.isFloatingPoint ? converted(to: .float64) : self
    }
}
