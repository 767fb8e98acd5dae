import IR
import KernelInterface
import Runtime
import Tensors
import Testing

@Suite struct NarrowWeights {
    private func plan(_ values: [Float], _ type: DenseWeights) throws -> Plan {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let weight = builder.constant("fc.w", Tensor(values, shape: [2, values.count / 2]))
        builder.outputs(builder.node("fc", Gemm(transposesB: true), x, weight))
        return try Plan(
            graph: builder.graph, weights: builder.weights,
            inputShapes: ["x": [1, values.count / 2]], kernels: kernelSets[0],
            pool: WorkPool(threadCount: 2), denseWeights: type)
    }

    /// 65,520 and (2 − 2⁻⁸) · 2¹²⁷ are the ties beyond the largest numbers of 16 bits.
    @Test(arguments: [(DenseWeights.f16, Float(65520)), (.bf16, Float(0x1.FFp127))])
    func `a weight that becomes infinite is an error that names it`(
        _ type: DenseWeights, _ value: Float
    ) throws {
        var values = [Float](repeating: 1, count: 40)
        values[23] = -value
        values[31] = value
        #expect(
            throws: PlanError.weightOverflow(
                tensor: "fc.w", element: 23, value: -value, type)
        ) { try plan(values, type) }
        values[23] = value.nextDown
        values[31] = .infinity
        #expect(try plan(values, type).summary.last?.algorithm == "rows at \(type)")
        #expect(try plan(values, .f32).summary.last?.algorithm == "panels in the cache")
        #expect(try plan(values, type).summary.last?.weightBytes == 80)
    }

    @Test(arguments: [DenseWeights.f16, .bf16])
    func `weights are rounded to nearest, ties to even`(_ type: DenseWeights) throws {
        let values = randomFloats(4000, seed: 5) + [0x1.008p0, 0x1.018p0, 0x1.002p0, 0x1.006p0]
        let half = values.count / 2
        let pool = WorkPool(threadCount: 1)
        var session = try Session(try plan(values, type), pool: pool)
        for index in [0, 1, 77, half - 4, half - 3, half - 2, half - 1] {
            var x = [Float](repeating: 0, count: half)
            x[index] = 1
            let result = try session.run(["x": Tensor(x, shape: [1, half])])["fc"]
            let expected = [values[index], values[half + index]].map { value in
                type == .f16
                    ? Float(Half.value(Half.bits(rounding: Double(value))))
                    : BrainFloat.value(BrainFloat.bits(rounding: Double(value)))
            }
            #expect(result?.floats() == expected)
        }
    }
}
