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
        if !isTransposed {
            weights = weights.permuted([1, 0])
            preparedByteCount += weights.byteCount
        }
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
        let epilogue = fuseEpilogue(of: node)
        let input = value(node.inputs[0], in: .rowMajor)
        let result = define(epilogue.output, .rowMajor)
        append(
            DenseStep(
                name: node.name, operation: epilogue.operation, input: input, output: result,
                weights: weights, bias: bias, bounds: epilogue.bounds),
            reading: [input], [result])
        return true
    }
}

struct DenseStep: Step {
    let name: String
    let operation: String
    let input: Value
    let output: Value
    /// [outputs, depth], float32.
    let weights: Tensor
    /// [outputs], float32.
    let bias: Tensor?
    let bounds: Bounds

    private var batch: Int { input.elementCount / weights.shape[1] }

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "rows from the file",
            outputShape: output.shape, multiplyAdds: batch * weights.elementCount,
            weightBytes: weights.byteCount)
    }

    func run(_ memory: Memory) {
        let outputs = weights.shape[0]
        unsafe weights.withUnsafeBytes { weightBytes in
            unsafe withBias { bias in
                guard let base = weightBytes.baseAddress else { return }
                let task = unsafe DenseTask(
                    input: memory.floats(input), weights: base, bias: bias,
                    output: memory.floats(output), batch: batch, depth: weights.shape[1],
                    outputs: outputs, bounds: bounds)
                forRanges(
                    of: outputs, atLeast: 16, operations: 2 * batch * weights.elementCount,
                    on: memory.pool
                ) { range in
                    memory.kernels.dense(task, range)
                }
            }
        }
    }

    private func withBias(_ body: (UnsafePointer<Float>?) -> Void) {
        guard let bias else { return body(nil) }
        unsafe bias.withFloats { unsafe body($0) }
    }
}
