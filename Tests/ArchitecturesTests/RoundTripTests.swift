import Architectures
import IR
import Tensors
import Testing

/// Carries a model through files of `conventions`, one after the other.
private func carry(_ model: Model, through conventions: [Convention]) throws -> Model {
    try conventions.reduce(model) { model, convention in
        try Translation.model(from: try Translation.checkpoint(of: model, in: convention))
    }
}

@Test(arguments: ArchitectureRegistry.names)
func `PyTorch comes back from every other convention`(name: String) throws {
    let model = try narrow(name)
    let all: [[Convention]] = [
        [.pytorch], [.onnx, .pytorch], [.keras, .pytorch], [.keras, .onnx, .keras, .pytorch],
    ]
    for way in all where !way.contains(.keras) || namesInKeras.contains(name) {
        let back = try carry(model, through: way)
        expectEqual(back, model)
        #expect(back.preprocess == model.preprocess)
    }
}

@Test(arguments: namesInKeras)
func `Keras comes back from every other convention`(name: String) throws {
    let start = bare(try Translation.checkpoint(of: try narrow(name), in: .keras))
    let model = try Translation.model(
        from: start, architecture: needsName(name) ? name : nil)
    for way: [Convention] in [[.onnx], [.pytorch], [.onnx, .pytorch]] {
        let back = try carry(model, through: way + [.keras])
        expectEqual(back, model)
        #expect(back.preprocess == model.preprocess)
        let file = try Translation.checkpoint(of: back, in: .keras)
        #expect(file.tensors.map(\.name) == start.tensors.map(\.name))
        for (left, right) in zip(file.tensors, start.tensors) {
            #expect(left.layer == right.layer)
            #expect(left.tensor.isBitEqual(to: right.tensor), "\(left.name)")
        }
    }
}

@Test func `what a file of weights cannot say travels as metadata, and only that`() throws {
    let model = try narrow("vgg11_bn")
    let torch = try Translation.checkpoint(of: model, in: .pytorch)
    #expect(
        torch.metadata == [
            "ferry.architecture": "vgg11_bn", "ferry.preprocess": "torchvision",
        ])
    var keras = try Translation.checkpoint(of: model, in: .keras)
    keras.graph = nil
    #expect(keras.metadata["ferry.softmax"] == "0")
    #expect(keras.metadata["ferry.bn_epsilon"].flatMap { Float($0) } == 1e-5)
    #expect(
        Translation.notes(of: model, writtenIn: .keras) == [
            "the network ends without a softmax, which the file keeps as metadata only",
            "batch normalisation's epsilon is 1e-05, which the file keeps as metadata only; "
                + "Keras takes 0.001 otherwise",
        ])
    #expect(Translation.notes(of: model, writtenIn: .pytorch).isEmpty)
    #expect(Translation.notes(of: model, writtenIn: .onnx).isEmpty)
    var wrong = keras
    wrong.metadata["ferry.softmax"] = "yes"
    #expect(
        message { _ = try Translation.model(from: wrong) }
            == "metadata 'ferry.softmax': expected 0 or 1, found 'yes'")
    wrong = keras
    wrong.metadata["ferry.bn_epsilon"] = "-1"
    #expect(message { _ = try Translation.model(from: wrong) }.contains("at least 0"))
}

@Test func `batch counts survive files that have no place for them`() throws {
    var model = try narrow("vgg11_bn")
    for name in model.extras.keys { model.extras[name] = Tensor([Int64(97)], shape: []) }
    for way: [Convention] in [[.onnx, .pytorch], [.keras, .pytorch], [.keras, .onnx, .pytorch]] {
        let back = try carry(model, through: way)
        let file = try Translation.checkpoint(of: back, in: .pytorch)
        let counts = file.tensors.filter { $0.name.hasSuffix("num_batches_tracked") }
        #expect(counts.count == 8)
        #expect(counts.allSatisfy { $0.tensor.integers() == [97] })
    }
}

@Test func `other metadata stays`() throws {
    var file = try Translation.checkpoint(of: try narrow("vgg11"), in: .pytorch)
    file.metadata["author"] = "someone"
    file.producer = "torch"
    let model = try Translation.model(from: file)
    let written = try Translation.checkpoint(of: model, in: .onnx)
    #expect(written.metadata["author"] == "someone")
    #expect(written.producer == "torch")
    #expect(written.graph != nil)
    #expect(Set(written.tensors.map(\.name)) == Set(model.weights.keys))
}
