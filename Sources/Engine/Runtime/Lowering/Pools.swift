import IR
import KernelInterface
import Tensors

extension MaxPool: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerPool(node, .maximum, window)
    }
}

extension AveragePool: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerPool(node, countsPadding ? .averageWithPadding : .average, window)
    }
}

extension GlobalAveragePool: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerPool(node, .average, nil)
    }
}

extension GlobalMaxPool: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerPool(node, .maximum, nil)
    }
}

extension Planner {
    /// Pools two spatial axes by `window`, or by the whole picture when nil.
    fileprivate mutating func lowerPool(
        _ node: Node, _ kind: PoolTask.Kind, _ window: SpatialWindow?
    ) -> Bool {
        let name = node.inputs[0]
        let shape = type(of: name).shape
        guard isActivation(name), shape.count == 4, !readsFurtherOutputs(of: node),
            !type(of: node.outputs[0]).shape.contains(0)
        else { return false }
        let sizes = Array(shape[2...])
        let settled = window ?? SpatialWindow(kernel: sizes)
        guard let axes = try? settled.axes(input: sizes) else { return false }
        let input = value(name, in: .channelsLast)
        let output = define(node.outputs[0], .channelsLast)
        append(
            PoolStep(
                name: node.name, operation: node.op.type, kind: kind, input: input,
                output: output, vertical: PoolAxis(axes[0]), horizontal: PoolAxis(axes[1])),
            reading: [input], [output])
        return true
    }
}

extension PoolAxis {
    fileprivate init(_ axis: SpatialWindow.Axis) {
        self.init(
            input: axis.input, kernel: axis.kernel, stride: axis.stride, dilation: axis.dilation,
            padBegin: axis.padBegin, padEnd: axis.padEnd, output: axis.output)
    }
}

struct PoolStep: Step {
    let name: String
    let operation: String
    let kind: PoolTask.Kind
    let input: Value
    let output: Value
    let vertical: PoolAxis
    let horizontal: PoolAxis

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "window", outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let channels = input.shape[1]
        let inputs = unsafe UnsafePointer(memory.floats(input))
        let outputs = unsafe memory.floats(output)
        let images = input.shape[0]
        let wanted =
            memory.pool.splits(operations: input.byteCount) ? 8 * memory.pool.threadCount : 1
        let pieces = max(1, min(vertical.output, wanted / images))
        memory.pool.run(count: images * pieces, operations: input.byteCount) { index, _ in
            let (image, piece) = (index / pieces, index % pieces)
            let task = unsafe PoolTask(
                kind: kind,
                input: inputs + image * vertical.input * horizontal.input * channels,
                output: outputs + image * vertical.output * horizontal.output * channels,
                channels: channels, vertical: vertical, horizontal: horizontal)
            memory.kernels.pool(
                task,
                vertical.output * piece / pieces..<vertical.output * (piece + 1) / pieces)
        }
    }
}
