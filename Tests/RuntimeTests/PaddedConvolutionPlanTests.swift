import IR
import Runtime
import Tensors
import Testing

/// Convolutions over padded strips in whole graphs.
@Suite struct PaddedConvolutionPlans {
    struct Layer: CustomTestStringConvertible, Sendable {
        var shape: [Int]
        var outputs: Int
        var group = 1
        var kernel = 3
        var window = SpatialWindow(pads: [1, 1, 1, 1])
        var algorithm: String

        var testDescription: String { "\(shape) to \(outputs), group \(group), \(window)" }
    }

    private static let layers: [Layer] = [
        Layer(
            shape: [1, 1, 28, 28], outputs: 6, kernel: 5,
            window: SpatialWindow(pads: [2, 2, 2, 2]), algorithm: "few outputs"),
        Layer(
            shape: [2, 3, 18, 37], outputs: 8, window: SpatialWindow(strides: [2, 1]),
            algorithm: "few outputs"),
        Layer(
            shape: [3, 6, 14, 14], outputs: 16, kernel: 5, window: SpatialWindow(),
            algorithm: "few channels"),
        Layer(shape: [2, 3, 70, 61], outputs: 64, algorithm: "few channels"),
        Layer(
            shape: [1, 3, 67, 90], outputs: 48, kernel: 11,
            window: SpatialWindow(strides: [4, 4], pads: [2, 1, 5, 3]), algorithm: "few channels"),
        Layer(
            shape: [2, 4, 20, 31], outputs: 33,
            window: SpatialWindow(strides: [1, 2], dilations: [2, 3], pads: [2, 3, 1, 4]),
            algorithm: "few channels"),
        Layer(shape: [2, 32, 40, 41], outputs: 32, group: 32, algorithm: "depthwise"),
        Layer(
            shape: [1, 20, 9, 11], outputs: 20, group: 20, kernel: 5,
            window: SpatialWindow(strides: [2, 1], dilations: [1, 2], pads: [2, 4, 0, 3]),
            algorithm: "depthwise"),
        Layer(
            shape: [2, 16, 13, 12], outputs: 16, group: 16, window: SpatialWindow(),
            algorithm: "depthwise"),
        Layer(shape: [1, 10, 12, 13], outputs: 30, group: 10, algorithm: "depthwise"),
        Layer(shape: [2, 24, 10, 9], outputs: 36, group: 6, algorithm: "group by lane"),
        Layer(
            shape: [1, 64, 15, 14], outputs: 64, group: 16,
            window: SpatialWindow(strides: [2, 2], pads: [1, 1, 1, 1]), algorithm: "group by lane"),
        // Too narrow, too many outputs a group, and windows too far apart to copy a strip for.
        Layer(shape: [1, 3, 5, 5], outputs: 16, algorithm: "implicit GEMM"),
        Layer(shape: [1, 32, 9, 9], outputs: 64, group: 4, algorithm: "implicit GEMM"),
    ]

    @Test(arguments: layers)
    func `strips give the plain meaning, with the same bits everywhere`(layer: Layer) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv(
            "conv", x, from: layer.shape[1], to: layer.outputs, kernel: layer.kernel,
            window: layer.window, group: layer.group)
        let scaled = builder.normalization("bn", conv, channels: layer.outputs)
        builder.outputs(builder.node("relu", Relu(), scaled))
        let inputs = ["x": picture(layer.shape)]
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        #expect(
            plan.summary.filter { $0.operation != "Layout" }.map(\.algorithm) == [layer.algorithm])
        try builder.check(inputs)
    }

    @Test func `a channels-last input is copied as it is`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let first = builder.conv("first", x, from: 3, to: 8)
        builder.outputs(builder.conv("second", first, from: 8, to: 12))
        try builder.check(["x": picture([2, 3, 30, 33])])
    }

    @Test func `depthwise weights take no more room than vectors need`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        builder.outputs(builder.conv("conv", x, from: 96, to: 96, group: 96))
        let plan = try builder.plan(
            ["x": picture([1, 96, 12, 12])], pool: WorkPool(threadCount: 1))
        #expect(plan.preparedByteCount == 96 * 9 * 4)
    }

    @Test func `windows that span too much are not copied`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        builder.outputs(
            builder.conv(
                "conv", x, from: 2, to: 3,
                window: SpatialWindow(
                    strides: [1, 1_000_000], dilations: [1, 900_000],
                    pads: [1, 900_000, 1, 8_000_000])))
        let plan = try builder.plan(
            ["x": picture([1, 2, 4, 4])], pool: WorkPool(threadCount: 1))
        #expect(plan.summary.map(\.algorithm).contains("implicit GEMM"))
    }
}
