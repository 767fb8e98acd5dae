import FerryCommands
import IR
import Parity
import Tensors
import Testing

/// What is found when a network is changed and compared with what it was.
func changed(_ change: (inout SmallNetwork) -> Void) -> [Finding] {
    var network = SmallNetwork()
    change(&network)
    return findings(network.model, SmallNetwork().model)
}

/// A mistake, and what must be found of it: the first layer, and every cause.
struct Mistake: Sendable, CustomTestStringConvertible {
    var layer: String
    var causes: [Cause]
    var make: @Sendable (inout SmallNetwork) -> Void

    init(
        _ layer: String, _ causes: Cause..., make: @escaping @Sendable (inout SmallNetwork) -> Void
    ) {
        self.layer = layer
        self.causes = causes
        self.make = make
    }

    var testDescription: String { "\(layer) \(causes)" }
}

private let windows: [Mistake] = [
    Mistake("conv1", .padsOnWrongSide) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [1, 2], pads: [2, 1, 0, 1])))
    },
    Mistake("conv1", .padsReordered) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [1, 2], pads: [0, 2, 1, 1])))
    },
    Mistake("conv1", .padsMissing) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [1, 2])))
    },
    Mistake("conv1", .pads) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [1, 2], pads: [1, 1, 2, 1])))
    },
    Mistake("conv3", .padsExtra) {
        $0.set("conv3", Conv(window: SpatialWindow(pads: [1, 1, 1, 1])))
    },
    Mistake("conv1", .windowAxesSwapped) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [2, 1], pads: [0, 1, 2, 1])))
    },
    Mistake("conv1", .strides) {
        $0.set("conv1", Conv(window: SpatialWindow(strides: [2, 2], pads: [0, 1, 2, 1])))
    },
    Mistake("conv2", .dilationsIgnored) {
        $0.set("conv2", Conv(window: SpatialWindow(pads: [1, 1, 1, 1]), group: 2))
    },
    Mistake("conv2", .group) {
        $0.set(
            "conv2", Conv(window: SpatialWindow(dilations: [2, 1], pads: [1, 1, 1, 1]), group: 4))
    },
    Mistake("conv2", .groupIgnored) {
        $0.set("conv2", Conv(window: SpatialWindow(dilations: [2, 1], pads: [1, 1, 1, 1])))
        $0.weights["conv2.w"] = Tensor([Float](repeating: 1, count: 8 * 54), shape: [8, 6, 3, 3])
    },
    Mistake("pool1", .ceilMode) {
        $0.set(
            "pool1",
            MaxPool(
                window: SpatialWindow(
                    kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0], ceilMode: true)))
    },
    Mistake("pool1", .poolingKind) {
        $0.set(
            "pool1",
            AveragePool(
                window: SpatialWindow(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0]),
                countsPadding: false))
    },
    Mistake("pool2", .countIncludePad) {
        $0.set(
            "pool2",
            AveragePool(
                window: SpatialWindow(kernel: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1]),
                countsPadding: false))
    },
    Mistake("pool2", .poolingGlobal) { $0.set("pool2", GlobalAveragePool()) },
]

private let operators: [Mistake] = [
    Mistake("norm1", .normalizationEpsilon) {
        $0.set("norm1", BatchNormalization(epsilon: 1e-5))
    },
    Mistake("norm1", .normalizationMomentum) {
        $0.set("norm1", BatchNormalization(epsilon: 1e-3, momentum: 0.1))
    },
    Mistake("lrn", .lrnAlphaDivision) {
        $0.set("lrn", LRN(size: 5, alpha: 5e-3, beta: 0.75, bias: 2))
    },
    Mistake("lrn", .lrnAlphaDivision) {
        $0.set("lrn", LRN(size: 5, alpha: 2e-4, beta: 0.75, bias: 2))
    },
    Mistake("lrn", .lrnAlpha) { $0.set("lrn", LRN(size: 5, alpha: 0.5, beta: 0.75, bias: 2)) },
    Mistake("lrn", .lrnSize) { $0.set("lrn", LRN(size: 2, alpha: 1e-3, beta: 0.75, bias: 2)) },
    Mistake("lrn", .lrnBeta, .lrnBias) { $0.set("lrn", LRN(size: 5, alpha: 1e-3, beta: 1)) },
    Mistake("clip", .activationBound) {
        $0.set("clip", Relu()); $0.graph.nodes[9].inputs.removeLast(2)
    },
    Mistake("leaky", .activationSlope) { $0.set("leaky", LeakyRelu(alpha: 0.3)) },
    Mistake("leaky", .activationSlope) { $0.set("leaky", Relu()) },
    Mistake("tanh", .activationKind) { $0.set("tanh", Sigmoid()) },
    Mistake("fc1", .gemmAlpha) { $0.set("fc1", Gemm(alpha: 2, transposesB: true)) },
    Mistake("softmax", .softmaxAxis) { $0.set("softmax", Softmax(axis: 0)) },
    Mistake("relu1", .activationMissing) { $0.remove("relu1") },
    Mistake("softmax", .softmaxMissing) { $0.remove("softmax") },
    Mistake("again", .softmaxExtra) { $0.insert("again", Softmax(), after: "softmax") },
    Mistake("more", .activationExtra) { $0.insert("more", Relu(), after: "fc1") },
    Mistake("half", .constantFactor) {
        $0.insert("half", Mul(), after: "fc1", constants: [Tensor([0.5 as Float], shape: [])])
    },
    Mistake("less", .constantOffset) {
        $0.insert("less", Sub(), after: "conv1", constants: [Tensor([3 as Float], shape: [])])
    },
    Mistake("turn", .transposeExtra) {
        $0.insert("turn", Transpose(permutation: [0, 1, 3, 2]), after: "conv3")
    },
    Mistake("pool1", .layersReordered) { $0.exchange("lrn") },
    Mistake("x", .inputSize) { $0.graph.inputs[0].shape?[2] = .fixed(17) },
]

private let tensors: [Mistake] = [
    Mistake("conv1", .inputChannelsReversed) {
        $0.change("conv1.w") { reversedChannels($0) }
    },
    Mistake("norm1", .statisticsPermuted, .statisticsPermuted) {
        ($0.weights["norm1.mean"], $0.weights["norm1.shift"]) = (
            $0.weights["norm1.shift"], $0.weights["norm1.mean"]
        )
    },
    Mistake("norm1", .varianceIsDeviation) {
        $0.change("norm1.variance") { scaled($0) { $0.squareRoot() } }
    },
    Mistake("norm1", .statisticsScaled, .statisticsScaled) {
        $0.change("norm1.mean") { scaled($0) { $0 * 999.5 } }
        $0.change("norm1.variance") { scaled($0) { $0 * 999.5 } }
    },
    Mistake("conv2", .groupsExchanged) {
        $0.change("conv2.w") { rolled($0, 4) }
    },
    Mistake("fc1", .flattenOrder) {
        $0.change("fc1.w") {
            $0.reshaped([10, 8, 5, 3]).permuted([0, 2, 3, 1]).settled.reshaped([10, 120])
        }
    },
    Mistake("fc2", .denseTransposed) { $0.change("fc2.w") { $0.permuted([1, 0]) } },
    Mistake("conv3", .kernelInOutSwapped) { $0.change("conv3.w") { $0.permuted([1, 0, 2, 3]) } },
    Mistake("conv2", .biasMissing) { $0.graph.nodes[$0.place("conv2")].inputs.removeLast() },
    Mistake("fc1", .tensorsExchanged, .tensorsExchanged) {
        ($0.weights["fc1.b"], $0.weights["fc2.b"]) = ($0.weights["fc2.b"], $0.weights["fc1.b"])
    },
    Mistake("fc2", .tensorFromElsewhere) { $0.weights["fc2.b"] = $0.weights["fc1.b"] },
    Mistake("fc2", .bitFlipped) {
        $0.change("fc2.w") { tensor in
            var values = tensor.floats()
            values[31] = Float(bitPattern: values[31].bitPattern ^ 1 << 8)
            return Tensor(values, shape: tensor.shape)
        }
    },
]

private func scaled(_ tensor: Tensor, _ change: (Float) -> Float) -> Tensor {
    Tensor(tensor.floats().map(change), shape: tensor.shape)
}

private func rolled(_ tensor: Tensor, _ rows: Int) -> Tensor {
    let size = tensor.elementCount / tensor.shape[0] * rows
    let values = tensor.floats()
    return Tensor(Array(values[size...] + values[..<size]), shape: tensor.shape)
}

private func reversedChannels(_ tensor: Tensor) -> Tensor {
    let values = tensor.floats()
    return Tensor(
        values.indices.map { index in
            var place = coordinates(of: index, in: tensor.shape)
            place[1] = tensor.shape[1] - 1 - place[1]
            return values[zip(place, tensor.shape).reduce(0) { $0 * $1.1 + $1.0 }]
        }, shape: tensor.shape)
}

@Test(arguments: windows + operators + tensors)
func `a mistake in a network is found in its layer and named`(mistake: Mistake) {
    let found = changed { mistake.make(&$0) }
    #expect(found.map(\.cause) == mistake.causes, "\(found)")
    #expect(found.first?.layer == mistake.layer)
    #expect(found.allSatisfy { $0.isExact }, "\(found)")
}

@Test func `a network does not differ from itself`() {
    #expect(changed { _ in }.isEmpty)
}

@Test func `several mistakes are found in the order of the layers`() {
    let found = changed { network in
        network.change("fc2.w") { $0.permuted([1, 0]) }
        network.remove("relu1")
        network.change("conv3.w") { $0.permuted([1, 0, 2, 3]) }
        network.set("conv1", Conv(window: SpatialWindow(strides: [1, 2])))
    }
    #expect(
        found.map(\.cause)
            == [.padsMissing, .activationMissing, .kernelInOutSwapped, .denseTransposed])
}

@Test func `a layer that is missing does not disturb those behind it`() {
    let found = changed { network in
        network.remove("conv3")
        network.change("fc2.b") { scaled($0) { -$0 } }
    }
    #expect(found.map(\.cause) == [.layerMissing, .negated], "\(found)")
    #expect(found.first?.layer == "conv3")
}

@Test func `random weights are different without a cause`() {
    let found = changed { network in
        network.change("conv3.w") { tensor in
            scaled(tensor) { ($0 * 57.3).truncatingRemainder(dividingBy: 1) }
        }
    }
    #expect(found.map(\.cause) == [.unknown])
    #expect(found.first?.isExact == false)
    #expect(found.first?.tensor == "conv3.w")
}

// MARK: Other spellings

/// The small network with x · HardSigmoid(x) after `fc1`.
private func spelledOut(alpha: Float) -> SmallNetwork {
    var network = SmallNetwork()
    network.set("tanh", HardSigmoid(alpha: alpha, beta: 0.5))
    network.insert("product", Mul(), after: "tanh")
    network.graph.nodes[network.place("product")].inputs.append("fc1.y")
    return network
}

@Test func `an operator written as several that compute the same is no difference`() {
    var network = SmallNetwork()
    network.set("tanh", HardSwish())
    #expect(findings(network.model, spelledOut(alpha: 1 / 6).model) == [])
    #expect(findings(spelledOut(alpha: 1 / 6).model, network.model) == [])
    #expect(!findings(network.model, spelledOut(alpha: 0.2).model).isEmpty)
}

/// The small network, its answers x gated: HardSigmoid(x) · fc1.
private func gated(alpha: Float, isSpelledOut: Bool) -> SmallNetwork {
    func number(_ value: Float) -> Tensor { Tensor([value], shape: []) }
    var network = SmallNetwork()
    if isSpelledOut {
        network.add("factor", Mul(), constants: [number(alpha)])
        network.add("sum", Add(), constants: [number(0.5)])
        network.add("gate", Clip(), constants: [number(0), number(1)])
    } else {
        network.add("gate", HardSigmoid(alpha: alpha, beta: 0.5))
    }
    network.add("product", Mul())
    network.graph.nodes[network.place("product")].inputs.append("fc1.y")
    network.graph.outputs[0].name = "product.y"
    return network
}

@Test func `a gate before a product of two branches is compared by what it computes`() {
    let (whole, parts) = (
        gated(alpha: 1 / 6, isSpelledOut: false), gated(alpha: 1 / 6, isSpelledOut: true)
    )
    #expect(findings(whole.model, parts.model) == [])
    #expect(findings(parts.model, whole.model) == [])
    #expect(!findings(gated(alpha: 0.2, isSpelledOut: true).model, whole.model).isEmpty)
}

@Test func `windows that cover the same cells are no difference`() {
    let found = changed { network in
        // Of two more rows below the picture the windows reach one, as before.
        network.set(
            "pool1",
            MaxPool(window: SpatialWindow(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 2, 0])))
        network.set(
            "conv3", Conv(window: SpatialWindow(kernel: [1, 1], strides: [1, 1], autoPad: .valid)))
        network.set("relu1", Clip())
        network.weights["zero"] = Tensor([0 as Float], shape: [])
        network.graph.nodes[network.place("relu1")].inputs.append("zero")
    }
    #expect(found == [])
}

@Test func `a dense layer written as a convolution over the whole picture is no difference`() {
    var network = SmallNetwork()
    network.remove("flatten")
    network.set("fc1", Conv(window: SpatialWindow()))
    network.change("fc1.w") { $0.reshaped([10, 8, 5, 3]) }
    network.insert("flat", Flatten(axis: 1), after: "fc1")
    #expect(findings(network.model, SmallNetwork().model) == [])
    network.change("fc1.w") { $0.permuted([0, 1, 3, 2]).settled.reshaped([10, 8, 5, 3]) }
    #expect(!findings(network.model, SmallNetwork().model).isEmpty)
}

@Test func `one more output at the beginning is told from other shapes`() {
    let found = changed { network in
        network.change("fc2.w") {
            Tensor([Float](repeating: 9, count: 10) + $0.floats(), shape: [11, 10])
        }
        network.change("fc2.b") { Tensor([9 as Float] + $0.floats()) }
    }
    #expect(found.map(\.cause) == [.tensorShape, .tensorShape])
    #expect(found.first?.explanation.contains("1 at the beginning more, others equal") == true)
    #expect(found.allSatisfy { $0.isExact })
}
