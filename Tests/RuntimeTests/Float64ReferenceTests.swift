import IR
import Parity
import Runtime
import Tensors
import TestSupport
import Testing

@Suite struct Float64References {
    @Test(arguments: UInt64(0)..<40)
    func `layers in any order give the numbers of the plain evaluation`(_ seed: UInt64) throws {
        var random = RandomGraph(seed: seed)
        let (builder, inputs) = random.make()
        try builder.checkTruth(inputs)
    }

    @Test(arguments: UInt64(0)..<150)
    func `windows of any geometry give the numbers of the plain evaluation`(
        _ seed: UInt64
    ) throws {
        let (builder, shape) = randomWindow(seed: seed)
        let input = ["x": picture(shape)]
        let isAccepted =
            (try? builder.graph.inferTypes(
                inputShapes: ["x": shape], constants: builder.weights)) != nil
        guard isAccepted else {
            #expect(throws: PlanError.self) { try builder.truth(input, ["y"]) }
            return
        }
        try builder.checkTruth(input)
    }

    @Test(arguments: [[7], [5, 6, 7], [2, 3, 4, 3]])
    func `convolutions have any number of spatial axes`(_ sizes: [Int]) throws {
        for group in [1, 2] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let kernel = sizes.map { min($0, 2) }
            let weight = builder.constant("w", [6, 4 / group] + kernel)
            let window = SpatialWindow(
                strides: sizes.map { _ in 2 }, pads: sizes.flatMap { _ in [1, 0] })
            builder.outputs(
                builder.node("y", Conv(window: window, group: group), x, weight))
            try builder.checkTruth(["x": picture([3, 4] + sizes)])
        }
    }

    @Test func `dense layers have any form that Gemm allows`() throws {
        for (rows, bias) in [(1, [5]), (3, [3, 1]), (8, []), (19, [1, 5])] {
            for (transposesA, transposesB) in [(false, true), (true, false)] {
                var builder = GraphBuilder()
                let x = builder.input("x")
                let weight = builder.constant("w", transposesB ? [5, 33] : [33, 5])
                let gemm = Gemm(
                    alpha: 0.3, beta: 1.7, transposesA: transposesA, transposesB: transposesB)
                builder.outputs(
                    builder.node("y", gemm, x, weight, builder.constant("bias", bias)))
                try builder.checkTruth(["x": picture(transposesA ? [33, rows] : [rows, 33])])
            }
        }
    }

    @Test func `matrices multiply with vectors, matrices and stacks of them`() throws {
        for (a, b) in [
            ([9, 7], [7, 5]), ([2, 3, 7], [7, 5]), ([7], [7, 5]), ([3, 7], [7]),
            ([2, 3, 7], [2, 7, 4]),
        ] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            builder.outputs(builder.node("y", MatMul(), x, builder.constant("w", b)))
            try builder.checkTruth(["x": picture(a)])
        }
    }

    @Test func `a weight that is no number stays out of the padding`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        var weights = randomFloats(9, seed: 3)
        weights[0] = .infinity
        let weight = builder.constant("w", Tensor(weights, shape: [1, 1, 3, 3]))
        builder.outputs(
            builder.node("y", Conv(window: SpatialWindow(pads: [1, 1, 1, 1])), x, weight))
        try builder.checkTruth(["x": picture([1, 1, 4, 4])])
    }

    @Test func `the places of largest elements are integers`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let op = MaxPool(window: SpatialWindow(kernel: [2, 2], strides: [2, 2]))
        builder.graph.nodes.append(Node(name: "p", op: op, inputs: [x], outputs: ["y", "at"]))
        builder.outputs("y", "at")
        try builder.checkTruth(["x": picture([2, 3, 4, 6])])
        let places = try builder.truth(["x": picture([2, 3, 4, 6])], ["at"])["at"]
        #expect(places?.elementType == .int64)
    }

    @Test func `a cast to a shorter float does not round, one to eight bits does`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let half = builder.node("half", Cast(to: .float16), x)
        let eighth = builder.node("eighth", Cast(to: .float8e4m3fn), x)
        builder.outputs(half, eighth)
        let third = Float(1) / 3
        let values = try builder.truth(
            ["x": Tensor([third])], ["half", "eighth", "x"])
        #expect(values["half"]?.doubles() == [Double(third)])
        #expect(values["x"]?.doubles() == [Double(third)])
        #expect(values["eighth"]?.doubles() == [0.34375])
        #expect(values.values.allSatisfy { $0.elementType == .float64 })
    }

    @Test func `only what is asked for is returned`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 2, to: 3)
        builder.outputs(builder.node("relu", Relu(), conv))
        let input = ["x": picture([1, 2, 3, 5])]
        #expect(try Set(builder.truth(input, ["conv"]).keys) == ["conv"])
        #expect(
            try Set(builder.truth(input, ["conv", "x", "conv.w"]).keys) == ["conv", "x", "conv.w"])
        #expect(try builder.truth(input, []).isEmpty)
    }

    @Test func `what does not fit the graph is refused`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        builder.outputs(builder.conv("conv", x, from: 2, to: 3))
        let input = ["x": picture([1, 2, 3, 5])]
        #expect(throws: PlanError.graph(.missingOutput("nothing"))) {
            try builder.truth(input, ["conv", "nothing"])
        }
        #expect(throws: PlanError.graph(.missingInput("x"))) { try builder.truth([:], ["conv"]) }
        #expect(throws: PlanError.self) {
            try builder.truth(["x": picture([1, 3, 3, 5])], ["conv"])
        }
    }

    @Test func `activations beyond all memory are refused before they are made`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let shape = builder.constant("s", Tensor([Int64](repeating: 1 << 17, count: 2)))
        builder.outputs(builder.node("y", Expand(), x, shape))
        #expect(throws: PlanError.tooLarge(bytes: 8 + 8 << 34, limit: 16 << 30)) {
            try builder.truth(["x": Tensor([1 as Float])], ["y"])
        }
    }

    /// Exporters that fold normalisations round weights to float32 once more.
    @Test(
        arguments: RecordedNetwork.all.filter {
            !["vgg16_bn_narrow.folded.onnx", "vgg16_bn_narrow.dynamo.onnx"].contains($0.file)
        })
    func `whole networks agree with PyTorch in double precision`(
        _ network: RecordedNetwork
    ) throws {
        let checkpoint = try network.checkpoint()
        let graph = try #require(checkpoint.graph)
        let reference = Float64Reference(
            graph: graph,
            weights: Dictionary(
                uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) }),
            pool: WorkPool(threadCount: 2))
        let output = graph.outputs[0].name
        let values = try reference.run(
            [graph.inputs[0].name: network.input()], keeping: [output])
        let truth = try RecordedArray.read(network.url("golden/output_0.float64.npy"))
        expectClose(try #require(values[output]), truth, .float64Sums, network.file)
    }
}

extension Tolerance {
    /// What separates float64 sums in one order from those in another.
    fileprivate static let float64Sums = Tolerance(
        relative: 0, absoluteOfMaximum: 1e-12,
        reason: "some 20 layers of float64 sums of at most 25,088 terms; one rounding to float32 "
            + "anywhere differs by 1e-9 and more")
}

extension GraphBuilder {
    fileprivate func truth(
        _ inputs: [String: Tensor], _ names: Set<String>, threads: Int = 1
    ) throws -> [String: Tensor] {
        try Float64Reference(
            graph: graph, weights: weights, pool: WorkPool(threadCount: threads)
        ).run(inputs, keeping: names)
    }

    /// Checks that every value is, to the last bit, the plain evaluation's in float64, on 1 to 3
    /// threads.
    fileprivate func checkTruth(
        _ inputs: [String: Tensor], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        func widened(_ tensors: [String: Tensor]) -> [String: Tensor] {
            tensors.mapValues {
                $0.elementType.isFloatingPoint ? $0.converted(to: .float64) : $0
            }
        }
        let plain = try graph.evaluate(widened(inputs), constants: widened(weights))
        let names = Set(graph.nodes.flatMap(\.outputs)).union(graph.inputs.map(\.name))
        for threads in 1...3 {
            let found = try truth(inputs, names, threads: threads)
            for name in names {
                let (mine, expected) = (found[name], plain[name])
                #expect(mine?.elementType == expected?.elementType, sourceLocation: sourceLocation)
                #expect(mine?.shape == expected?.shape, sourceLocation: sourceLocation)
                let pairs = zip(mine?.doubles() ?? [], expected?.doubles() ?? [])
                #expect(
                    pairs.allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN },
                    "\(name), \(threads) threads", sourceLocation: sourceLocation)
            }
        }
    }
}
