import IR
import Parity
import Runtime
import Tensors
import Testing

@Suite struct Winograd {
    struct Layer: CustomTestStringConvertible, Sendable {
        var shape: [Int]
        var outputs: Int
        var kernel = 3
        var pads = [1, 1, 1, 1]
        var pools = false
        var algorithm: String

        var testDescription: String {
            "\(shape) to \(outputs), \(kernel)×\(kernel), pads \(pads)\(pools ? ", pooled" : "")"
        }

        func graph() -> GraphBuilder {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let conv = builder.conv(
                "conv", x, from: shape[1], to: outputs, kernel: kernel,
                window: SpatialWindow(pads: pads))
            var last = builder.node("relu", Relu(), conv)
            if pools {
                last = builder.node(
                    "pool", MaxPool(window: SpatialWindow(kernel: [2, 2], strides: [2, 2])), last)
            }
            builder.outputs(last)
            return builder
        }
    }

    private static let layers: [Layer] = [
        // Many positions: large tiles. Sizes around the tile's and the register tile's edges.
        Layer(shape: [1, 32, 40, 37], outputs: 33, algorithm: "Winograd F(4×4, 3×3)"),
        Layer(shape: [3, 48, 17, 18], outputs: 64, algorithm: "Winograd F(4×4, 3×3)"),
        Layer(
            shape: [2, 32, 25, 26], outputs: 20, pads: [0, 0, 0, 0],
            algorithm: "Winograd F(4×4, 3×3)"),
        Layer(
            shape: [1, 32, 33, 31], outputs: 16, pads: [2, 1, 0, 3],
            algorithm: "Winograd F(4×4, 3×3)"),
        // Few positions: small tiles.
        Layer(shape: [1, 64, 7, 9], outputs: 40, algorithm: "Winograd F(2×2, 3×3)"),
        Layer(shape: [2, 32, 3, 3], outputs: 17, algorithm: "Winograd F(2×2, 3×3)"),
        // A pool of an odd size drops the last row or column.
        Layer(
            shape: [1, 32, 41, 39], outputs: 37, pools: true, algorithm: "Winograd F(4×4, 3×3)"),
        Layer(shape: [2, 32, 9, 7], outputs: 16, pools: true, algorithm: "Winograd F(2×2, 3×3)"),
        Layer(
            shape: [2, 32, 13, 11], outputs: 48, kernel: 5, pads: [2, 2, 2, 2],
            algorithm: "Winograd F(2×2, 5×5)"),
        Layer(
            shape: [1, 64, 12, 9], outputs: 23, kernel: 5, pads: [0, 3, 1, 2],
            algorithm: "Winograd F(2×2, 5×5)"),
    ]

    /// Errors of sums over up to 64 channels after two transforms each way.
    private static let tolerance = Tolerance(
        relative: 1e-5, absoluteOfMaximum: 4e-6,
        reason: "the transforms' factors of up to 2.8 grow float32 roundings a few times over a "
            + "direct sum's; a wrong coefficient or tile differs in the first digits")

    @Test(arguments: layers)
    func `filtering gives the plain meaning, with the same bits everywhere`(layer: Layer) throws {
        let builder = layer.graph()
        let inputs = ["x": picture(layer.shape)]
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        #expect(plan.summary.map(\.algorithm).contains(layer.algorithm))
        #expect(plan.summary.allSatisfy { $0.algorithm != "plain loops" })
        #expect(plan.summary.contains { $0.operation.hasSuffix("MaxPool") } == layer.pools)
        try builder.check(inputs, within: Self.tolerance)
    }

    @Test(arguments: layers)
    func `strict numerics sum directly`(layer: Layer) throws {
        let builder = layer.graph()
        let inputs = ["x": picture(layer.shape)]
        let pool = WorkPool(threadCount: 2)
        let plan = try Plan(
            graph: builder.graph, weights: builder.weights,
            inputShapes: inputs.mapValues(\.shape), kernels: kernelSets[0], pool: pool,
            numerics: .strict)
        #expect(plan.summary.allSatisfy { !$0.algorithm.hasPrefix("Winograd") })
        var session = try Session(plan, pool: pool)
        let output = builder.graph.outputs[0].name
        let found = try #require(try session.run(inputs)[output])
        let truth = try #require(
            try builder.graph.evaluate(inputs, constants: builder.weights)[output])
        expectClose(found, truth, .float32Sums, output)
    }

    @Test func `strides, dilations, groups and odd channel counts are summed directly`() throws {
        let windows = [
            (SpatialWindow(strides: [2, 2], pads: [1, 1, 1, 1]), 32, 1),
            (SpatialWindow(dilations: [2, 2], pads: [2, 2, 2, 2]), 32, 1),
            (SpatialWindow(pads: [1, 1, 1, 1]), 64, 2), (SpatialWindow(pads: [1, 1, 1, 1]), 40, 1),
        ]
        for (window, channels, group) in windows {
            var builder = GraphBuilder()
            let x = builder.input("x")
            builder.outputs(
                builder.conv(
                    "conv", x, from: channels, to: 32, window: window, group: group))
            let inputs = ["x": picture([1, channels, 20, 20])]
            let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
            #expect(plan.summary.contains { $0.algorithm == "implicit GEMM" })
            try builder.check(inputs)
        }
    }

    @Test func `a value someone else reads is not pooled away`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 32, to: 32)
        let pool = builder.node(
            "pool", MaxPool(window: SpatialWindow(kernel: [2, 2], strides: [2, 2])), conv)
        builder.outputs(conv, pool)
        try builder.check(["x": picture([1, 32, 10, 12])], within: Self.tolerance)
    }
}
