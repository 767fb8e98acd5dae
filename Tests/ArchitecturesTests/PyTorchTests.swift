import Architectures
import IR
import Tensors
import Testing

private func stateDict(_ name: String, hasHead: Bool = true) throws -> Checkpoint {
    let model = try narrow(name, hasHead: hasHead)
    return bare(try Translation.checkpoint(of: model, in: .pytorch))
}

@Test(arguments: distinctNames)
func `a state dict is recognised`(name: String) throws {
    let model = try Translation.model(from: try stateDict(name))
    #expect(model.architecture?.name == name)
    #expect(model.origin == .pytorch)
    #expect(model.inputLayout == .nchw)
    #expect(model.preprocess == "torchvision")
    #expect(!(model.graph.nodes.last?.op is Softmax))
    expectEqual(model, try narrow(name))
    #expect(model.sourceNames["features.0.weight"] == "features.0.weight")
}

@Test(arguments: distinctNames)
func `a state dict without its head is recognised`(name: String) throws {
    let model = try Translation.model(from: try stateDict(name, hasHead: false))
    #expect(model.architecture?.name == name)
    expectEqual(model, try narrow(name, hasHead: false))
    let shape = model.graph.outputs[0].shape ?? []
    #expect(
        Array(shape.suffix(2))
            == (name == "alexnet" ? [.fixed(6), .fixed(6)] : [.fixed(7), .fixed(7)]))
}

@Test func `both LeNets fit one bag, and an answer settles it`() throws {
    let bag = try stateDict("lenet5")
    #expect(throws: TranslationError.ambiguous(["lenet5", "lenet5_tanh"])) {
        try Translation.model(from: bag)
    }
    let asked = try Translation.model(from: bag, architecture: "lenet5_tanh")
    #expect(asked.architecture?.name == "lenet5_tanh")
    #expect(asked.preprocess == nil)
    var stated = bag
    stated.metadata["ferry.architecture"] = "lenet5"
    #expect(try Translation.model(from: stated).architecture?.name == "lenet5")
    let overruled = try Translation.model(from: stated, architecture: "lenet5_tanh")
    #expect(overruled.architecture?.name == "lenet5_tanh")
}

@Test func `metadata naming no architecture is refused`() throws {
    var bag = try stateDict("vgg11")
    bag.metadata["ferry.architecture"] = "vgg"
    let text = message { _ = try Translation.model(from: bag) }
    #expect(
        text
            == "metadata 'ferry.architecture': expected an architecture Ferry knows, found 'vgg'")
}

@Test(arguments: ["module.", "_orig_mod.module.", "state_dict.model."])
func `what wrappers put before every name is dropped`(prefix: String) throws {
    var bag = try stateDict("vgg11_bn")
    for index in bag.tensors.indices { bag.tensors[index].name = prefix + bag.tensors[index].name }
    let model = try Translation.model(from: bag)
    expectEqual(model, try narrow("vgg11_bn"))
    #expect(model.sourceNames["features.0.weight"] == prefix + "features.0.weight")
}

@Test func `a wrapper around a part of the network is dropped`() throws {
    var wrapped = try stateDict("alexnet")
    for index in wrapped.tensors.indices {
        let name = wrapped.tensors[index].name
        wrapped.tensors[index].name = name.replacing("features.", with: "features.module.")
    }
    #expect(wrapped.tensors[0].name == "features.module.0.weight")
    let model = try Translation.model(from: wrapped)
    #expect(model.architecture?.name == "alexnet")
    #expect(model.sourceNames["features.0.weight"] == "features.module.0.weight")
}

@Test func `groups of a file stand for dots, and features alone need no prefix`() throws {
    var nested = try stateDict("alexnet")
    for index in nested.tensors.indices {
        nested.tensors[index].name = nested.tensors[index].name.replacing(".", with: "/")
    }
    #expect(try Translation.model(from: nested).architecture?.name == "alexnet")
    var features = try stateDict("vgg13", hasHead: false)
    for index in features.tensors.indices {
        features.tensors[index].name.removeFirst("features.".count)
    }
    #expect(try Translation.model(from: features).architecture?.name == "vgg13")
}

@Test func `a missing tensor is named with its shape`() throws {
    var bag = try stateDict("vgg16")
    bag.tensors.removeAll { $0.name == "features.2.weight" }
    let text = message { _ = try Translation.model(from: bag) }
    #expect(
        text
            == "tensor 'features.2.weight': expected shape [any, 2, 3, 3] (vgg16), found no such tensor"
    )
}

@Test func `a tensor too many is named`() throws {
    var bag = try stateDict("alexnet")
    bag.tensors.append(NamedTensor(name: "features.99.weight", tensor: Tensor([Float(1)])))
    #expect(
        throws: TranslationError.unexpectedTensor(
            name: "features.99.weight", architecture: "alexnet")
    ) { try Translation.model(from: bag) }
    bag.tensors[bag.tensors.count - 1].name = "features.0.weight"
    #expect(throws: TranslationError.duplicateTensor(name: "features.0.weight")) {
        try Translation.model(from: bag)
    }
}

@Test func `a tensor of another shape is named with both shapes`() throws {
    var bag = try stateDict("vgg11")
    let index = try #require(bag.tensors.firstIndex { $0.name == "features.3.weight" })
    bag.tensors[index].tensor = bag.tensors[index].tensor.reshaped([3, 3, 2, 3])
    let text = message { _ = try Translation.model(from: bag) }
    #expect(
        text == "tensor 'features.3.weight': expected shape [any, 2, 3, 3], found [3, 3, 2, 3]")
}

@Test func `a dense layer that does not fit the flattened picture is refused`() throws {
    var bag = try stateDict("vgg11")
    let index = try #require(bag.tensors.firstIndex { $0.name == "classifier.0.weight" })
    bag.tensors[index].tensor = Tensor([Float](repeating: 0, count: 60), shape: [6, 10])
    let text = message { _ = try Translation.model(from: bag) }
    #expect(
        text == "tensor 'classifier.0.weight': expected shape [any, 147], found [6, 10]")
}

@Test func `integers are no weights, and tensors of another network are described`() throws {
    var bag = try stateDict("alexnet")
    let index = try #require(bag.tensors.firstIndex { $0.name == "features.0.bias" })
    bag.tensors[index].tensor = Tensor([Int64(1), 2], shape: [2])
    #expect(
        message { _ = try Translation.model(from: bag) }
            == "tensor 'features.0.bias': expected floating-point elements, found int64")
    let other = Checkpoint(
        convention: .pytorch, tensors: [NamedTensor(name: "x", tensor: Tensor([Float(1)]))])
    #expect(
        message { _ = try Translation.model(from: other) }
            == "expected the tensors of a known architecture, found 1 tensors, first 'x' [1]")
    let empty = Checkpoint(convention: .pytorch, tensors: [])
    #expect(message { _ = try Translation.model(from: empty) }.hasSuffix("found no tensors"))
}

@Test func `batch counts are optional, kept, and written where they are missing`() throws {
    var bag = try stateDict("vgg11_bn")
    #expect(bag.tensors.count == 62)
    bag.tensors.removeAll { $0.name.hasSuffix("num_batches_tracked") }
    let model = try Translation.model(from: bag)
    #expect(model.extras.isEmpty)
    #expect(
        Translation.notes(of: model, writtenIn: .pytorch)
            == ["num_batches_tracked is written as 0: the source has none"])
    let written = try Translation.checkpoint(of: model, in: .pytorch)
    #expect(written.tensors.count == 62)
    #expect(written.tensors[6].name == "features.1.num_batches_tracked")
    #expect(written.tensors[6].tensor.isBitEqual(to: Tensor([Int64(0)], shape: [])))
}

@Test func `batch counts that are lost or made up are told`() throws {
    var bag = try stateDict("vgg11_bn")
    bag.tensors.removeAll { $0.name == "features.1.num_batches_tracked" }
    for index in bag.tensors.indices where bag.tensors[index].name.hasSuffix("_tracked") {
        bag.tensors[index].tensor = Tensor([Int64(index)], shape: [])
    }
    let model = try Translation.model(from: bag)
    #expect(
        Translation.notes(of: model, writtenIn: .pytorch) == [
            "num_batches_tracked is written as 0 for 1 of 8 layers: the source has none of them"
        ])
    for convention in [Convention.onnx, .keras] {
        let notes = Translation.notes(of: model, writtenIn: convention, withGraph: true)
        #expect(notes.contains { $0.hasPrefix("num_batches_tracked is left out") }, "\(notes)")
    }
    let alike = try narrow("vgg11_bn")
    #expect(Translation.notes(of: alike, writtenIn: .onnx, withGraph: true).isEmpty)
}

@Test func `half precision weights make a half precision graph`() throws {
    var bag = try stateDict("alexnet")
    for index in bag.tensors.indices {
        bag.tensors[index].tensor = bag.tensors[index].tensor.converted(to: .float16)
    }
    let model = try Translation.model(from: bag)
    #expect(model.graph.inputs[0].elementType == .float16)
    #expect(model.weights["features.0.weight"]?.elementType == .float16)
}
