import IR
import Tensors

extension Surgery {
    /// Gives each group of a convolution a convolution of its own: the channels are split, and the
    /// results joined.
    ///
    /// Each output sums what it summed before in the same order.
    package mutating func splitTowers() throws(SurgeryError) {
        var nodes: [Node] = []
        var count = 0
        for node in graph.nodes {
            if let towers = try towers(of: node) {
                nodes += towers
                count += 1
            } else {
                nodes.append(node)
            }
        }
        guard count > 0 else {
            throw SurgeryError(expected: "a convolution of several groups", found: "none")
        }
        graph.nodes = nodes
    }

    private mutating func towers(of node: Node) throws(SurgeryError) -> [Node]? {
        guard let conv = node.op as? Conv, conv.group > 1, node.inputs.count >= 2
        else { return nil }
        guard conv.group <= 64, let kernel = weights[node.inputs[1]], kernel.shape[1] > 1 else {
            throw SurgeryError(
                expected: "at most 64 groups of several channels",
                found: "node '\(node.name)' of \(conv.group) groups")
        }
        let numbers = 1...conv.group
        let splits = numbers.map { "\(node.name).tower\($0).input" }
        var names = numbers.map { [splits[$0 - 1], "\(node.name).tower\($0).weight"] }
        try share(node.inputs[1], as: names.map { $0[1] })
        if node.inputs.count == 3 {
            for index in names.indices {
                names[index].append("\(node.name).tower\(index + 1).bias")
            }
            try share(node.inputs[2], as: names.map { $0[2] })
        }
        let split = Node(
            name: "\(node.name).split", op: Split(axis: 1, outputCount: conv.group),
            inputs: [node.inputs[0]], outputs: splits)
        let convolutions = numbers.map { number in
            Node(
                name: "\(node.name).tower\(number)", op: Conv(window: conv.window),
                inputs: names[number - 1], outputs: ["\(node.name).tower\(number)"])
        }
        let join = Node(
            name: "\(node.name).join", op: Concat(axis: 1),
            inputs: convolutions.map { $0.outputs[0] }, outputs: node.outputs)
        return [split] + convolutions + [join]
    }

    /// Cuts a constant into equal parts along its first axis.
    private mutating func share(_ name: String, as parts: [String]) throws(SurgeryError) {
        guard let tensor = weights[name], tensor.shape[0] % parts.count == 0,
            let pieces = try? Split(axis: 0, outputCount: parts.count).evaluate([tensor])
        else {
            throw SurgeryError(
                expected: "a constant that \(parts.count) towers can share", found: "'\(name)'")
        }
        for (part, piece) in zip(parts, pieces) { weights[part] = piece }
    }

    /// Makes one convolution of several groups of convolutions that each read their share of the
    /// same channels and whose results are joined in that order: the inverse of `splitTowers`.
    package mutating func mergeTowers() throws(SurgeryError) {
        let producers = Dictionary(
            graph.nodes.flatMap { node in node.outputs.map { ($0, node) } },
            uniquingKeysWith: { first, _ in first })
        var count = 0
        for index in graph.nodes.indices {
            guard let merged = merged(graph.nodes[index], producers) else { continue }
            graph.nodes[index] = merged
            count += 1
        }
        guard count > 0 else {
            throw SurgeryError(
                expected: "convolutions between a Split and a Concat of channels", found: "none")
        }
    }

    private mutating func merged(_ join: Node, _ producers: [String: Node]) -> Node? {
        guard let concat = join.op as? Concat, concat.axis == 1 else { return nil }
        let towers = join.inputs.compactMap { producers[$0] }
        guard towers.count == join.inputs.count, let first = towers.first,
            let conv = first.op as? Conv, let split = producers[first.inputs[0]],
            let cut = split.op as? Split, cut.axis == 1, split.inputs.count == 1,
            split.outputs == towers.map({ $0.inputs[0] })
        else { return nil }
        let shapes = first.inputs.dropFirst().map { weights[$0]?.shape }
        let isAlike = towers.allSatisfy { tower in
            (tower.op as? Conv)?.window == conv.window && (tower.op as? Conv)?.group == 1
                && tower.inputs.dropFirst().map { weights[$0]?.shape } == shapes
        }
        guard isAlike, !shapes.contains(nil) else { return nil }
        let name = first.name.replacing(".tower1", with: "")
        var node = Node(
            name: name, op: Conv(window: conv.window, group: towers.count),
            inputs: [split.inputs[0]], outputs: join.outputs)
        for (place, leaf) in zip(first.inputs.indices.dropFirst(), ["weight", "bias"]) {
            let parts = towers.map { weights[$0.inputs[place]] }
            guard let whole = try? Concat(axis: 0).evaluate(parts).first else { return nil }
            node.inputs.append("\(name).\(leaf)")
            weights["\(name).\(leaf)"] = whole
        }
        return node
    }
}
