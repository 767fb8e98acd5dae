import Architectures
import IR
import Tensors
import Testing

private func kerasFile(_ name: String, hasHead: Bool = true) throws -> Checkpoint {
    bare(try Translation.checkpoint(of: try narrow(name, hasHead: hasHead), in: .keras))
}

/// A tensor whose every element is its own row-major index.
private func counting(_ shape: [Int]) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape)
}

@Test(arguments: distinctNames)
func `a Keras file is recognised by its layers' order and shapes`(name: String) throws {
    let model = try Translation.model(from: try kerasFile(name))
    #expect(model.architecture?.name == name)
    #expect(model.inputLayout == .nhwc)
    #expect(model.preprocess == "keras-caffe")
    #expect(model.graph.nodes.last?.op is Softmax)
    let original = try narrow(name)
    for (key, tensor) in original.weights {
        #expect(model.weights[key]?.isBitEqual(to: tensor) == true, "\(key)")
    }
    for layer in model.layers where layer.kind == .batchNorm { #expect(layer.epsilon == 1e-3) }
}

@Test(arguments: distinctNames)
func `a Keras file without its top has no softmax`(name: String) throws {
    let model = try Translation.model(from: try kerasFile(name, hasHead: false))
    #expect(model.architecture?.name == name)
    #expect(model.graph.nodes.last?.op is MaxPool)
}

@Test func `layers' names do not matter, their order does`() throws {
    var file = try kerasFile("vgg16")
    for index in file.tensors.indices {
        let leaf = file.tensors[index].name.split(separator: "/").last ?? ""
        let layer = "layer_\(index / 2)"
        file.tensors[index].layer = layer
        file.tensors[index].name = "functional_1/\(layer)/\(leaf.dropLast(2))"
    }
    let model = try Translation.model(from: file)
    #expect(model.architecture?.name == "vgg16")
    #expect(model.sourceNames["features.2.weight"] == "functional_1/layer_1/kernel")
}

@Test(arguments: [("W", "b"), ("W_1", "b_1")])
func `Keras 1 names are read`(kernel: String, bias: String) throws {
    var file = try kerasFile("alexnet")
    for index in file.tensors.indices {
        let layer = file.tensors[index].layer ?? ""
        let leaf = file.tensors[index].tensor.rank > 1 ? kernel : bias
        file.tensors[index].name = "\(layer)_\(leaf):0"
    }
    #expect(try Translation.model(from: file).architecture?.name == "alexnet")
}

@Test func `numbered weights are read by their places`() throws {
    var file = try kerasFile("vgg11_bn")
    var counts: [String: Int] = [:]
    for index in file.tensors.indices {
        let layer = file.tensors[index].layer ?? ""
        let number = counts[layer, default: 0]
        counts[layer] = number + 1
        file.tensors[index].name = "layers/\(layer)/vars/\(number)"
    }
    let model = try Translation.model(from: file)
    #expect(model.architecture?.name == "vgg11_bn")
    let variance = try narrow("vgg11_bn").weights["features.1.running_var"]
    #expect(
        variance.flatMap { model.weights["features.1.running_var"]?.isBitEqual(to: $0) } == true)
}

@Test func `a nested model is one layer told apart by paths`() throws {
    var file = try kerasFile("vgg11_bn")
    for index in file.tensors.indices { file.tensors[index].layer = "backbone" }
    // Trainable weights first, then the statistics of all layers.
    let isStatistic = { (tensor: NamedTensor) in tensor.name.contains("moving_") }
    file.tensors =
        file.tensors.filter { !isStatistic($0) } + file.tensors.filter { isStatistic($0) }
    let model = try Translation.model(from: file)
    #expect(model.architecture?.name == "vgg11_bn")
}

@Test func `a batch normalisation without scale or centre gets ones and zeros`() throws {
    var file = try kerasFile("vgg11_bn")
    file.tensors.removeAll {
        $0.name == "block1_conv1_bn/gamma:0" || $0.name == "block2_conv1_bn/beta:0"
    }
    let model = try Translation.model(from: file)
    #expect(model.weights["features.1.weight"]?.floats() == [1, 1])
    #expect(model.weights["features.5.bias"]?.floats() == [0, 0, 0])
    #expect(model.notes.contains("block1_conv1_bn: no gamma, so it is taken as 1"))
}

@Test func `both LeNets fit one Keras file`() throws {
    let file = try kerasFile("lenet5")
    #expect(throws: TranslationError.ambiguous(["lenet5", "lenet5_tanh"])) {
        try Translation.model(from: file)
    }
    let model = try Translation.model(from: file, architecture: "lenet5")
    #expect(model.graph.nodes.last?.op is Gemm)
    #expect(model.preprocess == nil)
}

@Test func `missing, additional and misshapen Keras tensors are named in Keras' layout`() throws {
    let whole = try kerasFile("vgg16")
    var file = whole
    file.tensors.removeAll { $0.layer == "block3_conv2" }
    let missing = message { _ = try Translation.model(from: file) }
    #expect(
        missing == "tensor 'block3_conv2/kernel:0': expected shape [3, 3, 3, any] (vgg16), found "
            + "no such tensor; tensor 'block3_conv2/bias:0': expected shape [any] (vgg16), found "
            + "no such tensor")
    file = whole
    file.tensors.removeAll { $0.name == "block2_conv1/bias:0" }
    #expect(
        message { _ = try Translation.model(from: file) }
            == "tensor 'block2_conv1/bias:0': expected shape [4] (vgg16), found no such tensor")
    file = whole
    file.tensors.append(
        NamedTensor(name: "block1_conv1/alpha:0", layer: "block1_conv1", tensor: Tensor([Float(1)]))
    )
    #expect(
        throws: TranslationError.unexpectedTensor(
            name: "block1_conv1/alpha:0", architecture: "vgg16")
    ) { try Translation.model(from: file) }
    file = whole
    let index = try #require(file.tensors.firstIndex { $0.name == "block1_conv2/kernel:0" })
    file.tensors[index].tensor = counting([3, 3, 5, 3])
    #expect(
        message { _ = try Translation.model(from: file) }
            == "tensor 'block1_conv2/kernel:0': expected shape [3, 3, 2, any], found [3, 3, 5, 3]")
}

/// A Keras file of VGG-11, and the model it is read as.
private struct Pair {
    let file: Checkpoint
    let model: Model

    init() throws {
        file = try kerasFile("vgg11")
        model = try Translation.model(from: file)
    }

    func keras(_ name: String) throws -> (values: [Float], shape: [Int]) {
        let tensor = try #require(file.tensors.first { $0.name == name }).tensor
        return (tensor.floats(), tensor.shape)
    }

    func canonical(_ name: String) throws -> [Float] {
        try #require(model.weights[name]).floats()
    }
}

@Test func `kernels are HWIO in Keras`() throws {
    let pair = try Pair()
    let kernel = try pair.keras("block2_conv1/kernel:0")
    #expect(kernel.shape == [3, 3, 2, 3])
    let weight = try pair.canonical("features.3.weight")
    for index in 0..<54 {
        let (o, i, h, w) = (index / 18, index / 9 % 2, index / 3 % 3, index % 3)
        #expect(weight[index] == kernel.values[((h * 3 + w) * 2 + i) * 3 + o])
    }
}

@Test func `dense matrices are [in, out] in Keras, flattened pictures HWC`() throws {
    let pair = try Pair()
    let channels = 3
    let first = try pair.keras("fc1/kernel:0")
    #expect(first.shape == [49 * channels, 6])
    let dense = try pair.canonical("classifier.0.weight")
    for o in 0..<6 {
        for input in 0..<49 * channels {
            let (c, h, w) = (input / 49, input / 7 % 7, input % 7)
            let there = first.values[((h * 7 + w) * channels + c) * 6 + o]
            #expect(dense[o * 49 * channels + c * 49 + h * 7 + w] == there)
        }
    }
    let second = try pair.keras("fc2/kernel:0")
    let next = try pair.canonical("classifier.3.weight")
    for o in 0..<5 { for i in 0..<6 { #expect(next[o * 6 + i] == second.values[i * 5 + o]) } }
}

@Test func `grouped and depthwise kernels of an unknown graph are written in Keras' layout`() throws
{
    let shape: [Dimension] = [.symbolic("N"), .fixed(4), .fixed(9), .fixed(8)]
    let graph = Graph(
        name: "g",
        inputs: [ValueDeclaration(name: "x", elementType: .float32, shape: shape)],
        outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)],
        nodes: [
            Node(
                name: "/body/depth/Conv", op: Conv(window: SpatialWindow(), group: 4),
                inputs: ["x", "d"], outputs: ["t"]),
            Node(
                name: "/body/group/Conv", op: Conv(window: SpatialWindow(), group: 2),
                inputs: ["t", "g"], outputs: ["y"]),
        ])
    let weights = ["d": counting([8, 1, 3, 5]), "g": counting([6, 4, 2, 3])]
    let file = Checkpoint(
        convention: .onnx, tensors: weights.map { NamedTensor(name: $0.key, tensor: $0.value) },
        graph: graph)
    let model = try Translation.model(from: file)
    #expect(model.architecture == nil && model.preprocess == nil)
    #expect(model.layers.map(\.kind) == [.depthwise, .conv])
    let written = try Translation.checkpoint(of: model, in: .keras)
    #expect(written.tensors.map(\.name) == ["depth/depthwise_kernel:0", "group/kernel:0"])
    #expect(written.tensors.map(\.tensor.shape) == [[3, 5, 4, 2], [2, 3, 4, 6]])
    // The canonical tensors hold their own indices.
    let depthwise = written.tensors[0].tensor.floats()
    for index in 0..<120 {
        let (c, m, h, w) = (index / 30, index / 15 % 2, index / 5 % 3, index % 5)
        #expect(depthwise[((h * 5 + w) * 4 + c) * 2 + m] == Float(index))
    }
    let grouped = written.tensors[1].tensor.floats()
    for index in 0..<144 {
        let (o, i, h, w) = (index / 24, index / 6 % 4, index / 3 % 2, index % 3)
        #expect(grouped[((h * 3 + w) * 4 + i) * 6 + o] == Float(index))
    }
    #expect(Translation.notes(of: model, writtenIn: .keras).count == 1)
}
