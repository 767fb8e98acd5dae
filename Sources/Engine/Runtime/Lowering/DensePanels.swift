import IR
import KernelInterface
import Tensors

extension Planner {
    /// Bytes of weights that stay in the second-level cache from one run to the next.
    private static var cachedByteCount: Int { 512 << 10 }

    /// Lowers a dense layer whose weights stay in the cache: rearranged, they are read faster than
    /// rows of a file, and a flattened picture is taken in the order it is at hand in.
    ///
    /// - Parameters:
    ///   - weights: [outputs, depth], float32.
    ///   - bias: [outputs], or nil for zeros.
    mutating func lowerDensePanels(_ node: Node, _ weights: Tensor, _ bias: Tensor?) -> Bool {
        guard weights.byteCount <= Self.cachedByteCount, weights.shape[1] > 0 else {
            return false
        }
        let epilogue = fuseEpilogue(of: node)
        let picture = flattenedPicture(node.inputs[0])
        let input = picture ?? value(node.inputs[0], in: .rowMajor)
        let output = define(epilogue.output, .rowMajor)
        let (outputs, depth) = (weights.shape[0], weights.shape[1])
        let pixels = picture.map { $0.shape[2] * $0.shape[3] } ?? 1
        let kernels = Tensor(
            elementType: .float32, shape: [outputs, depth / pixels, pixels, 1],
            storage: weights.storage, byteOffset: weights.byteOffset)
        let vectors = (outputs + 15) / 16
        let panels = (vectors + DensePanelTask.vectorLimit - 1) / DensePanelTask.vectorLimit
        let panelWidth = (vectors + panels - 1) / panels * 16
        let pack = { @Sendable (pool: WorkPool?) in
            PackedConvolution(
                weight: kernels, bias: bias, group: 1, folding: nil, panelWidth: panelWidth,
                pool: pool)
        }
        let packed = pack(preparingPool)
        let batch = input.elementCount / depth
        let summary = StepSummary(
            name: node.name, operation: epilogue.operation, algorithm: "panels in the cache",
            outputShape: output.shape, multiplyAdds: batch * weights.elementCount,
            weightBytes: packed.byteCount)
        let step = DensePanelStep(
            summary: summary, input: input, output: output, packed: packed, depth: depth,
            panelWidth: panelWidth, bounds: epilogue.bounds)
        requireScratch(bytes: 4 * DensePanelTask.sumCount)
        append(step, reading: [input], [output]) { pool in
            var step = step
            step.packed = pack(pool)
            return step
        }
        return true
    }
}

struct DensePanelStep: Step {
    let summary: StepSummary
    let input: Value
    let output: Value
    /// [panel][depth][panelWidth], the depth in the order of the input.
    var packed: PackedConvolution
    let depth: Int
    let panelWidth: Int
    let bounds: Bounds

    func run(_ memory: Memory) {
        unsafe packed.weights.withFloats { weights in
            unsafe packed.bias.withFloats { bias in
                let task = unsafe DensePanelTask(
                    input: memory.floats(input), weights: weights, bias: bias,
                    output: memory.floats(output), sums: memory.floats(output),
                    batch: input.elementCount / depth, depth: depth,
                    outputs: output.shape[output.shape.count - 1], bounds: bounds,
                    vectors: panelWidth / 16)
                memory.pool.run(
                    count: packed.panelsPerGroup, operations: 2 * summary.multiplyAdds
                ) { panel, thread in
                    var task = task
                    unsafe task.sums = memory.scratch(thread: thread)
                        .assumingMemoryBound(to: Float.self)
                    memory.kernels.densePanels(task, panel..<panel + 1)
                }
            }
        }
    }
}
