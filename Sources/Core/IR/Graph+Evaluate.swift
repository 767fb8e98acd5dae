package import Tensors

extension Graph {
    /// Runs the graph by its operators' plain meaning: slow, and what the engine is measured against.
    ///
    /// With every tensor converted to float64 the result is the float64 truth.
    ///
    /// - Parameters:
    ///   - inputs: one tensor for each of the graph's inputs, by name.
    ///   - constants: tensors beside the graph, by name.
    /// - Returns: all values computed, by name.
    package func evaluate(
        _ inputs: [String: Tensor], constants: [String: Tensor]
    ) throws(GraphError) -> [String: Tensor] {
        try checkTypes(of: inputs, constants: constants)
        var values = constants.merging(inputs) { $1 }
        for node in nodes {
            do {
                let arguments = node.inputs.map { $0.isEmpty ? nil : values[$0] }
                let results = try node.op.evaluate(arguments)
                for (name, result) in zip(node.outputs, results) where !name.isEmpty {
                    values[name] = result
                }
            } catch {
                throw .node(name: node.name, type: node.op.type, error)
            }
        }
        return values
    }
    /// Infers types for the inputs' own element types, which may be wider than the declared ones.
    private func checkTypes(
        of inputs: [String: Tensor], constants: [String: Tensor]
    ) throws(GraphError) {
        var graph = self
        for index in graph.inputs.indices {
            if let given = inputs[graph.inputs[index].name] {
                graph.inputs[index].elementType = given.elementType
            }
        }
        _ = try graph.inferTypes(inputShapes: inputs.mapValues(\.shape), constants: constants)
    }
}
