import Architectures
import IR
import Reports
import Tensors

/// A global average pool and one dense layer in place of a network's dense layers.
func pooledHeads(_ context: ArgumentContext) throws -> Argument {
    var rows: [FigureTable.Row] = []
    var holds = true
    var examples: [String] = []
    for name in context.chosen(else: ["lenet5", "alexnet", "vgg16"]) {
        let network = try KnownNetwork(name)
        guard network.architecture.endsInDenseLayer else { continue }
        let head = try PooledHead(network)
        let (dense, pooled) = (head.denseSides, head.pooledSides)
        holds = holds && head.parameters < head.denseParameters && dense.1 != nil && pooled.1 == nil
        if let last = dense.1 {
            examples.append(
                "\(name) takes sides of \(Figure.range(dense.0, last).text(separator: ",")) with "
                    + "its dense head, any from \(pooled.0) with a pooled one")
        }
        rows.append(
            FigureTable.Row(
                name,
                [
                    .count(head.denseParameters), .count(head.parameters),
                    .count(network.sizes.parameters),
                    .count(network.sizes.parameters - head.denseParameters + head.parameters),
                    .range(dense.0, dense.1), .range(pooled.0, pooled.1),
                ]))
    }
    return Argument(
        name: "pooled_head", title: "Global average pooling against dense layers",
        claim: "Averaging each map and classifying the means needs far fewer parameters than dense "
            + "layers over flattened maps, and takes pictures of any size.",
        source: "Lin, Chen and Yan, 2013, section 3.2",
        formulas: [
            "dense: Σ (inputs + 1) × outputs, of which the first has C × h × w inputs",
            "pooled: (C + 1) × classes",
            "sides: of the square pictures whose types fit the network’s graph",
        ],
        table: FigureTable(
            "network",
            [
                .init("dense_parameters", "dense head"), .init("pooled_parameters", "pooled head"),
                .init("network_parameters", "network with dense"),
                .init("network_pooled_parameters", "with pooled"),
                .init("dense_sides", "sides, dense"), .init("pooled_sides", "sides, pooled"),
            ], rows),
        verdict: holds ? .holds : .doesNotHold,
        conclusion: examples.joined(separator: "; ")
            + ". A dense head takes the sides whose last maps are of the one size it was made for.")
}

extension Architecture {
    var endsInDenseLayer: Bool { if case .dense? = layers.last { true } else { false } }
}

/// A network's features behind either head.
private struct PooledHead {
    let denseParameters: Int
    let parameters: Int
    let denseSides: (Int, Int?)
    let pooledSides: (Int, Int?)

    init(_ network: KnownNetwork) throws {
        denseParameters = network.denseLayers.parameters
        let features = try KnownNetwork(network.architecture, headed: false)
        let channels = features.sizes.layers.last?.outputShape[1] ?? 0
        let classes = network.architecture.publishedSizes.dense.last ?? 0
        let shapes = ["head.weight": [classes, channels], "head.bias": [classes]]
        parameters = shapes.values.reduce(0) { $0 + $1.reduce(1, *) }
        var model = features.file.model
        model.weights.merge(shapes.mapValues { Tensor(zerosOf: .float32, shape: $0) }) { $1 }
        let map = model.graph.outputs[0].name
        model.graph.nodes += [
            Node(name: "mean", op: GlobalAveragePool(), inputs: [map], outputs: ["mean"]),
            Node(name: "flat", op: Flatten(axis: 1), inputs: ["mean"], outputs: ["flat"]),
            Node(
                name: "head", op: Gemm(transposesB: true),
                inputs: ["flat", "head.weight", "head.bias"], outputs: ["scores"]),
        ]
        let most = 2 * network.architecture.side
        denseSides = network.file.model.sides(upTo: most)
        pooledSides = model.sides(upTo: most)
    }
}

extension Model {
    /// The sides of square pictures that the graph's types allow; no last one where that is `most`.
    fileprivate func sides(upTo most: Int) -> (Int, Int?) {
        guard let input = graph.inputs.first, let shape = input.shape, shape.count == 4,
            case .fixed(let channels) = shape[1]
        else { return (0, 0) }
        var open = graph
        open.inputs[0].shape = [shape[0], shape[1], .unknown, .unknown]
        let sides = (1...most).filter { side in
            let shapes = [input.name: [1, channels, side, side]]
            return (try? open.inferTypes(inputShapes: shapes, constants: weights)) != nil
        }
        return (sides.first ?? 0, sides.last.flatMap { $0 == most ? nil : $0 })
    }
}
