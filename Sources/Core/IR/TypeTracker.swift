import Tensors

/// What is known of values while nodes come one by one, before there is a whole graph.
package struct TypeTracker {
    private var values: [String: ValueInfo] = [:]
    private var inference = Inference()

    package init() {}

    package subscript(name: String) -> ValueInfo? { values[name] }

    package mutating func define(_ name: String, _ value: ValueInfo) {
        values[name] = value
    }

    /// Follows a node that reads only what is known; of any other, nothing becomes known.
    package mutating func visit(_ node: Node) {
        let inputs = node.inputs.map { $0.isEmpty ? nil : values[$0] }
        guard zip(node.inputs, inputs).allSatisfy({ $0.isEmpty || $1 != nil }),
            let outputs = try? inference.infer(node.op, inputs)
        else { return }
        for (name, value) in zip(node.outputs, outputs) where !name.isEmpty {
            values[name] = value
        }
    }
}
