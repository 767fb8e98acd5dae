package import IR
import Tensors

extension Model {
    /// The nodes of one layer of a known network; of another network, one node.
    package struct NodeGroup: Sendable {
        /// The layer's, or the node's.
        package var name: String
        package var nodes: [Node]

        /// The operators' names.
        package var operation: String { nodes.map(\.op.type).joined(separator: " + ") }

        /// Names of the constants it reads, each once.
        package func constants(of model: Model) -> [String] {
            var found: Set<String> = []
            return nodes.flatMap(\.inputs).filter {
                model.weights[$0] != nil && found.insert($0).inserted
            }
        }
    }

    /// The nodes in graph order, those that only hold a number left out.
    package var nodeGroups: [NodeGroup] {
        let steps = architecture?.layers.map { $0.steps(epsilon: 0) } ?? []
        let inner = Set(steps.flatMap { $0.dropLast().map(\.name) })
        var groups: [NodeGroup] = []
        var nodes: [Node] = []
        for node in graph.nodes where !(node.op is Constant) {
            nodes.append(node)
            if inner.contains(node.name) { continue }
            groups.append(NodeGroup(name: node.name, nodes: nodes))
            nodes = []
        }
        return groups
    }

    /// How many numbers of each constant training may change, where that is not all of them:
    /// statistics, fixed codes, kernels between maps that are not all connected.
    package var trainableCounts: [String: Int] {
        var counts: [String: Int] = [:]
        for layer in layers {
            for parameter in layer.parameters
            where parameter.role == .mean || parameter.role == .variance {
                counts[parameter.name] = 0
            }
        }
        guard let architecture, let form else { return counts }
        for parameter in architecture.parameters(form.sizes) {
            let count = parameter.trainableCount
            if count != parameter.shape.reduce(1, *) { counts[parameter.name] = count }
        }
        return counts
    }
}
