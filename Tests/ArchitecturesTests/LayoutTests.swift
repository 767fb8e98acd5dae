import Architectures
import IR
import Tensors
import Testing

private let toNCHW = Transpose(permutation: [0, 3, 1, 2])
private let toNHWC = Transpose(permutation: [0, 2, 3, 1])

/// A file of some nodes, whose constants are all different.
private struct File {
    var nodes: [Node] = []
    var tensors: [NamedTensor] = []
    let shape: [Int]
    var output: [Dimension]

    mutating func node(_ op: any Operator, _ inputs: String..., to name: String) {
        nodes.append(Node(name: name, op: op, inputs: inputs, outputs: [name]))
    }

    mutating func constant(_ name: String, _ shape: [Int]) -> String {
        let values = SeededValues.input(shape: shape, seed: UInt64(tensors.count + 1))
        tensors.append(NamedTensor(name: name, tensor: values))
        return name
    }

    mutating func integers(_ name: String, _ values: [Int64]) -> String {
        tensors.append(NamedTensor(name: name, tensor: Tensor(values)))
        return name
    }

    var checkpoint: Checkpoint {
        let input: [Dimension] = [.symbolic("N")] + shape.dropFirst().map { .fixed($0) }
        let graph = Graph(
            name: "g",
            inputs: [ValueDeclaration(name: "x", elementType: .float32, shape: input)],
            outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: output)],
            nodes: nodes)
        return Checkpoint(convention: .onnx, tensors: tensors, graph: graph)
    }

    /// The model, after a look at whether it computes what the file does.
    func model(sourceLocation: SourceLocation = #_sourceLocation) throws -> Model {
        let file = checkpoint
        let model = try Translation.model(from: file)
        let given = SeededValues.input(shape: shape, seed: 99)
        let picture = model.inputLayout == .nhwc ? given.permuted([0, 3, 1, 2]) : given
        let constants = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) })
        let theirs = try #require(file.graph).evaluate(["x": given], constants: constants)
        let ours = try model.graph.evaluate(["x": picture], constants: model.weights)
        let (left, right) = try (
            #require(theirs["y"]).doubles(), #require(ours["y"]).doubles()
        )
        #expect(left.count == right.count, sourceLocation: sourceLocation)
        for (a, b) in zip(left, right) {
            // Sums in another order, rounded to float32 a few times on the way.
            #expect(abs(a - b) <= 1e-5 * max(1, abs(a)), sourceLocation: sourceLocation)
        }
        return model
    }
}

private func operators(_ model: Model) -> [String] { model.graph.nodes.map(\.op.type) }

/// Two branches of channels-last layers between what stands at a network's edges.
private func channelsLast() -> File {
    var file = File(shape: [2, 5, 6, 3], output: [.symbolic("N"), .fixed(4)])
    let (scale, pads) = (
        file.constant("scale", [3]), file.integers("pads", [0, 1, 0, 0, 0, 0, 2, 0])
    )
    file.node(Mul(), scale, "x", to: "scaled")
    file.node(Pad(), "scaled", pads, to: "padded")
    for branch in ["a", "b"] {
        let (kernel, bias) = (
            file.constant("\(branch).kernel", [4, 3, 2, 2]),
            file.constant("\(branch).bias", [1, 1, 1, 4])
        )
        file.node(toNCHW, "padded", to: "\(branch)1")
        file.node(Conv(window: SpatialWindow()), "\(branch)1", kernel, to: "\(branch)2")
        file.node(toNHWC, "\(branch)2", to: "\(branch)3")
        file.node(Add(), "\(branch)3", bias, to: "\(branch)4")
        file.node(Relu(), "\(branch)4", to: "\(branch)5")
    }
    file.node(Concat(axis: -1), "a5", "b5", to: "joined")
    file.node(
        ReduceMean(Reduction(axes: [1, 2], keepsDimensions: false)), "joined", to: "mean")
    let matrix = file.constant("matrix", [8, 4])
    file.node(MatMul(), "mean", matrix, to: "y")
    return file
}

@Test func `layers turned to channels last and back are one plain network`() throws {
    let model = try channelsLast().model()
    #expect(model.inputLayout == .nhwc)
    #expect(
        operators(model)
            == ["Mul", "Conv", "Relu", "Conv", "Relu", "Concat", "ReduceMean", "Gemm"])
    #expect(model.weights["scale"]?.shape == [1, 3, 1, 1])
    #expect(model.weights["a.bias"]?.shape == [4])
}

@Test func `a picture that something reads channels last stays as it comes`() throws {
    var file = channelsLast()
    file.node(Flatten(axis: 1), "x", to: "flat")
    let rows = file.constant("rows", [90, 4])
    file.node(MatMul(), "flat", rows, to: "seen")
    let last = try #require(file.nodes.firstIndex { $0.name == "y" })
    file.nodes[last].outputs = ["mixed"]
    file.nodes.append(Node(name: "sum", op: Add(), inputs: ["mixed", "seen"], outputs: ["y"]))
    let model = try file.model()
    #expect(model.inputLayout == .nchw)
}

@Test func `no turning shows that a picture comes channels last`() throws {
    var file = File(
        shape: [2, 3, 4, 5], output: [.symbolic("N"), .fixed(4), .fixed(5), .fixed(3)])
    let scale = file.constant("scale", [3, 1, 1])
    file.node(Mul(), "x", scale, to: "scaled")
    file.node(toNHWC, "scaled", to: "turned")
    file.node(Relu(), "turned", to: "y")
    let model = try file.model()
    #expect(model.inputLayout == .nchw)
    #expect(operators(model) == ["Mul", "Relu", "Transpose"])
}

@Test func `a bias whose shape is read off the picture is the layer's`() throws {
    var file = File(
        shape: [2, 5, 6, 3], output: [.symbolic("N"), .fixed(4), .fixed(5), .fixed(6)])
    let (kernel, bias) = (file.constant("kernel", [6, 1, 2, 2]), file.constant("bias", [6]))
    let (last, two) = (file.integers("last", [3]), file.integers("two", [2]))
    let ones = file.integers("ones", [1, 1, 1])
    file.node(toNCHW, "x", to: "turned")
    file.node(Conv(window: SpatialWindow(), group: 3), "turned", kernel, to: "conv")
    file.node(toNHWC, "conv", to: "back")
    file.node(Shape(), "x", to: "sizes")
    file.node(Gather(), "sizes", last, to: "channels")
    file.node(Mul(), "channels", two, to: "outputs")
    file.node(Concat(axis: 0), ones, "outputs", to: "shape")
    file.node(Reshape(), bias, "shape", to: "row")
    file.node(Add(), "back", "row", to: "y")
    let model = try file.model()
    #expect(operators(model) == ["Conv", "Transpose"])
    #expect(model.layers.first?.name(of: .bias) == "row")
}

@Test func `a shape that depends on the batch stays computed`() throws {
    var file = File(shape: [2, 3, 4, 5], output: [.symbolic("N"), .fixed(60)])
    let (first, rest) = (file.integers("first", [0]), file.integers("rest", [60]))
    file.node(Sigmoid(), "x", to: "sigmoid")
    file.node(Shape(), "x", to: "sizes")
    file.node(Gather(), "sizes", first, to: "batch")
    file.node(Add(), "batch", rest, to: "sum")
    file.node(Sub(), "sum", rest, to: "again")
    file.node(Concat(axis: 0), "again", rest, to: "shape")
    file.node(Reshape(), "sigmoid", "shape", to: "flat")
    let matrix = file.constant("matrix", [60, 60])
    file.node(MatMul(), "flat", matrix, to: "y")
    let model = try file.model()
    let picture = SeededValues.input(shape: [7, 3, 4, 5], seed: 3)
    let y = try model.graph.evaluate(["x": picture], constants: model.weights)["y"]
    #expect(y?.shape == [7, 60])
}

@Test(arguments: [Pad.Mode.edge, .constant, .reflect], [false, true])
func `what never exceeds a maximum is its padding`(mode: Pad.Mode, isDilated: Bool) throws {
    var file = File(
        shape: [2, 3, 4, 5], output: [.symbolic("N"), .fixed(3), .unknown, .unknown])
    let pads = file.integers("pads", [0, 0, 1, 0, 0, 0, 0, 1])
    file.tensors.append(
        NamedTensor(name: "least", tensor: Tensor([-Float.infinity], shape: [])))
    let window = SpatialWindow(
        kernel: [2, 2], strides: [1, 2], dilations: isDilated ? [2, 1] : [1, 1])
    file.node(Sigmoid(), "x", to: "sigmoid")
    file.node(Pad(mode: mode), "sigmoid", pads, mode == .constant ? "least" : "", to: "padded")
    file.node(MaxPool(window: window), "padded", to: "y")
    let isJoined = mode == .constant || mode == .edge && !isDilated
    #expect(try operators(file.model()).contains("Pad") != isJoined)
}

@Test(arguments: [false, true])
func `a normalisation spelled out is one again`(isReadTwice: Bool) throws {
    var file = File(
        shape: [2, 3, 4, 5], output: [.symbolic("N"), .fixed(2), .fixed(3), .fixed(4)])
    let kernel = file.constant("kernel", [2, 3, 2, 2])
    let names = ["mean", "factor", "shift"].map { file.constant($0, [1, 2, 1, 1]) }
    file.node(Conv(window: SpatialWindow()), "x", kernel, to: "conv")
    file.node(Sub(), "conv", names[0], to: "centred")
    file.node(Mul(), "centred", names[1], to: "scaled")
    file.node(Add(), names[2], "scaled", to: isReadTwice ? "shifted" : "y")
    if isReadTwice { file.node(Mul(), "shifted", "centred", to: "y") }
    let model = try file.model()
    if isReadTwice {
        #expect(operators(model) == ["Conv", "Sub", "Mul", "Add", "Mul"])
        return
    }
    #expect(operators(model) == ["Conv", "BatchNormalization"])
    let layer = try #require(model.layers.last)
    #expect(layer.kind == .batchNorm)
    #expect(layer.parameters.map(\.name) == ["factor", "shift", "mean", "mean_variance"])
    #expect(model.weights["mean"]?.shape == [2])
}

@Test func `normalised networks are recognised when their normalisations are spelled out`() throws {
    var file = try Exported("vgg11_bn")
    file.spellNormalizations()
    let model = try Translation.model(from: file.checkpoint)
    #expect(model.architecture?.name == "vgg11_bn")
    let original = try narrow("vgg11_bn")
    for name in ["features.0.weight", "features.1.bias", "features.1.running_mean"] {
        let expected = try #require(original.weights[name])
        #expect(model.weights[name]?.isBitEqual(to: expected) == true, "\(name)")
    }
}

extension Exported {
    /// x − mean, times a factor, plus a shift, as Keras on PyTorch writes it.
    fileprivate mutating func spellNormalizations() {
        rewrite { file, node in
            guard node.op is BatchNormalization, let scale = file.tensor(node.inputs[1]),
                let variance = file.tensor(node.inputs[4])
            else { return nil }
            let factors = zip(scale.floats(), variance.floats()).map { scale, variance in
                scale / (variance + 1e-5).squareRoot()
            }
            let shape = [1, factors.count, 1, 1]
            file.set(node.inputs[1], Tensor(factors, shape: shape))
            for name in [node.inputs[2], node.inputs[3]] {
                if let tensor = file.tensor(name) { file.set(name, tensor.reshaped(shape)) }
            }
            let (centred, scaled) = ("\(node.name)_centred", "\(node.name)_scaled")
            return [
                Node(
                    name: node.name, op: Sub(), inputs: [node.inputs[0], node.inputs[3]],
                    outputs: [centred]),
                Node(
                    name: scaled, op: Mul(), inputs: [centred, node.inputs[1]],
                    outputs: [scaled]),
                Node(
                    name: "\(node.name)_y", op: Add(), inputs: [scaled, node.inputs[2]],
                    outputs: node.outputs),
            ]
        }
    }
}
