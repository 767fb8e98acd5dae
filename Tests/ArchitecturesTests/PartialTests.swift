import Architectures
import IR
import Tensors
import Testing

private func bag(_ name: String, in convention: Convention = .pytorch) throws -> Checkpoint {
    bare(try Translation.checkpoint(of: try narrow(name), in: convention))
}

extension Checkpoint {
    fileprivate mutating func remove(_ names: String...) {
        tensors.removeAll { names.contains($0.name) }
    }

    fileprivate mutating func rename(_ change: (String) -> String) {
        for index in tensors.indices { tensors[index].name = change(tensors[index].name) }
    }
}

@Test func `all tensors that do not fit are told at once`() throws {
    var file = try bag("vgg16")
    file.remove("features.2.weight", "features.5.bias")
    let index = try #require(file.tensors.firstIndex { $0.name == "features.7.weight" })
    file.tensors[index].tensor = file.tensors[index].tensor.reshaped([3, 3, 4, 2])
    file.tensors.append(NamedTensor(name: "ema", tensor: Tensor([Float(1)])))
    let expected: [TranslationError] = [
        .missingTensor(
            name: "features.2.weight", expected: [nil, 2, 3, 3], architecture: "vgg16"),
        .missingTensor(name: "features.5.bias", expected: [4], architecture: "vgg16"),
        .shapeMismatch(
            name: "features.7.weight", expected: [nil, 4, 3, 3], found: [3, 3, 4, 2]),
        .unexpectedTensor(name: "ema", architecture: "vgg16"),
    ]
    #expect(throws: TranslationError.several(expected)) { try Translation.model(from: file) }
    let model = try Translation.model(from: file, isPartial: true)
    #expect(model.problems == expected)
    #expect(
        model.missing == ["features.2.weight", "features.5.bias", "features.7.weight"])
    let whole = try narrow("vgg16")
    #expect(words(model.graph) == words(whole.graph))
    for (name, tensor) in whole.weights where !model.missing.contains(name) {
        #expect(model.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
    }
}

@Test(arguments: [Convention.pytorch, .keras])
func `a part goes to another convention and back`(_ convention: Convention) throws {
    var file = try bag("vgg11_bn")
    file.remove("features.0.weight", "features.5.running_var", "classifier.3.weight")
    file.remove("features.5.num_batches_tracked")
    let model = try Translation.model(from: file, isPartial: true)
    #expect(model.missing.count == 3)
    let written = try Translation.checkpoint(of: model, in: convention)
    let weights = written.tensors.filter { !$0.name.hasSuffix("num_batches_tracked") }
    #expect(weights.count == model.weights.count - 3)
    #expect(!written.tensors.contains { $0.name == "features.5.num_batches_tracked" })
    var alone = written
    if convention == .keras { alone.graph = nil }
    let again = try Translation.model(from: alone, isPartial: true)
    #expect(again.missing == model.missing)
    for (name, tensor) in model.weights where !model.missing.contains(name) {
        #expect(again.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
    }
    #expect(throws: TranslationError.self) { try Translation.model(from: alone) }
}

@Test(arguments: ["vgg13", "vgg13_bn"])
func `widths that a missing kernel would tell are read from its neighbours`(
    name: String
) throws {
    let whole = try narrow(name)
    var file = try bag(name)
    let convs = ["features.0", name == "vgg13" ? "features.22" : "features.31"]
    file.tensors.removeAll { tensor in
        convs.contains { tensor.name == "\($0).weight" || tensor.name == "\($0).bias" }
    }
    if name == "vgg13_bn" { file.remove("classifier.0.weight") }
    file.remove("classifier.0.bias")
    let model = try Translation.model(from: file, architecture: name, isPartial: true)
    for missing in model.missing.subtracting(["features.0.weight"]) {
        #expect(model.weights[missing]?.shape == whole.weights[missing]?.shape, "\(missing)")
    }
    // Nothing else tells the channels of the pictures: they are the published ones.
    #expect(model.weights["features.0.weight"]?.shape.dropFirst().first == 3)
}

@Test func `sizes that are those of no network are refused, not allocated`() throws {
    var file = try bag("alexnet")
    file.remove("classifier.4.weight")
    let huge = Tensor(zerosOf: .float32, shape: [1 << 60])
    for name in ["classifier.1.bias", "classifier.4.bias"] {
        let index = try #require(file.tensors.firstIndex { $0.name == name })
        file.tensors[index].tensor = huge
    }
    file.remove("classifier.1.weight", "classifier.6.weight")
    #expect(throws: TranslationError.self) {
        try Translation.model(from: file, architecture: "alexnet", isPartial: true)
    }
}

// MARK: Names

@Test func `a classifier numbered as in torchvision's first VGGs is read`() throws {
    var file = try bag("vgg16")
    file.rename {
        $0.replacing("classifier.0", with: "classifier.1")
            .replacing("classifier.3", with: "classifier.4")
    }
    let model = try Translation.model(from: file)
    expectEqual(model, try narrow("vgg16"))
    #expect(model.notes.contains { $0.contains("--preprocess caffe") })
    #expect(model.sourceNames["classifier.0.weight"] == "classifier.1.weight")
}

@Test(arguments: ["module.", "model.", "_orig_mod.", ""])
func `DataParallel around features inside other wrappers is read`(prefix: String) throws {
    var file = try bag("vgg11_bn")
    file.rename { prefix + $0.replacing("features.", with: "features.module.") }
    expectEqual(try Translation.model(from: file), try narrow("vgg11_bn"))
}

@Test func `features alone below a wrapper are read`() throws {
    var file = bare(
        try Translation.checkpoint(of: try narrow("vgg13", hasHead: false), in: .pytorch))
    file.rename { $0.replacing("features.", with: "backbone.") }
    expectEqual(try Translation.model(from: file), try narrow("vgg13", hasHead: false))
}

@Test func `repeated Keras names are read by their order`() throws {
    var file = try bag("vgg11", in: .keras)
    var numbers: [String: Int] = [:]
    var layers: [String: String] = [:]
    for index in file.tensors.indices {
        let old = file.tensors[index].layer ?? ""
        let word = file.tensors[index].tensor.rank == 4 ? "conv2d" : "dense"
        if layers[old] == nil {
            let number = numbers[word, default: 0]
            numbers[word] = number + 1
            layers[old] = number == 0 ? word : "\(word)_\(number)"
        }
        let layer = layers[old] ?? ""
        file.tensors[index].layer = layer
        let leaf = file.tensors[index].tensor.rank > 1 ? "kernel" : "bias"
        file.tensors[index].name = "\(layer)/\(leaf):0"
    }
    let model = try Translation.model(from: file)
    let whole = try narrow("vgg11")
    for (name, tensor) in whole.weights {
        #expect(model.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
    }
}

@Test(arguments: [false, true])
func `plain tensors under Keras' names are read in Keras' orders`(_ isRepeated: Bool) throws {
    var file = try bag("vgg16", in: .keras)
    file.convention = .pytorch
    file.metadata = ["ferry.softmax": "0"]
    for index in file.tensors.indices {
        file.tensors[index].layer = nil
        guard isRepeated else { continue }
        let place = index / 2
        let layer = place < 13 ? "conv2d_\(place)" : "dense_\(place)"
        let leaf = file.tensors[index].name.split(separator: "/").last ?? ""
        file.tensors[index].name = "\(layer)/\(leaf)"
    }
    file.tensors.sort { $0.name < $1.name }
    let model = try Translation.model(from: file)
    #expect(model.origin == .keras)
    expectEqual(model, try narrow("vgg16"))
    file.rename { $0.replacing("kernel", with: "core") }
    #expect(message { _ = try Translation.model(from: file) }.contains("known architecture"))
}

// MARK: Reasons

@Test func `the reason names what the next nearest has not`() throws {
    let model = try Translation.model(from: try bag("vgg16"))
    #expect(model.recognition.hasPrefix("32 of its 32 tensor names are vgg16's; vgg19, the next"))
    #expect(model.recognition.contains("'features.17.weight'"))
    let asked = try Translation.model(from: try bag("vgg16"), architecture: "vgg16")
    #expect(asked.recognition == "--arch says so")
    let keras = try Translation.model(from: try bag("vgg16", in: .keras))
    #expect(keras.recognition.contains("13 convolutions, 3 dense layers in vgg16's order"))
    #expect(keras.recognition.contains("16 of 16 layer names"))
}

@Test func `for an unknown bag the nearest network and the first difference are told`() throws {
    var file = try bag("alexnet")
    file.tensors.removeAll { !$0.name.hasPrefix("features.0") && !$0.name.hasPrefix("features.3") }
    let text = message { _ = try Translation.model(from: file) }
    #expect(text.contains("nearest is alexnet with 4 of its 16 names"), "\(text)")
    #expect(text.contains("first differs here: tensor 'features.6.weight'"), "\(text)")
    var keras = try bag("alexnet", in: .keras)
    keras.tensors.removeAll { $0.layer == "conv3" || $0.layer == "fc7" }
    keras.rename { "x\($0)" }
    for index in keras.tensors.indices { keras.tensors[index].layer?.append("x") }
    #expect(message { _ = try Translation.model(from: keras) }.contains("nearest is alexnet"))
}

@Test func `for an unknown graph the nearest network and the first difference are told`() throws {
    var file = try Translation.checkpoint(of: try narrow("vgg11"), in: .onnx)
    var graph = try #require(file.graph)
    let place = try #require(graph.nodes.lastIndex { $0.op is Relu })
    graph.nodes[place].op = Tanh()
    file.graph = graph
    file.metadata = [:]
    let model = try Translation.model(from: file)
    #expect(model.architecture == nil)
    #expect(model.recognition.hasPrefix("nearest is vgg11, whose first "), "\(model.recognition)")
    #expect(model.recognition.contains("expected Relu (vgg11), found Tanh"))
    graph.nodes[place].op = Relu()
    file.graph = graph
    #expect(try Translation.model(from: file).recognition.contains("operator by operator"))
}

// MARK: Element types

@Test(arguments: distinctNames, [ElementType.float16, .float64])
func `a rounded network is that of rounded weights`(
    _ name: String, _ type: ElementType
) throws {
    let model = try narrow(name)
    let rounded = try model.rounded(to: type)
    #expect(rounded.graph.inputs[0].elementType == type)
    #expect(rounded.graph.outputs[0].elementType == type)
    for (key, tensor) in model.weights {
        #expect(rounded.weights[key]?.isBitEqual(to: tensor.converted(to: type)) == true)
    }
    for (key, tensor) in model.extras {
        #expect(rounded.extras[key]?.isBitEqual(to: tensor) == true)
    }
    for convention in Convention.allCases where convention != .caffe {
        let written = try Translation.checkpoint(of: rounded, in: convention)
        let floating = written.tensors.filter { $0.tensor.elementType.isFloatingPoint }
        #expect(floating.allSatisfy { $0.tensor.elementType == type })
        let again = try Translation.model(from: written)
        #expect(again.weights.allSatisfy { rounded.weights[$0]?.isBitEqual(to: $1) == true })
    }
}

@Test func `a graph that turns to another type inside turns to the new one`() throws {
    let input = ValueDeclaration(name: "x", elementType: .int64, shape: [.fixed(1), .fixed(2)])
    let output = ValueDeclaration(name: "y", elementType: .float32, shape: nil)
    let graph = Graph(
        name: "g", inputs: [input], outputs: [output],
        nodes: [
            Node(name: "cast", op: Cast(to: .float32), inputs: ["x"], outputs: ["c"]),
            Node(name: "sum", op: Add(), inputs: ["c", "w"], outputs: ["y"]),
        ])
    let file = Checkpoint(
        convention: .onnx,
        tensors: [NamedTensor(name: "w", tensor: Tensor([1, 2] as [Float], shape: [1, 2]))],
        graph: graph)
    let model = try Translation.model(from: file)
    let rounded = try model.rounded(to: .float16)
    #expect((rounded.graph.nodes[0].op as? Cast)?.elementType == .float16)
    #expect(rounded.graph.outputs[0].elementType == .float16)
}
