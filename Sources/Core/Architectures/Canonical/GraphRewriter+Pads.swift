import IR
import Tensors

extension GraphRewriter {
    /// Zeros put around pictures by a Pad of their own become the pads of the convolution or average
    /// that reads them; what never exceeds a maximum becomes the pads of the maximum that reads it.
    mutating func joinPads() {
        let readers = readers()
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            guard let pads = pads(node), let padded = node.outputs.first, !isOutput(padded),
                let all = readers[padded], !all.isEmpty,
                all.allSatisfy({ takes(pads, of: node, graph.nodes[$0], reading: padded) })
            else { continue }
            for reader in all { graph.nodes[reader].join(pads, of: node.inputs[0]) }
            remove(index)
        }
        compact()
    }

    /// Rows and columns that a node adds around pictures, begins then ends; nil for another node.
    private func pads(_ node: Node) -> [Int]? {
        guard node.op is Pad, (2...3).contains(node.inputs.count),
            let pads = weights[node.inputs[1]]?.integers(), pads.count == 8,
            pads.allSatisfy({ (0..<1 << 20).contains($0) }), pads[0] == 0, pads[1] == 0,
            pads[4] == 0, pads[5] == 0
        else { return nil }
        return [2, 3, 6, 7].map { Int(pads[$0]) }
    }

    /// The number that a Pad puts around pictures; nil where there is no one such number.
    private func padding(_ node: Node) -> Double? {
        guard let pad = node.op as? Pad, pad.mode == .constant else { return nil }
        guard node.inputs.count == 3, !node.inputs[2].isEmpty else { return 0 }
        let numbers = weights[node.inputs[2]]?.doubles()
        return numbers?.count == 1 ? numbers?[0] : nil
    }

    private func takes(
        _ pads: [Int], of pad: Node, _ node: Node, reading value: String
    ) -> Bool {
        guard node.inputs.first == value, !node.inputs.dropFirst().contains(value),
            let window = node.window, window.autoPad == .notSet || window.autoPad == .valid,
            window.pads.isEmpty || window.pads.count == 4
        else { return false }
        if node.op is MaxPool {
            // A window that reaches over the edge has the edge itself, unless it skips cells.
            let isWithinEdge =
                (pad.op as? Pad)?.mode == .edge && window.dilations.allSatisfy { $0 == 1 }
                && window.pads.allSatisfy { $0 == 0 }
            return (isWithinEdge || padding(pad) == -.infinity) && !window.ceilMode
                && window.kernel.count == 2 && node.outputs.dropFirst().allSatisfy(\.isEmpty)
                && (0..<4).allSatisfy { pads[$0] < window.kernel[$0 % 2] }
        }
        guard padding(pad) == 0 else { return false }
        if node.op is Conv { return true }
        // A padded average counts zeros; no window may lie in them alone.
        guard let pool = node.op as? AveragePool, window.kernel.count == 2,
            pool.countsPadding || window.pads.allSatisfy({ $0 == 0 }), !window.ceilMode
        else { return false }
        return (0..<4).allSatisfy { pads[$0] < window.kernel[$0 % 2] }
    }
}

extension Node {
    fileprivate var window: SpatialWindow? {
        (op as? Conv)?.window ?? (op as? AveragePool)?.window ?? (op as? MaxPool)?.window
    }

    fileprivate mutating func join(_ pads: [Int], of input: String) {
        guard var window else { return }
        let own = window.pads.isEmpty ? [0, 0, 0, 0] : window.pads
        window.autoPad = .notSet
        window.pads = zip(own, pads).map { $0 + $1 }
        inputs[0] = input
        if var conv = op as? Conv {
            conv.window = window
            op = conv
        } else if var pool = op as? AveragePool {
            pool.window = window
            pool.countsPadding = true
            op = pool
        } else if var pool = op as? MaxPool {
            pool.window = window
            op = pool
        }
    }
}
