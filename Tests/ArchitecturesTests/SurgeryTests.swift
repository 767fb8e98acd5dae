import Architectures
import IR
import Tensors
import Testing

private func edited(
    _ model: Model, _ change: (inout Surgery) throws -> Void
) throws -> Model {
    var surgery = Surgery(model)
    try change(&surgery)
    return try surgery.result()
}

private func output(_ model: Model, _ input: Tensor) throws -> Tensor {
    let name = try #require(model.graph.inputs.first?.name)
    let values = try model.graph.evaluate([name: input], constants: model.weights)
    return try #require(values[model.graph.outputs[0].name])
}

/// A graph of two grouped convolutions with a cross-tower step between.
private func towers() -> Model {
    let window = SpatialWindow(kernel: [3, 3], pads: [1, 1, 1, 1])
    let graph = Graph(
        name: "towers",
        inputs: [
            ValueDeclaration(
                name: "x", elementType: .float32,
                shape: [.symbolic("N"), .fixed(6), .fixed(5), .fixed(4)])
        ],
        outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)],
        nodes: [
            Node(
                name: "a", op: Conv(window: window, group: 3), inputs: ["x", "w", "b"],
                outputs: ["v"]),
            Node(name: "norm", op: LRN(size: 3), inputs: ["v"], outputs: ["u"]),
            Node(
                name: "c", op: Conv(window: window, group: 2), inputs: ["u", "k"], outputs: ["y"]),
        ])
    func drawn(_ name: String, _ shape: [Int]) -> Tensor {
        SeededValues.input.tensor(named: name, seed: 1, shape: shape)
    }
    return Model(
        graph: graph,
        weights: [
            "w": drawn("w", [12, 2, 3, 3]), "b": drawn("b", [12]), "k": drawn("k", [4, 6, 3, 3]),
        ], architecture: nil, origin: .onnx)
}

@Test func `towers are split and merged without a change of any bit`() throws {
    let model = towers()
    let input = SeededValues.input(shape: [2, 6, 5, 4], seed: 2)
    let split = try edited(model) { try $0.splitTowers() }
    #expect(split.graph.nodes.count { $0.op is Conv } == 5)
    #expect(split.graph.nodes.allSatisfy { ($0.op as? Conv)?.group ?? 1 == 1 })
    #expect(try output(split, input).isBitEqual(to: output(model, input)))
    let merged = try edited(split) { try $0.mergeTowers() }
    #expect(merged.graph.nodes.compactMap { ($0.op as? Conv)?.group } == [3, 2])
    #expect(try output(merged, input).isBitEqual(to: output(model, input)))
    #expect(merged.weights["a.weight"]?.isBitEqual(to: try #require(model.weights["w"])) == true)
    #expect(merged.weights.count == 3)
}

@Test func `AlexNet of 2012 is itself again after its towers are merged`() throws {
    let model = try narrow("alexnet_2012")
    let split = try edited(model) { try $0.splitTowers() }
    #expect(split.architecture == nil)
    #expect(split.preprocess == "caffe")
    expectEqual(try edited(split) { try $0.mergeTowers() }, model)
}

@Test func `a dense head as convolutions gives the same on the same size, and maps on others`()
    throws
{
    let model = try narrow("lenet5")
    let classes = try #require(model.weights["fc3.weight"]).shape[0]
    let input = SeededValues.input(shape: [2, 1, 28, 28], seed: 3)
    let wanted = try output(model, input)
    let map = try edited(model) { try $0.makeFullyConvolutional(averaging: false) }
    #expect(!map.graph.nodes.contains { $0.op is Gemm || $0.op is Flatten })
    let scores = try output(map, input)
    #expect(scores.shape == [2, classes, 1, 1])
    #expect(scores.reshaped(wanted.shape).isBitEqual(to: wanted))
    let mean = try edited(model) { try $0.makeFullyConvolutional(averaging: true) }
    #expect(try output(mean, input).isBitEqual(to: wanted))

    // Two rows and three columns of positions, each a picture of the usual size.
    let large = SeededValues.input(shape: [1, 1, 32, 36], seed: 4)
    let many = try output(map, large)
    #expect(many.shape == [1, classes, 2, 3])
    let averages = try output(mean, large).floats()
    for (place, average) in averages.enumerated() {
        let cells = many.floats()[place * 6..<place * 6 + 6]
        #expect(abs(cells.reduce(0, +) / 6 - average) < 1e-5)
    }
}

@Test func `another head keeps the network and its other weights`() throws {
    let model = try narrow("vgg11")
    let changed = try edited(model) { try $0.replaceHead(classes: 3, seed: 8) }
    #expect(changed.architecture?.name == "vgg11")
    #expect(changed.weights["classifier.6.weight"]?.shape == [3, 5])
    let bias = SeededValues.bias(fanIn: 5).tensor(named: "classifier.6.bias", seed: 8, shape: [3])
    #expect(changed.weights["classifier.6.bias"]?.isBitEqual(to: bias) == true)
    for (name, tensor) in model.weights where !name.hasPrefix("classifier.6") {
        #expect(changed.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
    }
    #expect(changed.graph.outputs[0].shape == [.symbolic("N"), .fixed(3)])
}

@Test func `features alone are the network without its head`() throws {
    expectEqual(
        try edited(narrow("vgg11")) { try $0.keepFeatures() }, try narrow("vgg11", hasHead: false))
}

@Test(arguments: ["features.8", "block3_conv2", "conv3_2"])
func `a network up to a layer, by any framework's name, gives that layer's result`(
    name: String
) throws {
    let model = try narrow("vgg11")
    let part = try edited(model) { try $0.keep(until: name) }
    #expect(part.architecture == nil)
    #expect(part.graph.outputs.map(\.name) == ["features.8"])
    #expect(part.graph.outputs[0].shape?.suffix(2) == [.fixed(56), .fixed(56)])
    #expect(part.weights.count == 8)
}

@Test func `changes that a network does not have are refused`() throws {
    func problem(_ name: String, _ change: (inout Surgery) throws -> Void) throws -> String {
        let model = try narrow(name)
        return message { _ = try edited(model, change) }
    }
    #expect(
        try problem("vgg11") { try $0.splitTowers() }
            == "expected a convolution of several groups, found none")
    #expect(
        try problem("vgg11") { try $0.mergeTowers() }
            == "expected convolutions between a Split and a Concat of channels, found none")
    #expect(
        try problem("vgg11") { try $0.keep(until: "features.88") }
            .hasPrefix(
                "expected a layer of the network, found 'features.88'; did you mean 'features."))
    #expect(
        try problem("lenet5_1998") { try $0.replaceHead(classes: 3, seed: 1) }
            == "expected a network whose last layer with parameters is dense, found "
            + "'rbf.difference'")
    #expect(
        try problem("lenet5_1998") { try $0.makeFullyConvolutional(averaging: true) }
            .hasPrefix("expected dense layers and activations behind the flattening, found node"))
    let bare = try edited(narrow("vgg11")) { try $0.keepFeatures() }
    #expect(message { _ = try edited(bare) { try $0.keepFeatures() } }.contains("found none"))
    #expect(
        message { _ = try edited(bare) { try $0.makeFullyConvolutional(averaging: true) } }
            .contains("expected dense layers behind a flattening"))
}
