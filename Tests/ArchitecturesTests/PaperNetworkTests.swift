import Architectures
import IR
import Tensors
import Testing

/// The networks of the papers, where they differ from their tidy variants.
private func bag(_ name: String, _ convention: Convention = .pytorch) throws -> Checkpoint {
    bare(try Translation.checkpoint(of: try narrow(name), in: convention))
}

private func operators(_ model: Model) -> [String] { model.graph.nodes.map(\.op.type) }

@Test(arguments: ["alexnet_2012", "caffenet"])
func `towers' tensors fit two networks and are refused with both named`(name: String) throws {
    for convention in [Convention.pytorch, .keras] {
        let file = try bag(name, convention)
        #expect(
            message { _ = try Translation.model(from: file) }
                == "expected tensors that fit one architecture, found that they fit alexnet_2012 "
                + "and caffenet; choose with --arch")
        let model = try Translation.model(from: file, architecture: name)
        #expect(model.architecture?.name == name)
        var stated = file
        stated.metadata["ferry.architecture"] = name
        #expect(try Translation.model(from: stated).architecture?.name == name)
    }
}

@Test func `the two orders differ in where they pool and in the constants`() throws {
    let paper = operators(try narrow("alexnet_2012"))
    let caffe = operators(try narrow("caffenet"))
    #expect(paper.prefix(4) == ["Conv", "Relu", "LRN", "MaxPool"])
    #expect(caffe.prefix(4) == ["Conv", "Relu", "MaxPool", "LRN"])
    let norms = try [narrow("alexnet_2012"), narrow("caffenet")].map { model in
        try #require(model.graph.nodes.compactMap { $0.op as? LRN }.first)
    }
    #expect(norms.map(\.bias) == [2, 1])
    #expect(norms.map(\.alpha) == [5e-4, 1e-4])
    let groups = try narrow("caffenet").graph.nodes.compactMap { ($0.op as? Conv)?.group }
    #expect(groups == [1, 2, 1, 2, 2])
}

@Test func `Caffe's weights alone fit both orders, and one tower's fit torchvision's`() throws {
    func file(_ name: String) throws -> Checkpoint {
        let model = try narrow(name)
        let network = try #require(model.architecture)
        let layers = network.parameters(narrowSizes(network))
        let caffe = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
        let names = zip(layers, caffe.flatMap { ["\($0)/0", "\($0)/1"] })
        return Checkpoint(
            convention: .caffe,
            tensors: names.compactMap { layer, name in
                model.weights[layer.name].map { NamedTensor(name: name, tensor: $0) }
            })
    }
    let towers = try file("caffenet")
    #expect(
        message { _ = try Translation.model(from: towers) }.contains("alexnet_2012 and caffenet"))
    expectEqual(
        try Translation.model(from: towers, architecture: "caffenet"), try narrow("caffenet"))
    #expect(try Translation.model(from: file("alexnet")).architecture?.name == "alexnet")
}

@Test(arguments: [Convention.pytorch, .keras])
func `vgg11's tensors are vgg11's, and vgg11_lrn's where that is asked for`(
    convention: Convention
) throws {
    let file = try bag("vgg11", convention)
    let plain = try Translation.model(from: file)
    #expect(plain.architecture?.name == "vgg11")
    if convention == .pytorch {
        #expect(plain.recognition.contains("vgg11_lrn has the same, and is asked for with --arch"))
    }
    #expect(!operators(plain).contains("LRN"))
    let normalized = try Translation.model(from: file, architecture: "vgg11_lrn")
    #expect(operators(normalized).prefix(4) == ["Conv", "Relu", "LRN", "MaxPool"])
    for (name, tensor) in plain.weights {
        #expect(normalized.weights[name]?.isBitEqual(to: tensor) == true)
    }
}

@Test func `the graph of vgg11_lrn tells it, and other constants make it a network of its own`()
    throws
{
    var file = try bag("vgg11_lrn", .onnx)
    #expect(try Translation.model(from: file).architecture?.name == "vgg11_lrn")
    let place = try #require(file.graph?.nodes.firstIndex { $0.op is LRN })
    file.graph?.nodes[place].op = LRN(size: 5, alpha: 1e-4, beta: 0.75, bias: 2)
    let other = try Translation.model(from: file)
    #expect(other.architecture == nil)
    #expect(other.recognition.contains("alpha 0.0001"), "\(other.recognition)")
}

@Test func `configuration C is told from D by its narrow kernels`() throws {
    let model = try Translation.model(from: try bag("vgg16_c"))
    #expect(model.architecture?.name == "vgg16_c")
    #expect(model.weights["features.14.weight"]?.shape.suffix(2) == [1, 1])
    #expect(try Translation.model(from: try bag("vgg16")).architecture?.name == "vgg16")
    // One wrong tensor of D's is not taken for C.
    var file = try bag("vgg16")
    let place = try #require(file.tensors.firstIndex { $0.name == "features.14.weight" })
    file.tensors[place].tensor = Tensor([Float(1)], shape: [1, 1, 1, 1])
    #expect(message { _ = try Translation.model(from: file) }.contains("'features.14.weight'"))
    #expect(!message { _ = try Translation.model(from: file) }.contains("vgg16_c"))
}

@Test func `outputs that towers cannot share are refused`() throws {
    var file = try bag("alexnet_2012")
    let place = try #require(file.tensors.firstIndex { $0.name == "conv2.weight" })
    let kernel = file.tensors[place].tensor
    let odd = kernel.shape[0] - 1
    file.tensors[place].tensor = Tensor(
        Array(kernel.floats().prefix(odd * kernel.elementCount / kernel.shape[0])),
        shape: [odd] + kernel.shape.dropFirst())
    let text = message { _ = try Translation.model(from: file, architecture: "alexnet_2012") }
    #expect(text.contains("tensor 'conv2.weight': expected shape [\(odd - 1), "), "\(text)")
}

// MARK: LeNet-5

@Test func `maps that are not connected have zero kernels, and others not`() throws {
    let model = try Architecture.seeded("lenet5_1998", seed: 3)
    let kernel = try #require(model.weights["c3.weight"])
    #expect(kernel.shape == [16, 6, 5, 5])
    let values = kernel.floats()
    #expect(values.count { $0 != 0 } == 1_500)
    // The first map sees maps 0, 1, 2; the last sees all.
    #expect(values[3 * 25..<6 * 25].allSatisfy { $0 == 0 })
    #expect(values[..<(3 * 25)].allSatisfy { $0 != 0 })
    #expect(values[(15 * 6 * 25)...].allSatisfy { $0 != 0 })
}

@Test(arguments: [Convention.pytorch, .onnx])
func `a number between maps that are not connected is refused`(convention: Convention) throws {
    let model = try narrow("lenet5_1998")
    var file = bare(try Translation.checkpoint(of: model, in: convention))
    let place = try #require(file.tensors.firstIndex { $0.name == "c3.weight" })
    var values = file.tensors[place].tensor.floats()
    values[(1 * 6 + 4) * 25 + 7] = 0.25
    file.tensors[place].tensor = Tensor(values, shape: [16, 6, 5, 5])
    let problem =
        "tensor 'c3.weight': expected 0 from map 4 to map 1, which are not connected "
        + "(lenet5_1998), found 0.25"
    if convention == .pytorch {
        #expect(message { _ = try Translation.model(from: file) } == problem)
    } else {
        let other = try Translation.model(from: file)
        #expect(other.architecture == nil)
        #expect(other.recognition.contains(problem), "\(other.recognition)")
    }
}

@Test func `the codes are ten different pictures of plus and minus one`() throws {
    let codes = try #require(Architecture.seeded("lenet5_1998", seed: 1).weights["rbf.weight"])
    #expect(codes.shape == [10, 84])
    let values = codes.floats()
    #expect(values.allSatisfy { abs($0) == 1 })
    for first in 0..<10 {
        for second in 0..<first {
            let distance = (0..<84).reduce(Float(0)) { sum, cell in
                let difference = values[first * 84 + cell] - values[second * 84 + cell]
                return sum + difference * difference
            }
            // At least five cells differ.
            #expect(distance >= 20, "\(first) and \(second)")
        }
    }
}

@Test func `LeNet-5's graph is what its formulas say`() throws {
    let model = try narrow("lenet5_1998")
    #expect(
        model.nodeGroups.map(\.operation) == [
            "Conv", "Mul + Tanh + Mul", "AveragePool + Mul + Mul + Add", "Mul + Tanh + Mul",
            "Conv", "Mul + Tanh + Mul", "AveragePool + Mul + Mul + Add", "Mul + Tanh + Mul",
            "Conv", "Mul + Tanh + Mul", "Flatten", "Gemm", "Mul + Tanh + Mul",
            "Unsqueeze + Sub + Pow + ReduceSum",
        ])
    let input = SeededValues.input(shape: [2, 1, 32, 32], seed: 1)
    let output = try #require(
        model.graph.evaluate(["input": input], constants: model.weights)["output"])
    #expect(output.shape == [2, 10])
    #expect(output.floats().allSatisfy { $0 > 0 })
}

@Test func `LeNet-5's graph is known however its products are ordered, not with other numbers`()
    throws
{
    var file = bare(try Translation.checkpoint(of: try narrow("lenet5_1998"), in: .onnx))
    for index in file.graph?.nodes.indices ?? 0..<0 where file.graph?.nodes[index].op is Mul {
        file.graph?.nodes[index].inputs.reverse()
    }
    expectEqual(try Translation.model(from: file), try narrow("lenet5_1998"))
    let place = try #require(
        file.graph?.nodes.firstIndex { $0.op is Constant && $0.name == "c1.squash.factor" })
    file.graph?.nodes[place].op = Constant(value: Tensor([Float(1.7)], shape: []))
    let other = try Translation.model(from: file)
    #expect(other.architecture == nil)
    #expect(other.recognition.contains("expected the number 1.7159"), "\(other.recognition)")
}

@Test func `files of Keras cannot hold LeNet-5's trainable subsampling`() throws {
    let model = try narrow("lenet5_1998")
    #expect(
        message { _ = try Translation.checkpoint(of: model, in: .keras) }
            == "expected a network that Keras files can hold, found layers whose parameters no "
            + "Keras layer has: 's2', 's4', 'rbf'")
}

@Test(arguments: [ElementType.float16, .bfloat16])
func `LeNet-5 rounded to another type is still LeNet-5`(type: ElementType) throws {
    let model = try narrow("lenet5_1998").rounded(to: type)
    let file = bare(try Translation.checkpoint(of: model, in: .onnx))
    #expect(try Translation.model(from: file).architecture?.name == "lenet5_1998")
}
