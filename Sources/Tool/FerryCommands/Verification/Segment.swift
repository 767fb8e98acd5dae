import Architectures
import IR
import Tensors

/// The layers between values that are known on both sides and one value behind them.
struct Segment {
    /// In an order in which each reads only earlier ones; the last computes the value.
    let layers: [Int]
    /// The known values and inputs of the graph that they read.
    let boundary: [String]
}

extension LayerSequence {
    /// What computes `index` from values of `known` and the graph's inputs.
    ///
    /// - Parameter known: layers whose first output is known.
    func segment(to index: Int, from known: Set<Int>) -> Segment {
        var found: Set<Int> = [index]
        var boundary: Set<String> = []
        var waiting = [index]
        let given = Set(inputs.map(\.name))
        while let next = waiting.popLast() {
            for input in layers[next].node.inputs {
                if given.contains(input) {
                    boundary.insert(input)
                } else if let source = self.index(of: input) {
                    if known.contains(source), layers[source].value == input {
                        boundary.insert(input)
                    } else if found.insert(source).inserted {
                        waiting.append(source)
                    }
                }
            }
        }
        return Segment(layers: found.sorted(), boundary: boundary.sorted())
    }

    /// The layers of a segment that do more than change numbers place by place.
    func mainLayers(of segment: Segment) -> [Int] {
        segment.layers.filter { index in
            switch layers[index].kind {
            case .linear, .pool, .arithmetic, .other: true
            case .pointwise, .affine, .movement: false
            }
        }
    }

    /// "Conv + Relu"; only what the last layer computes where there are several main ones.
    func operation(of segment: Segment) -> String {
        guard let last = segment.layers.last else { return "" }
        if mainLayers(of: segment).count > 1 { return layers[last].type }
        let computing = segment.layers.filter { layers[$0].kind != .movement }
        return (computing.isEmpty ? segment.layers : computing).map { layers[$0].type }
            .joined(separator: " + ")
    }

    /// The name of the segment's one main layer, else of its last.
    func name(of segment: Segment) -> String {
        let main = mainLayers(of: segment)
        let index = main.count == 1 ? main[0] : segment.layers.last ?? 0
        return layers[index].node.name
    }

    /// The segment as a network of its own.
    ///
    /// - Parameter given: tensors for its boundary.
    func network(of segment: Segment, in file: ModelFile, given: [String: Tensor]) -> ModelFile {
        let declared = given.sorted { $0.key < $1.key }.map { name, tensor in
            ValueDeclaration(
                name: name, elementType: tensor.elementType,
                shape: tensor.shape.map { .fixed($0) })
        }
        let output = segment.layers.last.map { index in
            ValueDeclaration(name: layers[index].value, elementType: .float32, shape: nil)
        }
        let graph = Graph(
            name: "segment", inputs: declared, outputs: output.map { [$0] } ?? [],
            nodes: segment.layers.map { layers[$0].node })
        return file.part(graph, constants: constants)
    }
}
