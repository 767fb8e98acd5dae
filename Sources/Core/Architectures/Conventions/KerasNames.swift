import IR

/// Keras' names: the architecture's own for its layers, others made from the nodes'.
struct KerasNames {
    private(set) var inputs: [String] = []
    /// One for each node.
    private(set) var nodes: [String] = []
    private var used = UniqueNames()

    init(_ model: Model) {
        let layers = model.architecture?.layers ?? []
        let known = Dictionary(
            layers.compactMap { layer in layer.parameterNames.map { ($0.pytorch, $0.keras) } },
            uniquingKeysWith: { first, _ in first })
        // Layers with weights first: their names matter to others.
        let weighted = Set(model.layers.map(\.node))
        var chosen: [Int: String] = [:]
        let places = model.graph.nodes.enumerated().map { ($0, $1) }
        for isWeighted in [true, false] {
            for (index, node) in places where weighted.contains(node.name) == isWeighted {
                let name = known[node.name] ?? Self.plain(node.name)
                chosen[index] = used.fresh(name.isEmpty ? node.op.type.lowercased() : name)
            }
            if isWeighted {
                for input in model.graph.inputs {
                    let name = Self.plain(input.name)
                    inputs.append(used.fresh(name.isEmpty ? "input" : name))
                }
            }
        }
        nodes = places.map { chosen[$0.0] ?? "" }
    }

    /// A node's name without what Keras does not allow in the name of a layer.
    private static func plain(_ name: String) -> String {
        let parts = name.split(separator: "/").filter { $0 != "Conv" && $0 != "Gemm" }
        return (parts.last.map(String.init) ?? name).map { character in
            character.isASCII && (character.isLetter || character.isNumber || character == "_")
                ? String(character) : "_"
        }.joined()
    }
}
