/// One operator applied to named values.
package struct Node: Sendable {
    package var name: String
    package var op: any Operator
    /// Names of the values read; an omitted optional input is the empty string.
    package var inputs: [String]
    package var outputs: [String]

    package init(name: String, op: any Operator, inputs: [String], outputs: [String]) {
        self.name = name
        self.op = op
        self.inputs = inputs
        self.outputs = outputs
    }
}

/// A computation: nodes in an order in which each reads only what stands before it.
///
/// Constant tensors live beside the graph, in the checkpoint or model that owns it, under the names
/// that nodes read.
package struct Graph: Sendable {
    package var name: String
    /// What the caller must supply; constants are not listed.
    package var inputs: [ValueDeclaration]
    package var outputs: [ValueDeclaration]
    package var nodes: [Node]

    package init(
        name: String, inputs: [ValueDeclaration], outputs: [ValueDeclaration], nodes: [Node]
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.nodes = nodes
    }
}

/// Why a graph means nothing.
package enum GraphError: Error, Equatable, Sendable {
    case undefinedValue(node: String, value: String)
    case redefinedValue(node: String, value: String)
    case missingOutput(String)
    case cycle(node: String)
    case unknownInputShape(input: String)
    case inputShape(input: String, expected: String, found: [Int])
    case missingInput(String)
    case node(name: String, type: String, OperatorError)
}

extension GraphError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .undefinedValue(let node, let value):
            "node '\(node)': expected a value defined before it, found '\(value)'"
        case .redefinedValue(let node, let value):
            "node '\(node)': expected a new name for its output, found '\(value)' defined already"
        case .missingOutput(let name):
            "output '\(name)': expected a value the graph computes, found none"
        case .cycle(let node):
            "node '\(node)': expected nodes without a cycle, found one through this node"
        case .unknownInputShape(let input):
            "input '\(input)': expected a known shape, found none; give one"
        case .inputShape(let input, let expected, let found):
            "input '\(input)': expected shape \(expected), found \(found)"
        case .missingInput(let input):
            "input '\(input)': expected a tensor, found none"
        case .node(let name, let type, let error):
            "node '\(name)' (\(type)): \(error)"
        }
    }
}

extension Graph {
    /// Sorts nodes so that each reads only earlier values, keeping the given order where it can,
    /// and checks that every value is defined once.
    ///
    /// - Parameter constants: names of the tensors beside the graph.
    /// - Throws: `GraphError` for undefined or redefined values, cycles and missing outputs.
    package mutating func sortNodes(constants: Set<String>) throws(GraphError) {
        var producer: [String: Int] = [:]
        let given = constants.union(inputs.map(\.name))
        for (index, node) in nodes.enumerated() {
            for output in node.outputs where !output.isEmpty {
                if given.contains(output) || producer.updateValue(index, forKey: output) != nil {
                    throw .redefinedValue(node: node.name, value: output)
                }
            }
        }
        // Kahn's algorithm with the lowest index first: stable, and no recursion on hostile depth.
        var waitingFor = [Int](repeating: 0, count: nodes.count)
        var readers = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for input in Set(node.inputs) where !input.isEmpty && !given.contains(input) {
                guard let source = producer[input] else {
                    throw .undefinedValue(node: node.name, value: input)
                }
                waitingFor[index] += 1
                readers[source].append(index)
            }
        }
        var ready = IndexHeap()
        for index in nodes.indices where waitingFor[index] == 0 { ready.insert(index) }
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        while let index = ready.removeSmallest() {
            order.append(index)
            for reader in readers[index] {
                waitingFor[reader] -= 1
                if waitingFor[reader] == 0 { ready.insert(reader) }
            }
        }
        if order.count < nodes.count {
            let stuck = nodes.indices.first { waitingFor[$0] > 0 } ?? 0
            throw .cycle(node: nodes[stuck].name)
        }
        for output in outputs where producer[output.name] == nil && !given.contains(output.name) {
            throw .missingOutput(output.name)
        }
        nodes = order.map { nodes[$0] }
    }
}
