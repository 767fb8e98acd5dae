package import Tensors

extension Graph {
    /// The same computation without what needs no computing.
    ///
    /// 1. Nodes whose outputs do not depend on the graph's inputs become constants under the
    ///    outputs' names: small results of any `Foldable` operator, and weights of any size where
    ///    bytes only move. A weight behind an Identity or a Reshape shares its bytes.
    /// 2. Operators in a form that only other opsets have take their written form where they can.
    /// 3. Identity and Dropout nodes are removed. The graph's outputs keep their names.
    /// 4. What PyTorch's exporters write for a local response normalisation becomes LRN.
    /// 5. Nodes and constants that no output needs are removed.
    ///
    /// A node whose operator refuses its inputs stays as it is, for type inference to report.
    ///
    /// - Parameters:
    ///   - constants: tensors beside the graph, by name.
    ///   - inputShapes: shapes of the inputs, by name; what follows from them is folded as well,
    ///     and the result then holds for these shapes alone.
    /// - Precondition: nodes are sorted (`sortNodes(constants:)`).
    package func folded(
        constants: [String: Tensor], inputShapes: [String: [Int]]? = nil
    ) -> (Graph, [String: Tensor]) {
        var folder = ConstantFolder(self, constants: constants, inputShapes: inputShapes)
        let nodes = self.nodes.compactMap { folder.fold($0) }
        var graph = self
        graph.nodes = nodes
        graph.removePassThroughs(constants: folder.constants)
        if graph.mayHoldLocalResponses {
            let shapes = inputShapes ?? graph.assumedShapes(batch: 2, side: 64)
            let types = try? graph.inferTypes(inputShapes: shapes, constants: folder.constants)
            graph.restoreLocalResponses(constants: folder.constants, types: types ?? [:])
        }
        let kept = graph.removeDead(constants: folder.constants)
        return (graph, kept)
    }

    /// A node that makes a tensor of one element again and again, and was not folded because of its
    /// size; nil when there is none.
    package func firstRepeated(constants: [String: Tensor]) -> Node? {
        nodes.first { node in
            guard let foldable = node.op as? any Foldable,
                case .repeatsElement = type(of: foldable).folding
            else { return false }
            return node.inputs.allSatisfy { constants[$0] != nil }
        }
    }
}

/// Follows values through a graph, node by node, computing the constant ones.
private struct ConstantFolder {
    private(set) var constants: [String: Tensor]
    /// What is known of each value; absent where nothing is.
    private var values: [String: ValueInfo]
    private var inference = Inference()
    /// Bytes that large folded tensors may still take: a few times the weights' own.
    private var budget: Int
    /// Bytes that weights made of one repeated element may still take: enough for VGG-19.
    private var repeatBudget = 640 << 20
    /// Names in use, once a new one is needed.
    private var names: Set<String>?
    private let graph: Graph

    init(_ graph: Graph, constants: [String: Tensor], inputShapes: [String: [Int]]?) {
        self.graph = graph
        self.constants = constants
        values = constants.mapValues { ValueInfo($0) }
        budget = constants.values.reduce(1 << 26) { total, tensor in
            let (sum, overflow) = total.addingReportingOverflow(4 * tensor.byteCount)
            return overflow ? .max : sum
        }
        for input in graph.inputs {
            guard let shape = inputShapes?[input.name],
                Tensor.byteCount(of: shape, input.elementType) != nil
            else { continue }
            values[input.name] = ValueInfo(elementType: input.elementType, shape: shape)
        }
    }

    /// The node as it remains, or nil when its outputs have become constants.
    mutating func fold(_ node: Node) -> Node? {
        let inputs = node.inputs.map { $0.isEmpty ? nil : values[$0] }
        let isKnown = zip(node.inputs, inputs).map { $0.isEmpty || $1 != nil }
        guard isKnown.allSatisfy(\.self) else {
            return isKnown.dropFirst().allSatisfy(\.self) ? written(node, inputs) : node
        }
        guard var outputs = try? inference.infer(node.op, inputs) else { return node }
        if outputs.contains(where: { $0.constant == nil }),
            let moved = moved(node.op, inputs, outputs)
        {
            outputs = moved.map { ValueInfo($0) }
        }
        var isConstant = outputs.count >= node.outputs.count
        for (name, output) in zip(node.outputs, outputs) where !name.isEmpty {
            values[name] = output
            isConstant = isConstant && output.constant != nil
        }
        guard isConstant else { return written(node, inputs) }
        for (name, output) in zip(node.outputs, outputs) where !name.isEmpty {
            constants[name] = output.constant
        }
        return nil
    }

    /// The outputs of an operator that moves bytes, whatever their size, while the budget lasts.
    private mutating func moved(
        _ op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]
    ) -> [Tensor]? {
        guard let foldable = op as? any Foldable,
            inputs.allSatisfy({ $0 == nil || $0?.constant != nil })
        else { return nil }
        switch type(of: foldable).folding {
        case .small: return nil
        case .sharesBytes: break
        case .movesBytes:
            let cost = Self.byteCount(of: outputs)
            guard cost <= budget else { return nil }
            budget -= cost
        case .repeatsElement:
            let cost = Self.byteCount(of: outputs)
            guard cost <= repeatBudget else { return nil }
            repeatBudget -= cost
        }
        return try? op.evaluate(inputs.map { $0?.constant })
    }

    private static func byteCount(of outputs: [ValueInfo]) -> Int {
        outputs.reduce(0) {
            $0 + (Tensor.byteCount(of: $1.shape, $1.elementType) ?? Inference.byteLimit)
        }
    }

    /// The node in the written opset's form, its new constants named after its output.
    private mutating func written(_ node: Node, _ inputs: [ValueInfo?]) -> Node {
        guard let op = node.op as? any Modernized, let form = op.writtenForm(for: inputs) else {
            return node
        }
        var node = node
        node.op = form.op
        node.inputs = Array(node.inputs.prefix(form.inputCount))
        for (index, tensor) in form.replacements.sorted(by: { $0.key < $1.key }) {
            let name = freshName("\(node.outputs.first ?? node.name)_input_\(index)")
            constants[name] = tensor
            values[name] = ValueInfo(tensor)
            while node.inputs.count <= index { node.inputs.append("") }
            node.inputs[index] = name
        }
        return node
    }

    /// `wish`, or a longer name when it is taken.
    private mutating func freshName(_ wish: String) -> String {
        var taken =
            names
            ?? graph.nodes.reduce(into: Set(constants.keys).union(graph.inputs.map(\.name))) {
                $0.formUnion($1.outputs)
            }
        var name = wish
        while !taken.insert(name).inserted { name += "_" }
        names = taken
        return name
    }
}
