import IR
import KernelInterface
import Tensors

extension BatchNormalization: Lowerable {
    /// A normalisation that no convolution precedes: one multiply-add an element.
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        let name = node.inputs[0]
        guard planner.isActivation(name), planner.type(of: name).shape.count == 4,
            let scale = planner.channelScale(of: node)
        else { return false }
        let epilogue = planner.fuseEpilogue(of: node)
        let input = planner.value(name, in: .channelsLast)
        let output = planner.define(epilogue.output, .channelsLast)
        planner.append(
            ChannelStep(
                name: node.name, operation: epilogue.operation, input: input, output: output,
                scale: Tensor(scale.factors.map { Float($0) }),
                shift: Tensor(scale.terms.map { Float($0) }), bounds: epilogue.bounds),
            reading: [input], [output])
        return true
    }
}

struct ChannelStep: Step {
    let name: String
    let operation: String
    let input: Value
    let output: Value
    let scale: Tensor
    let shift: Tensor
    let bounds: Bounds

    var summary: StepSummary {
        StepSummary(
            name: name, operation: operation, algorithm: "scale and shift",
            outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let channels = input.shape[1]
        unsafe scale.withFloats { scale in
            unsafe shift.withFloats { shift in
                let task = unsafe ChannelTask(
                    input: memory.floats(input), output: memory.floats(output), scale: scale,
                    shift: shift, channels: channels, bounds: bounds)
                forRanges(of: input.elementCount / channels, atLeast: 256, on: memory.pool) {
                    memory.kernels.scaleChannels(task, $0)
                }
            }
        }
    }
}

extension LRN: Lowerable {
    /// Across channels with the exponent ¾ that every published network uses.
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        let name = node.inputs[0]
        guard beta == 0.75, planner.isActivation(name), planner.type(of: name).shape.count == 4
        else { return false }
        let input = planner.value(name, in: .channelsLast)
        let output = planner.define(node.outputs[0], .channelsLast)
        planner.append(
            LRNStep(name: node.name, lrn: self, input: input, output: output),
            reading: [input], [output])
        return true
    }
}

struct LRNStep: Step {
    let name: String
    let lrn: LRN
    let input: Value
    let output: Value

    var summary: StepSummary {
        StepSummary(
            name: name, operation: "LRN", algorithm: "across channels", outputShape: output.shape)
    }

    func run(_ memory: Memory) {
        let channels = input.shape[1]
        // Wider than all channels means all of them, however wide the file says.
        let before = min((lrn.size - 1) / 2, channels)
        let task = unsafe LRNTask(
            input: memory.floats(input), output: memory.floats(output), channels: channels,
            before: before, after: min(lrn.size / 2, channels),
            scale: lrn.alpha / Float(lrn.size), bias: lrn.bias)
        forRanges(of: input.elementCount / channels, atLeast: 64, on: memory.pool) { range in
            memory.kernels.normalizeAcrossChannels(task, range)
        }
    }
}
