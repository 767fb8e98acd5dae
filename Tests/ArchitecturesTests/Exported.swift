import Architectures
import IR
import Tensors
import Testing

/// LeNet as a file of some exporter has it, changed step by step.
struct Exported {
    var checkpoint: Checkpoint
    var graph: Graph {
        get { checkpoint.graph ?? Graph(name: "", inputs: [], outputs: [], nodes: []) }
        set { checkpoint.graph = newValue }
    }

    init(_ name: String) throws {
        checkpoint = bare(try Translation.checkpoint(of: try narrow(name), in: .onnx))
        // Names must not decide.
        let names = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.enumerated().map {
                ($1.name, "onnx::Op_\($0)")
            })
        for index in checkpoint.tensors.indices {
            checkpoint.tensors[index].name = "onnx::Op_\(index)"
        }
        var graph = self.graph
        for index in graph.nodes.indices {
            graph.nodes[index].name = "node\(index)"
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { names[$0] ?? $0 }
        }
        self.graph = graph
    }

    func tensor(_ name: String) -> Tensor? {
        checkpoint.tensors.first { $0.name == name }?.tensor
    }

    mutating func set(_ name: String, _ tensor: Tensor) {
        checkpoint.tensors.removeAll { $0.name == name }
        checkpoint.tensors.append(NamedTensor(name: name, tensor: tensor))
    }

    /// Replaces nodes for which `make` gives others.
    mutating func rewrite(_ make: (inout Exported, Node) -> [Node]?) {
        graph.nodes = graph.nodes.flatMap { node in make(&self, node) ?? [node] }
    }

    /// Dense weights as [in, out].
    mutating func untransposeGemms() {
        rewrite { file, node in
            guard node.op is Gemm, let weight = file.tensor(node.inputs[1]) else { return nil }
            file.set(node.inputs[1], weight.permuted([1, 0]))
            var node = node
            node.op = Gemm()
            return [node]
        }
    }

    mutating func splitGemms(keepsGemm: Bool = false) {
        if !keepsGemm { untransposeGemms() }
        rewrite { _, node in
            guard node.op is Gemm else { return nil }
            let product = node.outputs[0] + "_product"
            return [
                Node(
                    name: node.name, op: keepsGemm ? node.op : MatMul(),
                    inputs: Array(node.inputs.prefix(2)),
                    outputs: [product]),
                // The constant comes first, as some exporters write it.
                Node(
                    name: node.name + "_add", op: Add(), inputs: [node.inputs[2], product],
                    outputs: node.outputs),
            ]
        }
    }

    /// Flattens by a constant shape.
    mutating func reshape(to shape: [Int64]) {
        set("shape", Tensor(shape))
        rewrite { _, node in
            guard node.op is Flatten else { return nil }
            var node = node
            node.op = Reshape()
            node.inputs.append("shape")
            return [node]
        }
    }

    /// Flattens by Shape → Gather → Unsqueeze → Concat → Reshape.
    mutating func reshapeByChain() {
        set("zero", Tensor([Int64(0)], shape: []))
        set("axes", Tensor([Int64(0)]))
        set("rest", Tensor([Int64(-1)]))
        rewrite { _, node in
            guard node.op is Flatten else { return nil }
            return [
                Node(name: "s", op: Shape(), inputs: node.inputs, outputs: ["s"]),
                Node(name: "g", op: Gather(), inputs: ["s", "zero"], outputs: ["g"]),
                Node(name: "u", op: Unsqueeze(), inputs: ["g", "axes"], outputs: ["u"]),
                Node(name: "c", op: Concat(axis: 0), inputs: ["u", "rest"], outputs: ["c"]),
                Node(
                    name: node.name, op: Reshape(), inputs: node.inputs + ["c"],
                    outputs: node.outputs),
            ]
        }
    }

    /// Flattens matrices again, and drops out nothing.
    mutating func flattenTwice() {
        rewrite { _, node in
            guard node.op is Gemm else { return nil }
            var gemm = node
            gemm.inputs[0] = node.name + "_flat"
            let dropped = node.name + "_dropped"
            return [
                Node(
                    name: dropped, op: Dropout(), inputs: [node.inputs[0]], outputs: [dropped]),
                Node(
                    name: node.name + "_f", op: Flatten(axis: 1), inputs: [dropped],
                    outputs: [gemm.inputs[0]]), gemm,
            ]
        }
    }

    /// A Cast to the type there is before every dense layer, as exporters of mixed precision write.
    mutating func castBeforeGemms() {
        rewrite { _, node in
            guard node.op is Gemm else { return nil }
            var gemm = node
            gemm.inputs[0] = node.name + "_cast"
            return [
                Node(
                    name: node.name + "_c", op: Cast(to: .float32), inputs: [node.inputs[0]],
                    outputs: [gemm.inputs[0]]), gemm,
            ]
        }
    }

    /// Channels last at the input and before the flatten, as converters from TensorFlow write.
    ///
    /// - Parameter byReshape: turns the picture as tf2onnx does where it has one channel.
    mutating func makeChannelsLast(byReshape: Bool = false) throws {
        let shape = graph.inputs[0].shape ?? []
        graph.inputs[0].shape = [shape[0], shape[2], shape[3], shape[1]]
        let first = graph.inputs[0].name
        graph.nodes[0].inputs[0] = "nchw"
        graph.nodes.insert(
            Node(
                name: "t1", op: Transpose(permutation: [0, 3, 1, 2]), inputs: [first],
                outputs: ["nchw"]), at: 0)
        if byReshape {
            set("picture", Tensor([-1, 1, 28, 28] as [Int64]))
            graph.nodes[0].op = Reshape()
            graph.nodes[0].inputs.append("picture")
        }
        let gemm = try #require(graph.nodes.first { $0.op is Gemm })
        let weight = try #require(tensor(gemm.inputs[1]))
        let channels = weight.shape[1] / 25
        set(
            gemm.inputs[1],
            weight.reshaped([weight.shape[0], channels, 5, 5]).permuted([0, 2, 3, 1])
                .reshaped(weight.shape))
        rewrite { _, node in
            guard node.op is Flatten else { return nil }
            return [
                Node(
                    name: "t2", op: Transpose(permutation: [0, 2, 3, 1]), inputs: node.inputs,
                    outputs: ["nhwc"]),
                Node(
                    name: node.name, op: node.op, inputs: ["nhwc"], outputs: node.outputs),
            ]
        }
    }

    /// Channels last between all layers, each convolution and pool between Transposes and without its
    /// bias, which is added, as Keras exports its layers on PyTorch.
    mutating func makeLayersChannelsLast() throws {
        try makeChannelsLast()
        // The picture is turned by the first convolution, the flatten reads what is at hand.
        graph.nodes.removeAll { $0.op is Transpose }
        let picture = graph.inputs[0].name
        var turned: [String: String] = ["nchw": picture]
        for node in graph.nodes where node.op is Flatten { turned["nhwc"] = last(before: node) }
        rewrite { file, node in
            var node = node
            node.inputs = node.inputs.map { turned[$0] ?? $0 }
            guard node.op is Conv || node.op is MaxPool || node.op is AveragePool else {
                return [node]
            }
            let (input, output) = (node.inputs[0], node.outputs[0])
            let result = "\(node.name)_sum"
            node.inputs[0] = "\(node.name)_in"
            node.outputs = ["\(node.name)_out"]
            var nodes = [
                Node(
                    name: "\(node.name)_first", op: Transpose(permutation: [0, 3, 1, 2]),
                    inputs: [input], outputs: [node.inputs[0]]), node,
                Node(
                    name: "\(node.name)_last", op: Transpose(permutation: [0, 2, 3, 1]),
                    inputs: node.outputs, outputs: [node.op is Conv ? result : output]),
            ]
            if node.op is Conv, let bias = file.tensor(node.inputs[2]) {
                let count = bias.elementCount
                file.set(node.inputs[2], bias.reshaped([1, 1, 1, count]))
                nodes[1].inputs.removeLast()
                nodes.append(
                    Node(
                        name: "\(node.name)_bias", op: Add(), inputs: [result, node.inputs[2]],
                        outputs: [output]))
            }
            return nodes
        }
    }

    private func last(before node: Node) -> String {
        let index = graph.nodes.firstIndex { $0.name == node.name } ?? 1
        return graph.nodes[index - 1].outputs[0]
    }
}
