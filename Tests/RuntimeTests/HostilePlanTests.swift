import IR
import Runtime
import Tensors
import Testing

/// Graphs that ask for more than a machine has.
@Suite struct HostilePlans {
    private func expectTooLarge(
        _ builder: GraphBuilder, _ shape: [Int],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: PlanError.self, sourceLocation: sourceLocation) {
            try Plan(
                graph: builder.graph, weights: builder.weights, inputShapes: ["x": shape],
                kernels: kernelSets[0], pool: WorkPool(threadCount: 1))
        }
        switch error {
        case .tooLarge(let bytes, let limit):
            #expect(bytes > limit, sourceLocation: sourceLocation)
        case .graph(.node(_, _, .outputTooLarge)): break
        default:
            Issue.record("found \(String(describing: error))", sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [
        [1 << 33], [1 << 20, 1 << 20], [1 << 60], [1 << 58, 4], [2, 1 << 40, 1 << 15],
    ])
    func `an input beyond any machine is refused, whatever reads it`(_ shape: [Int]) {
        var reading = GraphBuilder()
        reading.outputs(reading.node("relu", Relu(), reading.input("x")))
        expectTooLarge(reading, shape)
        var passing = GraphBuilder()
        passing.outputs(passing.input("x"))
        expectTooLarge(passing, shape)
        var shrinking = GraphBuilder()
        let axes = shrinking.constant("axes", Tensor(shape.indices.map { Int64($0) }))
        shrinking.outputs(shrinking.node("sum", ReduceSum(), shrinking.input("x"), axes))
        expectTooLarge(shrinking, shape)
    }

    @Test func `many values that are too large together are refused`() {
        var builder = GraphBuilder()
        var value = builder.input("x")
        for index in 0..<5 { value = builder.node("tanh\(index)", Tanh(), value) }
        let graph = builder.graph
        builder.graph.outputs = graph.nodes.map {
            ValueDeclaration(name: $0.name, elementType: .float32, shape: nil)
        }
        expectTooLarge(builder, [1 << 30])
    }

    @Test func `pads that a stride hides from the output are not made`() throws {
        for stride in [1 << 29, 1 << 30] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let pad = 1 << 30
            let window = SpatialWindow(strides: [stride, stride], pads: [pad, pad, pad, pad])
            builder.outputs(builder.conv("conv", x, from: 3, to: 2, window: window))
            try builder.check(["x": picture([1, 3, 4, 4])])
        }
    }

    @Test func `convolutions of too many outputs are refused`() {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let pad = 1 << 17
        let window = SpatialWindow(pads: [pad, pad, pad, pad])
        builder.outputs(builder.conv("conv", x, from: 3, to: 2, window: window))
        expectTooLarge(builder, [1, 3, 4, 4])
    }

    @Test func `a chain of 20,000 nodes is planned`() throws {
        var builder = GraphBuilder()
        var value = builder.input("x")
        for index in 0..<20_000 { value = builder.node("n\(index)", Tanh(), value) }
        builder.outputs(value)
        let plan = try builder.plan(["x": picture([4])], pool: WorkPool(threadCount: 1))
        // Ten operators that treat elements alike are a step.
        #expect(plan.summary.count == 2_000)
        #expect(plan.arenaByteCount == 128)
    }

    @Test(arguments: ["MaxPool", "BatchNormalization", "Dropout", "Relu"])
    func `outputs that no one reads are not computed`(_ type: String) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        switch type {
        case "MaxPool": builder.node("y", MaxPool(window: SpatialWindow(kernel: [2, 2])), x)
        case "BatchNormalization": _ = builder.normalization("y", x, channels: 3)
        case "Dropout": builder.node("y", Dropout(), x)
        default: builder.node("y", Relu(), x)
        }
        builder.graph.nodes[0].outputs += ["unread", "", "unread too"]
        builder.outputs("y")
        try builder.check(["x": picture([2, 3, 4, 5])])
    }

    @Test func `what the graph refuses is the graph's error`() {
        var builder = GraphBuilder()
        let x = builder.input("x")
        builder.outputs(builder.conv("conv", x, from: 3, to: 2))
        let error = #expect(throws: PlanError.self) {
            try builder.plan(["x": picture([1, 4, 8, 8])], pool: WorkPool(threadCount: 1))
        }
        guard case .graph(.node("conv", "Conv", .input(1, _, _))) = error else {
            Issue.record("found \(String(describing: error))")
            return
        }
    }

    @Test func `errors are one line for people`() {
        let error = PlanError.tooLarge(bytes: 1 << 40, limit: 1 << 34)
        #expect("\(error)".contains("expected at most 16384 MiB, found 1048576 MiB"))
    }
}
