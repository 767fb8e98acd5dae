import Architectures
import IR
import Tensors
import Testing

private let steps: [(name: String, change: @Sendable (inout Exported) throws -> Void)] = [
    ("as it is", { _ in }),
    ("Gemm with [in, out]", { $0.untransposeGemms() }),
    ("MatMul and Add", { $0.splitGemms() }),
    ("Gemm and Add", { $0.splitGemms(keepsGemm: true) }),
    ("Reshape by [0, -1]", { $0.reshape(to: [0, -1]) }),
    ("Reshape by [-1, n]", { $0.reshape(to: [-1, 75]) }),
    ("Reshape by a chain", { $0.reshapeByChain() }),
    ("channels last", { try $0.makeChannelsLast() }),
    ("channels last, turned by Reshape", { try $0.makeChannelsLast(byReshape: true) }),
    ("channels last, layer by layer", { try $0.makeLayersChannelsLast() }),
    ("Flatten and Dropout before every Gemm", { $0.flattenTwice() }),
    ("Casts to the type there is", { $0.castBeforeGemms() }),
    (
        "all at once",
        {
            try $0.makeChannelsLast()
            $0.splitGemms()
            $0.reshape(to: [0, -1])
        }
    ),
]

@Test(arguments: ["lenet5", "lenet5_tanh"], steps.indices)
func `exporters' ways of saying LeNet are all recognised`(name: String, step: Int) throws {
    var file = try Exported(name)
    try steps[step].change(&file)
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture?.name == name, "\(steps[step].name)")
    expectEqual(model, try narrow(name))
    let isChannelsLast = file.graph.nodes.contains { $0.op is Transpose }
    #expect(model.inputLayout == (isChannelsLast ? .nhwc : .nchw))
    #expect(model.sourceNames["conv1.weight"] == "onnx::Op_0")
}

@Test(arguments: steps.indices)
func `canonical graphs of unknown networks compute what the file's do`(step: Int) throws {
    var file = try Exported("lenet5")
    try steps[step].change(&file)
    // A sigmoid in place of a ReLU makes it a network nobody knows.
    let index = try #require(file.graph.nodes.firstIndex { $0.op is Relu })
    file.graph.nodes[index].op = Sigmoid()
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture == nil)
    #expect(!model.graph.nodes.contains { $0.op is MatMul || $0.op is Transpose })
    let picture = SeededValues.input(shape: [2, 1, 28, 28], seed: 5)
    let given = model.inputLayout == .nhwc ? picture.permuted([0, 2, 3, 1]) : picture
    let constants = Dictionary(
        uniqueKeysWithValues: file.checkpoint.tensors.map { ($0.name, $0.tensor) })
    let theirs = try file.graph.evaluate(["input": given], constants: constants)
    let ours = try model.graph.evaluate(["input": picture], constants: model.weights)
    let (left, right) = try (
        #require(theirs["output"]).doubles(), #require(ours["output"]).doubles()
    )
    #expect(left.count == 14 && left.count == right.count)
    // Sums in another order, rounded to float32 a few times on the way.
    for (a, b) in zip(left, right) { #expect(abs(a - b) <= 1e-6 * max(1, abs(a))) }
    #expect(model.layers.filter { $0.kind == .dense }.count == 3)
    #expect(model.layers.first { $0.kind == .dense }?.flattenedShape == [3, 5, 5])
}

@Test(arguments: distinctNames)
func `full networks are recognised, with their softmax`(name: String) throws {
    var file = try Exported(name)
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture?.name == name)
    #expect(model.preprocess == "torchvision")
    expectEqual(model, try narrow(name))
    // The pool that stands for an adaptive one, and a softmax.
    file.graph.nodes[file.graph.nodes.count - 1].outputs = ["logits"]
    file.graph.nodes.append(
        Node(name: "p", op: Softmax(axis: -1), inputs: ["logits"], outputs: ["output"]))
    file.rewrite { _, node in
        guard node.op is Flatten else { return nil }
        var flatten = node
        flatten.inputs = ["adapted"]
        let pool = AveragePool(window: SpatialWindow(kernel: [1, 1]))
        return [
            Node(name: "a", op: pool, inputs: node.inputs, outputs: ["adapted"]), flatten,
        ]
    }
    let changed = try Translation.model(from: file.checkpoint)
    #expect(changed.architecture?.name == name)
    #expect(changed.graph.nodes.last?.op is Softmax)
    let back = try Translation.model(from: try Translation.checkpoint(of: changed, in: .pytorch))
    #expect(words(back.graph) == words(changed.graph))
}

@Test func `folded batch normalisation is noticed by the places of the convolutions`() throws {
    var file = try Exported("vgg11")
    let places = [0, 4, 8, 11, 15, 18, 22, 25]
    var place = 0
    for index in file.graph.nodes.indices where file.graph.nodes[index].op is Conv {
        file.graph.nodes[index].name = "/features/features.\(places[place])/Conv"
        place += 1
    }
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture?.name == "vgg11")
    #expect(model.notes.contains { $0.hasPrefix("exported from vgg11_bn") })
    #expect(try Translation.model(from: try Exported("vgg11").checkpoint).notes.isEmpty)
}

@Test func `an architecture asked for must be the graph's, one stated need not`() throws {
    var file = try Exported("lenet5")
    let text = message {
        _ = try Translation.model(from: file.checkpoint, architecture: "lenet5_tanh")
    }
    #expect(text == "node 'node1': expected Tanh (lenet5_tanh), found Relu")
    file.checkpoint.metadata["ferry.architecture"] = "vgg11"
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture?.name == "lenet5")
    #expect(model.notes == ["the file calls itself vgg11, but its graph is that of lenet5"])
}

@Test func `a shared matrix is rewritten for each reader, never twice`() throws {
    let shape: [Dimension] = [.symbolic("N"), .fixed(3)]
    let matrix = Tensor((0..<9).map { Float($0) }, shape: [3, 3])
    let graph = Graph(
        name: "g",
        inputs: [ValueDeclaration(name: "x", elementType: .float32, shape: shape)],
        outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: shape)],
        nodes: [
            Node(name: "a", op: Gemm(), inputs: ["x", "w"], outputs: ["t"]),
            Node(name: "b", op: MatMul(), inputs: ["t", "w"], outputs: ["u"]),
            Node(
                name: "c", op: Gemm(transposesB: true), inputs: ["u", "w"], outputs: ["y"]),
        ])
    let file = Checkpoint(
        convention: .onnx, tensors: [NamedTensor(name: "w", tensor: matrix)], graph: graph)
    let model = try Translation.model(from: file)
    #expect(model.graph.nodes.map { $0.inputs[1] } == ["w_transposed", "w_transposed", "w"])
    #expect(model.weights["w"]?.isBitEqual(to: matrix) == true)
    #expect(model.weights["w_transposed"]?.isBitEqual(to: matrix.permuted([1, 0])) == true)
    #expect(model.sourceNames["w_transposed"] == "w")
}

@Test func `a graph that contradicts itself is not written in Keras' layout`() throws {
    var file = try Exported("lenet5")
    let index = try #require(file.graph.nodes.lastIndex { $0.op is Conv })
    file.graph.nodes[index].op = Conv(window: SpatialWindow(), group: 2)
    file.set(
        file.graph.nodes[index].inputs[1],
        Tensor([Float](repeating: 0, count: 75), shape: [3, 1, 5, 5]))
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture == nil)
    let text = message { _ = try Translation.checkpoint(of: model, in: .keras) }
    #expect(text.hasPrefix("node '\(file.graph.nodes[index].name)' (Conv): input 1: expected"))
}

@Test func `a number that is no layer's weight stays in the graph of a Keras model`() throws {
    var file = try Exported("lenet5")
    file.set("scale", Tensor([Float(2)]))
    let last = file.graph.nodes.count - 1
    file.graph.nodes[last].outputs = ["before"]
    file.graph.nodes.append(
        Node(name: "times", op: Mul(), inputs: ["before", "scale"], outputs: ["output"]))
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.layers.last?.kind == .other)
    let keras = try Translation.checkpoint(of: model, in: .keras)
    #expect(!keras.tensors.contains { $0.name.contains("scale") })
    let constants = keras.graph?.nodes.compactMap { ($0.op as? Constant)?.value.floats() }
    #expect(constants?.contains([2]) == true)
    let torch = try Translation.checkpoint(of: model, in: .pytorch)
    #expect(torch.tensors.last?.name == "scale")
    #expect(torch.graph == nil)
}

@Test func `two tensors of one name are refused`() throws {
    var file = try Exported("lenet5").checkpoint
    file.tensors.append(file.tensors[0])
    #expect(throws: TranslationError.duplicateTensor(name: "onnx::Op_0")) {
        try Translation.model(from: file)
    }
}

@Test func `a weight that was left to be computed is not lost from a file of weights alone`() throws
{
    var file = try Exported("lenet5")
    let bias = try #require(file.graph.nodes.first { $0.op is Conv }?.inputs[2])
    // Sixteen bytes for a weight of 2 GiB.
    file.set("sizes", Tensor([Int64(1 << 29)]))
    file.graph.nodes.insert(
        Node(name: "ones", op: ConstantOfShape(), inputs: ["sizes"], outputs: ["large"]), at: 0)
    file.graph.nodes.append(
        Node(
            name: "sum", op: ReduceSum(Reduction(keepsDimensions: false)), inputs: ["large"],
            outputs: ["total"]))
    file.graph.nodes.append(
        Node(
            name: "plus", op: Add(), inputs: [file.graph.outputs[0].name, "total"], outputs: ["y"]))
    file.graph.outputs[0].name = "y"
    let model = try Translation.model(from: file.checkpoint)
    #expect(try Translation.checkpoint(of: model, in: .onnx).tensors.contains { $0.name == bias })
    let text = message {
        _ = try Translation.checkpoint(of: model, in: .pytorch, withGraph: false)
    }
    #expect(text.contains("found 'large', which ConstantOfShape makes of one element"), "\(text)")
}
