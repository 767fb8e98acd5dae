import IR
import Tensors
import Testing

@Suite struct Fusion {
    private static let input = ["x": picture([2, 6, 7, 5])]

    @Test func `a normalisation and a clamp disappear into the convolution before them`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 19)
        let bn = builder.normalization("bn", conv, channels: 19)
        builder.outputs(builder.node("relu", Relu(), bn))
        #expect(
            try builder.operations(Self.input) == ["Conv + BatchNormalization + Relu"])
        try builder.check(Self.input)
    }

    @Test func `a normalisation disappears into grouped and unbiased convolutions`() throws {
        for group in [1, 2, 3, 6] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let weight = builder.constant("w", [18, 6 / group, 3, 3])
            let conv = builder.node(
                "conv", Conv(window: SpatialWindow(strides: [2, 1]), group: group), x, weight)
            builder.outputs(builder.normalization("bn", conv, channels: 18))
            #expect(try builder.operations(Self.input) == ["Conv + BatchNormalization"])
            try builder.check(Self.input)
        }
    }

    @Test func `a convolution someone else reads keeps its own values`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        let bn = builder.normalization("bn", conv, channels: 4)
        let relu = builder.node("relu", Relu(), conv)
        builder.outputs(builder.node("sum", Add(), bn, relu))
        #expect(
            try builder.operations(Self.input)
                == ["Conv", "BatchNormalization", "Relu", "Add"])
        try builder.check(Self.input)
    }

    @Test func `an output of the graph is not fused away`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        let relu = builder.node("relu", Relu(), conv)
        let pool = builder.node(
            "pool", MaxPool(window: SpatialWindow(kernel: [2, 2], strides: [2, 2])), relu)
        builder.outputs(conv, relu, pool)
        #expect(try builder.operations(Self.input) == ["Conv", "Relu", "MaxPool"])
        try builder.check(Self.input)
    }

    @Test(arguments: [[-0.25, 0.5], [nil, 0.1], [-0.1, nil], [nil, nil], [0.5, -0.5]])
    func `Clip is fused with either limit, none, or crossed ones`(_ limits: [Float?]) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        let names = zip(["low", "high"], limits).map { name, limit in
            limit.map { builder.constant(name, Tensor([$0], shape: [])) } ?? ""
        }
        builder.outputs(builder.node("clip", Clip(), conv, names[0], names[1]))
        #expect(try builder.operations(Self.input) == ["Conv + Clip"])
        try builder.check(Self.input)
    }

    @Test func `a limit that depends on the data is left to plain evaluation`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let low = builder.input("low")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        builder.outputs(builder.node("clip", Clip(), conv, low))
        let inputs = Self.input.merging(["low": Tensor([Float(-0.125)], shape: [])]) { $1 }
        #expect(try builder.operations(inputs) == ["Conv", "Clip"])
        try builder.check(inputs)
    }

    @Test func `NaN limits mean what they mean in the plain evaluation`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let low = builder.constant("low", Tensor([Float.nan], shape: []))
        builder.outputs(builder.node("clip", Clip(), x, low))
        try builder.check(Self.input)
    }

    @Test func `a sum of a value with itself and a clamp are one step`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        let sum = builder.node("sum", Add(), conv, conv)
        builder.outputs(builder.node("relu", Relu(), sum))
        #expect(try builder.operations(Self.input) == ["Conv", "Add + Relu"])
        try builder.check(Self.input)
    }

    @Test func `a dense layer takes over its clamp, in both orders of its weights`() throws {
        for transposed in [false, true] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let weight = builder.constant("w", transposed ? [9, 21] : [21, 9])
            let bias = builder.constant("b", [9])
            let gemm = builder.node("fc", Gemm(transposesB: transposed), x, weight, bias)
            builder.outputs(builder.node("relu", Relu(), gemm))
            let inputs = ["x": picture([5, 21])]
            #expect(try builder.operations(inputs) == ["Gemm + Relu"])
            try builder.check(inputs)
        }
    }
}
