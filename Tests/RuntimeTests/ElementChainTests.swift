import IR
import KernelInterface
import Runtime
import Tensors
import Testing

@Suite struct ElementChains {
    /// Shapes of constants that are one number, or differ along one axis of [2, 6, 7, 5].
    private static let alongOneAxis: [[Int]] = [
        [], [1], [1, 1, 1, 1], [6, 1, 1], [1, 6, 1, 1], [5], [1, 1, 1, 5], [7, 1], [2, 1, 1, 1],
    ]
    /// Shapes that differ along several axes, or enlarge [2, 6, 7, 5].
    private static let others: [[Int]] = [[7, 5], [6, 7, 5], [2, 6, 1, 1], [3, 1, 1, 1, 1]]
    /// Numbers whose products, sums and quotients have zeros, overflows and tiny results.
    private static let special: [Float] = [
        0, -0.0, 1, -1, 3, 0.1, -7, 1e30, -1e30, 1e-30, .leastNonzeroMagnitude, -0x1p-133, 0x1p-126,
        0x1p127, .infinity, -.infinity, .nan, .greatestFiniteMagnitude,
    ]
    private static let operators: [any Operator] = [Mul(), Add(), Sub(), Div()]

    @Test(arguments: alongOneAxis)
    func `arithmetic with constants along one axis has the bits of plain loops`(
        _ shape: [Int]
    ) throws {
        try check(shape, algorithm: "element by element")
    }

    @Test(arguments: others)
    func `other constants are left to plain loops`(_ shape: [Int]) throws {
        try check(shape, algorithm: "plain loops")
    }

    /// Every operator with the constant first and second, on both layouts.
    private func check(_ shape: [Int], algorithm: String) throws {
        let count = shape.reduce(1, *)
        for (index, op) in Self.operators.enumerated() {
            for isFirst in [false, true] {
                for isChannelsLast in [false, true] {
                    var builder = GraphBuilder()
                    let x = builder.input("x")
                    let numbers = (0..<count).map { Self.special[($0 + index * 5 + 4) % 18] }
                    let constant = builder.constant("c", Tensor(numbers, shape: shape))
                    let source = isChannelsLast ? try pooled(&builder, x) : x
                    let y =
                        isFirst
                        ? builder.node("y", op, constant, source)
                        : builder.node("y", op, source, constant)
                    builder.outputs(y)
                    try expectPlainBits(builder, [2, 6, 7, 5])
                    let isPlain = algorithm == "plain loops" || (isFirst && op is Div)
                    let summary = try summary(builder, [2, 6, 7, 5])
                    #expect(
                        summary.last { $0.operation != "Layout" }?.algorithm
                            == (isPlain ? "plain loops" : algorithm))
                }
            }
        }
    }

    @Test(arguments: [
        [4], [3, 5], [2, 3, 4], [1, 1], [2, 70], [1, 3, 40, 300], [2, 2, 65, 64],
    ])
    func `values of any rank and size are scaled along their second axis`(_ shape: [Int]) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let channels = shape.count > 1 ? shape[1] : 1
        let ones = [Int](repeating: 1, count: max(0, shape.count - 2))
        let scale = builder.constant("s", [channels] + ones)
        let shift = builder.constant("t", [channels] + ones, seed: 4)
        let product = builder.node("product", Mul(), x, scale)
        builder.outputs(builder.node("sum", Add(), product, shift))
        try expectPlainBits(builder, shape)
        #expect(try summary(builder, shape).map(\.operation) == ["Mul + Add"])
    }

    @Test func `a scaled tanh is one step`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let slope = builder.constant("slope", Tensor([Float(2) / 3], shape: []))
        let height = builder.constant("height", Tensor([Float(1.7159)], shape: []))
        let inner = builder.node("inner", Mul(), slope, x)
        let curve = builder.node("curve", Tanh(), inner)
        builder.outputs(builder.node("outer", Mul(), curve, height))
        try expectPlainBits(builder, [2, 6, 7, 5])
        #expect(try summary(builder, [2, 6, 7, 5]).map(\.operation) == ["Mul + Tanh + Mul"])
        // Shown values are the same, and so is what follows them.
        builder.outputs(inner, curve)
        try expectPlainBits(builder, [2, 6, 7, 5])
        #expect(try summary(builder, [2, 6, 7, 5]).map(\.operation) == ["Mul", "Tanh", "Mul"])
    }

    @Test func `a chain ends where another axis begins`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let channels = builder.constant("channels", [6, 1, 1])
        let columns = builder.constant("columns", [5])
        let mean = builder.node("mean", Sub(), x, channels)
        let negated = builder.node("negated", Neg(), mean)
        let scaled = builder.node("scaled", Div(), negated, columns)
        let clamped = builder.node("clamped", Relu(), scaled)
        builder.outputs(builder.node("sigmoid", Sigmoid(), clamped))
        try expectPlainBits(builder, [2, 6, 7, 5])
        #expect(
            try summary(builder, [2, 6, 7, 5]).map(\.operation)
                == ["Sub + Neg", "Div + Relu + Sigmoid"])
    }

    @Test func `a constant of a wider type widens the result, in plain loops`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let wide = builder.constant("wide", Tensor([Float(0.1)], shape: []).converted(to: .float64))
        builder.outputs(builder.node("y", Mul(), x, wide), elementType: .float64)
        let found = try expectPlainBits(builder, [2, 3])
        #expect(found[0].elementType == .float64)
    }

    /// A value that its kernel leaves channels-last, with the numbers of `input`.
    private func pooled(_ builder: inout GraphBuilder, _ input: String) throws -> String {
        builder.node("pool", MaxPool(window: SpatialWindow(kernel: [1, 1])), input)
    }

    private func summary(_ builder: GraphBuilder, _ shape: [Int]) throws -> [StepSummary] {
        try builder.plan(["x": picture(shape)], pool: WorkPool(threadCount: 1)).summary
    }

    /// Runs the graph on special numbers, on every set and with 1 to 3 threads.
    @discardableResult
    private func expectPlainBits(_ builder: GraphBuilder, _ shape: [Int]) throws -> [Tensor] {
        let count = shape.reduce(1, *)
        let x = (0..<count).map { Self.special[$0 * 7 % 18] * ($0 % 36 < 18 ? 1 : 0.3) }
        let inputs = ["x": Tensor(x, shape: shape)]
        let truth = try builder.graph.evaluate(inputs, constants: builder.weights)
        var results: [Tensor] = []
        for threads in 1...3 {
            let pool = WorkPool(threadCount: threads)
            for kernels in kernelSets {
                var session = try Session(builder.plan(inputs, on: kernels, pool: pool), pool: pool)
                let found = try session.run(inputs)
                results = try builder.graph.outputs.map { try #require(found[$0.name]) }
                for (output, result) in zip(builder.graph.outputs, results) {
                    let expected = try #require(truth[output.name])
                    #expect(result.shape == expected.shape)
                    let agree = result.doubles().elementsEqual(expected.doubles()) { a, b in
                        a.bitPattern == b.bitPattern || (a.isNaN && b.isNaN)
                    }
                    #expect(agree, "\(output.name), \(kernels.name), \(threads) threads")
                }
            }
        }
        return results
    }
}
