package import Tensors

extension Graph {
    /// The graph for given values of those inputs that may decide shapes: those of at most one axis.
    /// They become constants, and no inputs are left for them.
    ///
    /// - Parameter values: tensors for the graph's inputs, by name.
    /// - Returns: the graph, and the constants to put beside it.
    package func bindingShapes(
        _ values: [String: Tensor]
    ) -> (graph: Graph, constants: [String: Tensor]) {
        var graph = self
        graph.inputs.removeAll { $0.mayDecideShapes && values[$0.name] != nil }
        let bound = Set(inputs.map(\.name)).subtracting(graph.inputs.map(\.name))
        return (graph, values.filter { bound.contains($0.key) })
    }
}

extension ValueDeclaration {
    /// Whether the value can be a shape, axes, scales, a switch or the like.
    package var mayDecideShapes: Bool { shape.map { $0.count <= 1 } ?? false }
}

extension GraphError {
    /// Whether the graph only lacks the values of inputs that decide shapes.
    package var asksForValues: Bool {
        if case .node(_, _, .dependsOnData) = self { true } else { false }
    }
}
