import IR
import Tensors

/// A graph and its constants while a file's way of saying things becomes Ferry's.
///
/// Every rewrite keeps the names of the values it does not remove, so types inferred once stay true.
struct GraphRewriter {
    var graph: Graph
    var weights: [String: Tensor]
    /// The file's name of each constant.
    var sourceNames: [String: String]
    /// Types of all values; empty when the graph's sizes are not known.
    var types: [String: ValueInfo]
    private let outputNames: Set<String>
    /// Nodes to leave out, by index.
    private var removed: Set<Int> = []
    /// Constants already rewritten beside their original, by the new name.
    private var copies: [String: String] = [:]

    /// Starts from the graph without Identity, Dropout and what constants alone decide.
    init(_ graph: Graph, weights: [String: Tensor]) {
        let (graph, weights) = graph.withSettledSizes(constants: weights)
        // Sizes of inputs are not folded in: they may differ from one run to the next.
        (self.graph, self.weights) = graph.folded(constants: weights, inputShapes: nil)
        let (folded, constants) = (self.graph, self.weights)
        outputNames = Set(graph.outputs.map(\.name))
        sourceNames = Dictionary(uniqueKeysWithValues: constants.keys.map { ($0, $0) })
        let shapes = folded.assumedInputShapes(batch: 2)
        types = (try? folded.inferTypes(inputShapes: shapes, constants: constants)) ?? [:]
    }

    /// Indices of the nodes that read each value; a node that reads it twice counts twice.
    func readers() -> [String: [Int]] {
        var readers: [String: [Int]] = [:]
        for (index, node) in graph.nodes.enumerated() where !removed.contains(index) {
            for input in node.inputs where !input.isEmpty {
                readers[input, default: []].append(index)
            }
        }
        return readers
    }

    /// How many times nodes read each value.
    func uses() -> [String: Int] {
        graph.nodes.lazy.flatMap(\.inputs).reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    func isOutput(_ value: String) -> Bool { outputNames.contains(value) }

    /// The rank-2 or other shape of a value, nil when unknown.
    func shape(of value: String) -> [Int]? { types[value]?.shape ?? weights[value]?.shape }

    mutating func remove(_ index: Int) { removed.insert(index) }

    /// Takes out nodes that hand their first input on unchanged: readers of the output read the
    /// input instead. A node between a graph's input and its output stays.
    mutating func bypass(where isIdentity: (Node) -> Bool) {
        var renamed: [String: String] = [:]
        func current(_ name: String) -> String {
            var name = name
            while let next = renamed[name] { name = next }
            return name
        }
        let producers = Set(graph.nodes.flatMap(\.outputs))
        for index in graph.nodes.indices where !removed.contains(index) {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map(current)
            let node = graph.nodes[index]
            guard isIdentity(node), let input = node.inputs.first, let output = node.outputs.first
            else { continue }
            if isOutput(output) {
                // Renaming walks the graph, so a graph of very many outputs keeps its identities.
                guard producers.contains(input), !isOutput(input), outputNames.count <= 16
                else { continue }
                renameProduct(input, to: output, before: index)
                renamed[input] = output
            } else {
                renamed[output] = input
            }
            removed.insert(index)
        }
        compact()
    }

    private mutating func renameProduct(_ old: String, to new: String, before end: Int) {
        for index in graph.nodes[..<end].indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0 == old ? new : $0 }
            graph.nodes[index].outputs = graph.nodes[index].outputs.map { $0 == old ? new : $0 }
        }
        types[new] = types[old]
    }

    /// Drops removed nodes, nodes whose results nobody reads, and constants nobody reads.
    mutating func compact() {
        var needed = Set(graph.outputs.map(\.name))
        var kept: [Node] = []
        for index in graph.nodes.indices.reversed() where !removed.contains(index) {
            let node = graph.nodes[index]
            guard node.outputs.contains(where: needed.contains) else { continue }
            needed.formUnion(node.inputs)
            kept.append(node)
        }
        graph.nodes = kept.reversed()
        removed = []
        weights = weights.filter { needed.contains($0.key) }
        sourceNames = sourceNames.filter { needed.contains($0.key) }
    }

    /// Replaces a constant that a node reads by `change` of it.
    ///
    /// When other nodes read it too they keep the original; the changed one is named by `suffix`
    /// and shared among those that ask for the same.
    ///
    /// - Parameter uses: how many times the graph reads each constant.
    /// - Returns: the name to read.
    mutating func replace(
        _ name: String, uses: inout [String: Int], suffix: String, by change: (Tensor) -> Tensor
    ) -> String {
        guard let tensor = weights[name] else { return name }
        if uses[name] == 1, copies["\(name)\(suffix)"] == nil {
            weights[name] = change(tensor)
            return name
        }
        uses[name, default: 1] -= 1
        if let copy = copies["\(name)\(suffix)"] { return copy }
        var copy = "\(name)\(suffix)"
        while weights[copy] != nil || types[copy] != nil { copy += "_" }
        copies["\(name)\(suffix)"] = copy
        // A copy may be asked for again, so it is never changed in place.
        uses[copy] = 2
        weights[copy] = change(tensor)
        sourceNames[copy] = sourceNames[name] ?? name
        return copy
    }
}
