import IR
import Parity
import Runtime
import Tensors
import Testing

@Suite struct Plans {
    @Test func `an input may be an output, read by others as well`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        var value = x
        for index in 0..<4 {
            value = builder.conv("conv\(index)", value, from: 6, to: 6)
        }
        builder.outputs(x, value, x)
        let inputs = ["x": picture([2, 6, 7, 5])]
        let found = try builder.check(inputs)
        #expect(found[0].isBitEqual(to: try #require(inputs["x"])))
    }

    @Test func `a graph without nodes gives its input back`() throws {
        var builder = GraphBuilder()
        builder.outputs(builder.input("x"))
        try builder.check(["x": picture([2, 3])], within: .exact)
    }

    @Test func `constants may be outputs, folded ones too`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let weight = builder.constant("w", [4, 6])
        let moved = builder.node("moved", Transpose(permutation: [1, 0]), weight)
        builder.outputs(weight, moved, builder.node("relu", Relu(), x))
        try builder.check(["x": picture([3])], within: .exact)
    }

    @Test func `an unread input is no burden`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let unread = builder.input("unread")
        builder.outputs(builder.node("relu", Relu(), x))
        try builder.check(["x": picture([3]), unread: picture([2])], within: .exact)
    }

    @Test func `memory is reused, and outputs outlive the steps after them`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let early = builder.conv("early", x, from: 6, to: 6)
        var value = early
        for index in 0..<12 {
            value = builder.conv("conv\(index)", value, from: 6, to: 6)
        }
        builder.outputs(value, early)
        let inputs = ["x": picture([1, 6, 8, 8])]
        try builder.check(inputs)
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        let activation = 6 * 64 * 4
        #expect(plan.arenaByteCount <= 6 * activation)
    }

    @Test(arguments: [0, 1, 2, 3])
    func `tensors without elements pass through every kind of step`(_ zeroAxis: Int) throws {
        var shape = [2, 6, 8, 8]
        shape[zeroAxis] = 0
        var builder = GraphBuilder()
        let x = builder.input("x")
        let relu = builder.node("relu", Relu(), x)
        let sum = builder.node("sum", Add(), relu, x)
        let moved = builder.node("moved", Transpose(permutation: [0, 2, 3, 1]), sum)
        builder.outputs(sum, moved, builder.node("tanh", Tanh(), moved))
        let found = try builder.check(["x": picture(shape)], within: .exact)
        #expect(found.allSatisfy { $0.elementCount == 0 })
    }

    @Test func `an empty batch passes a network`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 6, to: 4)
        let bn = builder.normalization("bn", conv, channels: 4)
        let relu = builder.node("relu", Relu(), bn)
        let pool = builder.node("pool", GlobalAveragePool(), relu)
        let flat = builder.node("flat", Flatten(axis: 1), pool)
        let fc = builder.node("fc", Gemm(), flat, builder.constant("w", [4, 3]))
        builder.outputs(fc)
        let found = try builder.check(["x": picture([0, 6, 8, 8])], within: .exact)
        #expect(found[0].shape == [0, 3])
    }

    @Test func `a float64 network is evaluated plainly, in full precision`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x", .float64)
        let conv = builder.conv("conv", x, from: 3, to: 4)
        let bn = builder.normalization("bn", conv, channels: 4)
        let relu = builder.node("relu", Relu(), bn)
        let flat = builder.node("flat", Flatten(axis: 1), relu)
        let fc = builder.node("fc", Gemm(), flat, builder.constant("w", [4 * 25, 3]))
        builder.outputs(fc, elementType: .float64)
        builder.weights = builder.weights.mapValues { $0.converted(to: .float64) }
        let inputs = ["x": picture([2, 3, 5, 5]).converted(to: .float64)]
        let found = try builder.check(inputs, within: .exact)
        #expect(found[0].elementType == .float64)
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        #expect(plan.summary.allSatisfy { $0.algorithm == "plain loops" })
    }

    @Test func `three spatial axes and one are evaluated plainly`() throws {
        for axes in [1, 3] {
            var builder = GraphBuilder()
            let x = builder.input("x")
            let ones = [Int](repeating: 3, count: axes)
            let weight = builder.constant("w", [5, 4] + ones)
            let conv = builder.node("conv", Conv(window: SpatialWindow()), x, weight)
            let pool = builder.node("pool", MaxPool(window: SpatialWindow(kernel: ones)), conv)
            builder.outputs(builder.node("relu", Relu(), pool))
            try builder.check(["x": picture([2, 4] + [Int](repeating: 6, count: axes))])
        }
    }

    @Test func `several pictures give what each gives alone`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 3, to: 20)
        let relu = builder.node("relu", Relu(), conv)
        let flat = builder.node("flat", Flatten(axis: 1), relu)
        builder.outputs(
            builder.node("fc", Gemm(), flat, builder.constant("w", [20 * 30, 7])))
        let all = picture([5, 3, 6, 5])
        let together = try builder.check(["x": all])[0].floats()
        for index in 0..<5 {
            let one = Array(all.floats()[index * 90..<(index + 1) * 90])
            let alone = try builder.check(["x": Tensor(one, shape: [1, 3, 6, 5])])[0].floats()
            #expect(Array(together[index * 7..<(index + 1) * 7]) == alone)
        }
    }
}
