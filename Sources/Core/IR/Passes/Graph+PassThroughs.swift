import Tensors

extension Graph {
    /// Removes Identity and Dropout nodes; readers take their input, outputs keep their names.
    ///
    /// One stays where two names of one value are needed: where its output is the graph's and its
    /// input is a graph input, a constant, or a graph output too.
    ///
    /// - Precondition: nodes are sorted.
    mutating func removePassThroughs(constants: [String: Tensor]) {
        let used = Set(nodes.flatMap(\.inputs)).union(outputs.map(\.name))
        var finalNames = FinalNames(self, constants: constants)
        nodes = nodes.filter { node in
            guard let input = node.inputs.first, let output = node.outputs.first,
                !input.isEmpty, !output.isEmpty, node.passesThrough(constants),
                node.outputs.dropFirst().allSatisfy({ $0.isEmpty || !used.contains($0) })
            else { return true }
            return !finalNames.merge(output, into: input)
        }
        for index in nodes.indices {
            nodes[index].inputs = nodes[index].inputs.map { finalNames[$0] }
            nodes[index].outputs = nodes[index].outputs.map { finalNames[$0] }
        }
    }

    /// Removes nodes that no output needs, and returns the constants still read.
    ///
    /// - Precondition: nodes are sorted.
    mutating func removeDead(constants: [String: Tensor]) -> [String: Tensor] {
        var needed = Set(outputs.map(\.name))
        var kept: [Node] = []
        for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
            needed.formUnion(node.inputs.filter { !$0.isEmpty })
            kept.append(node)
        }
        nodes = kept.reversed()
        return constants.filter { needed.contains($0.key) }
    }
}

extension Node {
    /// Whether the first output is the first input at inference.
    fileprivate func passesThrough(_ constants: [String: Tensor]) -> Bool {
        if op is Identity { return inputs.count == 1 }
        guard op is Dropout, inputs.count <= 3 else { return false }
        guard inputs.count == 3, !inputs[2].isEmpty else { return true }
        guard let mode = constants[inputs[2]] else { return false }
        return Dropout.dropsNothing(
            ratio: constants[inputs[1]].map { ValueInfo($0) }, training: ValueInfo(mode))
    }
}

/// Which name each value goes by in the end, while nodes between two names of one value go.
private struct FinalNames {
    /// From a removed node's output to the value it was, never to another removed output.
    private var source: [String: String] = [:]
    /// From a value to the graph output it becomes.
    private var renamed: [String: String] = [:]
    private let outputs: Set<String>
    /// Values that keep their names: nothing in the graph computes them, or they are outputs.
    private let fixed: Set<String>

    init(_ graph: Graph, constants: [String: Tensor]) {
        outputs = Set(graph.outputs.map(\.name))
        fixed = outputs.union(constants.keys).union(graph.inputs.map(\.name))
    }

    subscript(name: String) -> String {
        let value = source[name] ?? name
        return renamed[value] ?? value
    }

    /// Makes `output` another name of `input`; false when both names must remain.
    mutating func merge(_ output: String, into input: String) -> Bool {
        let value = source[input] ?? input
        if outputs.contains(output) {
            if fixed.contains(value) || renamed[value] != nil { return false }
            renamed[value] = output
        }
        source[output] = value
        return true
    }
}
