import IR
import Tensors

extension Graph {
    /// Numbers of pictures that sizes are tried with: what is equal for all three depends on none.
    private static let batches = [2, 3, 4099]

    /// The graph with constants for sizes, and for what is computed of them, that are the same for
    /// any number of pictures: exporters read the channels of a picture off the picture.
    ///
    /// A graph whose pictures may have any size stays as it is.
    func withSettledSizes(constants: [String: Tensor]) -> (Graph, [String: Tensor]) {
        guard nodes.contains(where: { $0.op is Shape }), inputs.allSatisfy(\.isOpenInBatchOnly)
        else {
            return (self, constants)
        }
        var settled: [String: Tensor]?
        for batch in Self.batches {
            let shapes = assumedInputShapes(batch: batch)
            guard let types = try? inferTypes(inputShapes: shapes, constants: constants) else {
                return (self, constants)
            }
            let sizes = types.compactMapValues(\.constant).filter { name, tensor in
                !tensor.elementType.isFloatingPoint && constants[name] == nil
                    && settled?[name]?.isBitEqual(to: tensor) ?? true
            }
            settled = settled == nil ? sizes : sizes.filter { settled?[$0.key] != nil }
        }
        let found = settled ?? [:]
        var graph = self
        graph.nodes.removeAll { node in
            !outputs.contains { node.outputs.contains($0.name) }
                && node.outputs.allSatisfy { found[$0] != nil }
        }
        let made = Set(graph.nodes.flatMap(\.outputs))
        let new = found.filter { !made.contains($0.key) }
        return (graph, constants.merging(new, uniquingKeysWith: { first, _ in first }))
    }
}

extension ValueDeclaration {
    /// Whether all sizes but the first are fixed.
    fileprivate var isOpenInBatchOnly: Bool {
        shape?.dropFirst().allSatisfy { if case .fixed = $0 { true } else { false } } ?? false
    }
}
