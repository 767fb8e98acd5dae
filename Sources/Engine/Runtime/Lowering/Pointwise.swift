import IR
import KernelInterface
import Tensors

extension Relu: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerClamp(node) }
}

extension Clip: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerClamp(node) }
}

extension Planner {
    fileprivate mutating func lowerClamp(_ node: Node) -> Bool {
        guard isActivation(node.inputs[0]), let bounds = bounds(of: node) else { return false }
        let layout = availableLayout(node.inputs[0])
        let input = value(node.inputs[0], in: layout)
        let output = define(node.outputs[0], layout)
        append(
            ClampStep(
                name: node.name, operation: node.op.type, input: input, output: output,
                bounds: bounds),
            reading: [input], [output])
        return true
    }
}

struct ClampStep: Step {
    let name: String
    let operation: String
    let input: Value
    let output: Value
    let bounds: Bounds

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "clamp", outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let task = unsafe ElementTask(
            input: memory.floats(input), other: memory.floats(input),
            output: memory.floats(output), bounds: bounds)
        forRanges(of: output.elementCount, atLeast: 1 << 14, on: memory.pool) { range in
            memory.kernels.clamp(task, range)
        }
    }
}

extension Add: Lowerable {
    /// The sum of two activations of one shape, as residual networks have it, or with a constant.
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        if planner.lowerElements(node) { return true }
        let (first, second) = (node.inputs[0], node.inputs[1])
        guard planner.isActivation(first), planner.isActivation(second),
            planner.type(of: first).shape == planner.type(of: second).shape
        else { return false }
        let epilogue = planner.fuseEpilogue(of: node)
        let layout = planner.availableLayout(first)
        let inputs = [planner.value(first, in: layout), planner.value(second, in: layout)]
        let output = planner.define(epilogue.output, layout)
        planner.append(
            AddStep(
                name: node.name, operation: epilogue.operation, inputs: inputs, output: output,
                bounds: epilogue.bounds),
            reading: inputs, [output])
        return true
    }
}

struct AddStep: Step {
    let name: String
    let operation: String
    let inputs: [Value]
    let output: Value
    let bounds: Bounds

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "element by element",
            outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let task = unsafe ElementTask(
            input: memory.floats(inputs[0]), other: memory.floats(inputs[1]),
            output: memory.floats(output), bounds: bounds)
        forRanges(of: output.elementCount, atLeast: 1 << 14, on: memory.pool) { range in
            memory.kernels.add(task, range)
        }
    }
}

extension LeakyRelu: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerFunction(node, self)
    }
}

extension Elu: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        planner.lowerFunction(node, self)
    }
}

extension Planner {
    fileprivate mutating func lowerFunction(
        _ node: Node, _ function: any ElementwiseOperator
    ) -> Bool {
        guard isActivation(node.inputs[0]) else { return false }
        let layout = availableLayout(node.inputs[0])
        let input = value(node.inputs[0], in: layout)
        let output = define(node.outputs[0], layout)
        append(
            FunctionStep(name: node.name, function: function, input: input, output: output),
            reading: [input], [output])
        return true
    }
}

/// A function of one number, computed in float64 by the operator itself and rounded once.
struct FunctionStep: Step {
    let name: String
    let function: any ElementwiseOperator
    let input: Value
    let output: Value

    var summary: StepSummary {
        StepSummary(
            name: name, operation: function.type, algorithm: "element by element",
            outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let source = unsafe memory.floats(input)
        let target = unsafe memory.floats(output)
        forRanges(of: output.elementCount, atLeast: 1 << 10, on: memory.pool) { range in
            for index in range {
                unsafe target[index] = Float(function.value(Double(source[index])))
            }
        }
    }
}
