import IR
import KernelInterface
import Tensors

extension Gemm: Lowerable {
    /// A dense layer: constant weights, straight from the file when stored as [outputs, depth].
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        guard alpha == 1, beta == 1, !transposesA else { return false }
        var bias: String?
        if node.inputs.count > 2, !node.inputs[2].isEmpty { bias = node.inputs[2] }
        return planner.lowerDense(node, bias: bias, isTransposed: transposesB)
    }
}

extension MatMul: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.type(of: node.inputs[0]).shape.count >= 2
            && planner.lowerDense(node, bias: nil, isTransposed: false)
    }
}

extension Planner {
    /// - Parameter isTransposed: whether weights are [outputs, depth] rather than [depth, outputs].
    fileprivate mutating func lowerDense(
        _ node: Node, bias biasName: String?, isTransposed: Bool
    ) -> Bool {
        let output = type(of: node.outputs[0])
        guard isActivation(node.inputs[0]), !output.shape.contains(0),
            var weights = floatConstant(node.inputs[1]), weights.rank == 2
        else { return false }
        if !isTransposed { weights = weights.permuted([1, 0]) }
        var bias: Tensor?
        if let biasName {
            guard let constant = floatConstant(biasName),
                constant.elementCount == 1 || constant.shape.last == constant.elementCount
            else { return false }
            let values = constant.floats()
            bias = Tensor(
                values.count == 1
                    ? [Float](repeating: values[0], count: weights.shape[0]) : values)
        }
        if denseWeights == .f32, lowerDensePanels(node, weights, bias) { return true }
        if !isTransposed { preparedByteCount += weights.byteCount }
        weights = narrowed(weights, called: node.inputs[1])
        let epilogue = fuseEpilogue(of: node)
        let input = value(node.inputs[0], in: .rowMajor)
        let result = define(epilogue.output, .rowMajor)
        let depth = weights.shape[1]
        let batch = input.elementCount / max(depth, 1)
        // A single image is read as it is.
        var packed: Value?
        if batch > 1, depth >= 16 {
            packed = newValue(
                .float32, [DenseTask.packedCount(batch: batch, depth: depth)], .rowMajor)
        }
        requireScratch(bytes: 4 * DenseTask.sumCount(batch: batch))
        append(
            DenseStep(
                name: node.name, operation: epilogue.operation, input: input, packed: packed,
                output: result, weights: weights, bias: bias, bounds: epilogue.bounds),
            reading: [input], [packed, result].compactMap(\.self))
        return true
    }

    /// The weights as the plan keeps them; a weight out of range makes the plan fail.
    private mutating func narrowed(_ weights: Tensor, called name: String) -> Tensor {
        if denseWeights == .f32 { return weights }
        let (tensor, overflow) = weights.narrowed(to: denseWeights, on: pool)
        if let overflow {
            failure = .weightOverflow(
                tensor: name, element: overflow.element, value: overflow.value, denseWeights)
        }
        // The kernels read the narrow weights only.
        weights.releasePages()
        preparedByteCount += tensor.byteCount
        return tensor
    }
}

struct DenseStep: Step {
    let name: String
    let operation: String
    let input: Value
    /// The input in the order of the kernel; nil when it is in that order.
    let packed: Value?
    let output: Value
    /// [outputs, depth], float32 or one of the types of 16 bits.
    let weights: Tensor
    /// [outputs], float32.
    let bias: Tensor?
    let bounds: Bounds

    private var depth: Int { weights.shape[1] }
    private var batch: Int { input.elementCount / max(depth, 1) }

    private var weightType: DenseTask.WeightType {
        switch weights.elementType {
        case .float16: .float16
        case .bfloat16: .bfloat16
        default: .float32
        }
    }

    var summary: StepSummary {
        let algorithm =
            switch weightType {
            case .float32: "rows from the file"
            case .float16: "rows at f16"
            case .bfloat16: "rows at bf16"
            }
        return StepSummary(
            name: name, operation: operation, algorithm: algorithm,
            outputShape: output.shape, multiplyAdds: batch * weights.elementCount,
            weightBytes: weights.byteCount)
    }

    func run(_ memory: Memory) {
        unsafe weights.withUnsafeBytes { bytes in
            unsafe withBias { bias in
                guard let base = bytes.baseAddress else { return }
                let task = unsafe DenseTask(
                    input: memory.floats(input), packed: memory.floats(packed ?? input),
                    weights: base, weightType: weightType, bias: bias,
                    output: memory.floats(output), sums: sums(memory, thread: 0), batch: batch,
                    depth: depth, outputs: weights.shape[0], bounds: bounds)
                if packed != nil {
                    forRanges(
                        of: DenseTask.steps(depth: depth), atLeast: 64,
                        operations: input.byteCount, on: memory.pool
                    ) { memory.kernels.packImages(task, $0) }
                }
                multiply(task, memory)
            }
        }
    }

    private func multiply(_ shared: DenseTask, _ memory: Memory) {
        let outputs = shared.outputs
        let operations = 2 * batch * weights.elementCount
        let splits = memory.pool.splits(operations: operations)
        let pieces = splits ? max(1, min(memory.pool.threadCount * 4, outputs / 16)) : 1
        let kernel = batch == 1 ? memory.kernels.denseVector : memory.kernels.dense
        memory.pool.run(count: pieces, operations: operations) { piece, thread in
            var task = shared
            unsafe task.sums = sums(memory, thread: thread)
            kernel(task, outputs * piece / pieces..<outputs * (piece + 1) / pieces)
        }
    }

    private func sums(_ memory: Memory, thread: Int) -> UnsafeMutablePointer<Float> {
        unsafe memory.scratch(thread: thread).assumingMemoryBound(to: Float.self)
    }

    private func withBias(_ body: (UnsafePointer<Float>?) -> Void) {
        guard let bias else { return body(nil) }
        unsafe bias.withFloats { unsafe body($0) }
    }
}
