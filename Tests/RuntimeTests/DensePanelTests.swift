import IR
import KernelInterface
import Runtime
import Tensors
import Testing

/// Dense layers whose weights stay in the cache.
@Suite struct DensePanels {
    /// The contract, one multiply-add after the other.
    private func expected(
        _ x: [Float], _ w: [Float], _ bias: [Float], batch: Int, depth: Int, outputs: Int,
        vectors: Int, bounds: Bounds
    ) -> [UInt32] {
        let width = vectors * 16
        return (0..<batch * outputs).map { index in
            let (image, output) = (index / outputs, index % outputs)
            let panel = output / width
            var total: Float = 0
            for start in stride(from: 0, to: depth, by: 128) {
                var sum = start == 0 ? bias[panel * width + output % width] : 0
                for k in start..<min(start + 128, depth) {
                    sum.addProduct(
                        w[(panel * depth + k) * width + output % width], x[image * depth + k])
                }
                total = start == 0 ? sum : total + sum
            }
            return min(max(total, bounds.lower), bounds.upper).bitPattern
        }
    }

    @Test(arguments: 1...8, [1, 3, 4, 5, 9])
    func `sums have the bits of the contract in all sets`(_ vectors: Int, _ batch: Int) {
        for (depth, outputs) in [
            (1, 1), (127, 15), (128, 16), (129, vectors * 16 + 1), (300, vectors * 32 - 5),
        ] {
            let panels = (outputs + vectors * 16 - 1) / (vectors * 16)
            let bounds = depth % 2 == 0 ? Bounds.relu : .none
            let x = randomFloats(batch * depth, seed: depth)
            let w = randomFloats(panels * depth * vectors * 16, seed: outputs)
            let b = randomFloats(panels * vectors * 16, seed: 3)
            let bits = expected(
                x, w, b, batch: batch, depth: depth, outputs: outputs, vectors: vectors,
                bounds: bounds)
            for kernels in kernelSets {
                let xs = FloatBlock(x)
                let ws = FloatBlock(w)
                let bs = FloatBlock(b)
                let y = FloatBlock(untouched: batch * outputs)
                let sums = FloatBlock(untouched: DensePanelTask.sumCount)
                let task = unsafe DensePanelTask(
                    input: xs.pointer, weights: ws.pointer, bias: bs.pointer, output: y.pointer,
                    sums: sums.pointer, batch: batch, depth: depth, outputs: outputs,
                    bounds: bounds,
                    vectors: vectors)
                for panel in (0..<panels).reversed() {
                    kernels.densePanels(task, panel..<panel + 1)
                }
                let name = "\(kernels.name), \(depth) to \(outputs)"
                let (found, isWhole) = (y.bits, y.hasWholeBorders && sums.hasWholeBorders)
                #expect(isWhole, "\(name)")
                #expect(found == bits, "\(name)")
            }
        }
    }

    @Test(arguments: [1, 2, 5])
    func `a flattened picture is read as it is at hand`(_ batch: Int) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 2, to: 20)
        let flat = builder.node("flat", Flatten(), conv)
        let weight = builder.constant("fc.w", [130, 20 * 6 * 7])
        let fc = builder.node(
            "fc", Gemm(transposesB: true), flat, weight, builder.constant("fc.b", [130]))
        builder.outputs(builder.node("relu", Relu(), fc))
        let inputs = ["x": picture([batch, 2, 6, 7])]
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        #expect(plan.summary.map(\.operation) == ["Conv", "Gemm + Relu"])
        #expect(plan.summary.last?.algorithm == "panels in the cache")
        try builder.check(inputs)
    }

    @Test func `a flattened picture that others read in order is put in order once`() throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let conv = builder.conv("conv", x, from: 2, to: 20)
        let flat = builder.node("flat", Flatten(), conv)
        let weight = builder.constant("fc.w", [3, 20 * 6 * 7])
        builder.outputs(builder.node("fc", Gemm(transposesB: true), flat, weight), flat)
        try builder.check(["x": picture([2, 2, 6, 7])])
    }

    @Test(arguments: [(510, "panels in the cache"), (514, "rows from the file")])
    func `weights beyond the cache are read from the file`(
        _ outputs: Int, _ algorithm: String
    ) throws {
        var builder = GraphBuilder()
        let x = builder.input("x")
        let weight = builder.constant("fc.w", [outputs, 256])
        builder.outputs(builder.node("fc", Gemm(transposesB: true), x, weight))
        let inputs = ["x": picture([1, 256])]
        let plan = try builder.plan(inputs, pool: WorkPool(threadCount: 1))
        #expect(plan.summary.map(\.algorithm) == [algorithm])
        try builder.check(inputs)
    }
}
