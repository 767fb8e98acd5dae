import IR
import KernelInterface
import Tensors

/// Changes an activation's layout, picture by picture.
struct LayoutStep: Step {
    let name: String
    let source: Value
    let target: Value

    var summary: StepSummary {
        StepSummary(
            name: name, operation: "Layout",
            algorithm: target.layout == .channelsLast ? "NCHW → NHWC" : "NHWC → NCHW",
            outputShape: target.shape)
    }

    func run(_ memory: Memory) {
        let (channels, height, width) = (source.shape[1], source.shape[2], source.shape[3])
        let input = unsafe memory.floats(source)
        let output = unsafe memory.floats(target)
        if target.layout == .rowMajor {
            memory.pool.run(count: source.shape[0]) { image, _ in
                let plane = image * channels * height * width
                let task = unsafe TransposeTask(
                    input: input + plane, output: output + plane, rows: height * width,
                    inputStride: channels, outputStride: height * width)
                memory.kernels.transpose(task, 0..<channels)
            }
            return
        }
        memory.pool.run(
            count: source.shape[0] * height, operations: source.byteCount
        ) { index, _ in
            let (image, y) = (index / height, index % height)
            let task = unsafe TransposeTask(
                input: input + (image * channels * height + y) * width,
                output: output + index * width * channels,
                rows: channels, inputStride: height * width, outputStride: channels)
            memory.kernels.transpose(task, 0..<width)
        }
    }
}

/// Computes a node by its operator's plain meaning.
struct EvaluateStep: Step {
    let node: Node
    let inputs: [Operand?]
    let outputs: [Value?]

    var summary: StepSummary {
        StepSummary(
            name: node.name, operation: node.op.type, algorithm: "plain loops",
            outputShape: outputs.first.flatMap { $0?.shape } ?? [])
    }

    func run(_ memory: Memory) throws(GraphError) {
        let results: [Tensor]
        do {
            results = try node.op.evaluate(inputs.map { $0.map { memory.tensor($0) } })
        } catch {
            throw .node(name: node.name, type: node.op.type, error)
        }
        for (value, result) in zip(outputs, results) {
            if let value { memory.store(result, in: value) }
        }
    }
}

/// Splits `count` elements into loops' worth of work, and calls `body` with each range.
func forRanges(
    of count: Int, atLeast grain: Int, operations: Int = .max, on pool: WorkPool,
    _ body: (Range<Int>) -> Void
) {
    let pieces = max(1, min(pool.threadCount * 4, count / max(grain, 1)))
    pool.run(count: pieces, operations: operations) { piece, _ in
        body(count * piece / pieces..<count * (piece + 1) / pieces)
    }
}
