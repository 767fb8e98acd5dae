import IR
import Tensors

extension Surgery {
    /// Turns dense layers into convolutions, so that the network takes pictures of any size: the
    /// first, which reads a flattened [C, H, W], into one of H × W, others into 1 × 1.
    ///
    /// - Parameter averaging: whether the map of scores is averaged, so that the output is
    ///   [N, classes] as before; otherwise it is the map, [N, classes, h, w].
    ///
    /// Source: Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic
    /// Segmentation", 2015; Simonyan and Zisserman, 2014, section 3.2.
    package mutating func makeFullyConvolutional(averaging: Bool) throws(SurgeryError) {
        let types = try types()
        guard graph.inputs.count == 1, graph.outputs.count == 1,
            let input = graph.inputs[0].shape, input.count == 4
        else {
            throw SurgeryError(
                expected: "one input of pictures and one output",
                found: "\(graph.inputs.count) and \(graph.outputs.count)")
        }
        var maps = FlattenedMaps()
        for index in graph.nodes.indices {
            let node = graph.nodes[index]
            if let flatten = node.op as? Flatten, flatten.axis == 1,
                let shape = types[node.inputs[0]]?.shape, shape.count == 4
            {
                graph.nodes[index].op = Identity()
                maps.shapes[node.outputs[0]] = Array(shape.dropFirst())
            } else if let shape = maps.shapes[node.inputs.first ?? ""] {
                graph.nodes[index] = try convolved(node, shape, &maps)
            } else if node.inputs.contains(where: { maps.shapes[$0] != nil }) {
                throw maps.refusal(node)
            }
        }
        guard let last = maps.shapes[graph.outputs[0].name] else {
            throw SurgeryError(
                expected: "dense layers behind a flattening, up to the output", found: "none")
        }
        graph.inputs[0].shape = [input[0], input[1], .symbolic("height"), .symbolic("width")]
        graph.outputs[0].shape = [
            input[0], .fixed(last[0]), .symbolic("rows"), .symbolic("columns"),
        ]
        if averaging { average(classes: last[0], batch: input[0]) }
    }

    /// A node of a dense head, for maps.
    private mutating func convolved(
        _ node: Node, _ shape: [Int], _ maps: inout FlattenedMaps
    ) throws(SurgeryError) -> Node {
        var node = node
        switch node.op {
        case let gemm as Gemm where gemm.isDense:
            guard node.inputs.count >= 2, let matrix = weights[node.inputs[1]],
                node.inputs.dropFirst().allSatisfy({ weights[$0] != nil }),
                matrix.shape.last == shape.reduce(1, *)
            else { throw maps.refusal(node) }
            node.op = Conv(window: SpatialWindow(kernel: Array(shape[1...])))
            let outputs = matrix.shape[0]
            let kernel = "\(node.inputs[1]).kernel"
            weights[kernel] = matrix.reshaped([outputs] + shape)
            node.inputs[1] = kernel
            maps.shapes[node.outputs[0]] = [outputs, 1, 1]
        case var softmax as Softmax where softmax.axis == 1 || softmax.axis == -1:
            guard shape[1...] == [1, 1] else { throw maps.refusal(node) }
            softmax.axis = 1
            softmax.flattensTrailingAxes = false
            node.op = softmax
            maps.shapes[node.outputs[0]] = shape
        default:
            guard FlattenedMaps.elementwise.contains(node.op.type),
                node.inputs.dropFirst().allSatisfy({ maps.shapes[$0] == nil })
            else { throw maps.refusal(node) }
            maps.shapes[node.outputs[0]] = shape
        }
        return node
    }

    private mutating func average(classes: Int, batch: Dimension) {
        let name = graph.outputs[0].name
        let map = "\(name).map"
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0 == name ? map : $0 }
            graph.nodes[index].outputs = graph.nodes[index].outputs.map { $0 == name ? map : $0 }
        }
        graph.nodes += [
            Node(
                name: "\(name).average", op: GlobalAveragePool(), inputs: [map],
                outputs: ["\(name).average"]),
            Node(
                name: "\(name).flatten", op: Flatten(axis: 1), inputs: ["\(name).average"],
                outputs: [name]),
        ]
        graph.outputs[0].shape = [batch, .fixed(classes)]
    }
}

/// Values that were flattened and are maps now.
private struct FlattenedMaps {
    /// [C, H, W] of the map for which a dense layer was made.
    var shapes: [String: [Int]] = [:]

    /// Those whose parameters, if any, are the same for a map as for its flattening.
    static let elementwise = FlattenedValues.elementwise.subtracting([
        "PRelu", "BatchNormalization",
    ])

    func refusal(_ node: Node) -> SurgeryError {
        SurgeryError(
            expected: "dense layers and activations behind the flattening",
            found: "node '\(node.name)' (\(node.op.type))")
    }
}
