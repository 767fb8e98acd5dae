import IR
import KernelInterface
import Tensors

extension Conv: Lowerable {
    /// Two-dimensional convolution over channels-last pixels, by Winograd's filtering, over padded
    /// strips or as implicit GEMM, with a following normalisation folded into the weights and a
    /// clamp into the kernel.
    func lower(_ node: Node, in planner: inout Planner) -> Bool {
        let output = planner.type(of: node.outputs[0])
        guard planner.isActivation(node.inputs[0]), output.shape.count == 4,
            !output.shape.contains(0), let weight = planner.floatConstant(node.inputs[1]),
            let window = try? window.axes(
                input: Array(planner.type(of: node.inputs[0]).shape[2...]),
                kernel: Array(weight.shape[2...]))
        else { return false }
        var bias: Tensor?
        if node.inputs.count > 2, !node.inputs[2].isEmpty {
            guard let constant = planner.floatConstant(node.inputs[2]) else { return false }
            bias = constant
        }
        if planner.numerics == .fast,
            let form = winogradForm(window, weight, images: output.shape[0])
        {
            lowerWinograd(node, weight, bias, window, form, &planner)
        } else if let (strips, order) = padded(
            window, weight, available: planner.availableLayout(node.inputs[0]))
        {
            lowerPadded(node, weight, bias, strips, order, &planner)
        } else {
            lowerDirectly(node, weight, bias, window, &planner)
        }
        return true
    }

    private func lowerDirectly(
        _ node: Node, _ weight: Tensor, _ bias: Tensor?, _ window: [SpatialWindow.Axis],
        _ planner: inout Planner
    ) {
        let epilogue = planner.fuseEpilogue(of: node, foldsNormalization: true)
        let (group, panelWidth) = (group, planner.kernels.panelWidth)
        let pack = { @Sendable (pool: WorkPool?) in
            PackedConvolution(
                weight: weight, bias: bias, group: group, folding: epilogue.scale,
                panelWidth: panelWidth, pool: pool)
        }
        let packed = pack(planner.preparingPool)
        let step = ConvolutionStep(
            summary: summary(node, epilogue, "implicit GEMM", weight, packed.byteCount, planner),
            packed: packed, vertical: window[0], horizontal: window[1], group: group,
            depth: weight.shape[1], bounds: epilogue.bounds,
            input: planner.value(node.inputs[0], in: .channelsLast),
            output: planner.define(epilogue.output, .channelsLast))
        planner.requireZeros(step.depth)
        planner.requireScratch(bytes: step.scratchByteCount(planner.kernels))
        planner.append(step, reading: [step.input], [step.output]) { pool in
            var step = step
            step.packed = pack(pool)
            return step
        }
    }

    func summary(
        _ node: Node, _ epilogue: Epilogue, _ algorithm: String, _ weight: Tensor,
        _ weightBytes: Int, _ planner: Planner
    ) -> StepSummary {
        StepSummary(
            name: node.name, operation: epilogue.operation, algorithm: algorithm,
            outputShape: planner.type(of: epilogue.output).shape,
            multiplyAdds: planner.type(of: node.outputs[0]).shape.reduce(1, *)
                * (weight.elementCount / weight.shape[0]),
            weightBytes: weightBytes, isConvolution: true)
    }

    /// The form of Winograd's filtering that suits the layer, or nil where direct sums do.
    private func winogradForm(
        _ axes: [SpatialWindow.Axis], _ weight: Tensor, images: Int
    ) -> WinogradForm? {
        guard group == 1, weight.shape[1] >= 32, weight.shape[1] % 16 == 0, weight.shape[0] >= 16,
            axes.allSatisfy({ $0.stride == 1 && $0.dilation == 1 })
        else { return nil }
        switch axes.map(\.kernel) {
        case [5, 5]: return WinogradForm(tileSize: 2, kernelSize: 5)
        case [3, 3]:
            let forms = [
                WinogradForm(tileSize: 4, kernelSize: 3), WinogradForm(tileSize: 2, kernelSize: 3),
            ]
            // Multiplications of all tiles, and reading each weight once, which takes as long as
            // 25 multiplications: large tiles do not pay on few positions.
            return forms.min {
                func cost(_ form: WinogradForm) -> Int {
                    let tiles = images * form.tiles(height: axes[0].output, width: axes[1].output)
                    return (tiles + 25) * form.positions
                }
                return cost($0) < cost($1)
            }
        default: return nil
        }
    }

    private func lowerWinograd(
        _ node: Node, _ weight: Tensor, _ bias: Tensor?, _ window: [SpatialWindow.Axis],
        _ form: WinogradForm, _ planner: inout Planner
    ) {
        let epilogue = planner.fuseEpilogue(of: node, foldsNormalization: true, pools: true)
        let kernels = planner.kernels
        let transform = { @Sendable (pool: WorkPool?) in
            WinogradWeights(
                weight: weight, bias: bias, folding: epilogue.scale, form: form,
                kernels: kernels, pool: pool)
        }
        let weights = transform(planner.preparingPool)
        let step = WinogradStep(
            summary: summary(node, epilogue, form.name, weight, weights.byteCount, planner),
            weights: weights, window: window, bounds: epilogue.bounds, pools: epilogue.pools,
            threads: planner.pool.threadCount, kernels: kernels,
            input: planner.value(node.inputs[0], in: .channelsLast),
            output: planner.define(epilogue.output, .channelsLast))
        planner.requireZeros(max(weights.depth, weights.paddedOutputs))
        planner.requireScratch(bytes: step.scratchByteCount)
        planner.append(step, reading: [step.input], [step.output]) { pool in
            var step = step
            step.weights = transform(pool)
            return step
        }
    }
}

/// A convolution of all pictures of a batch.
struct ConvolutionStep: Step {
    var summary: StepSummary
    var packed: PackedConvolution
    let vertical: SpatialWindow.Axis
    let horizontal: SpatialWindow.Axis
    let group: Int
    /// Numbers summed for each tap.
    let depth: Int
    let bounds: Bounds
    let input: Value
    let output: Value

    func scratchByteCount(_ kernels: KernelSet) -> Int {
        vertical.kernel * horizontal.kernel * kernels.tileRows * MemoryLayout<Int>.size
            + 2 * kernels.tileRows * kernels.panelWidth * MemoryLayout<Float>.size
    }

    func run(_ memory: Memory) {
        let positions = vertical.output * horizontal.output
        // Panels a unit keeps in the second-level cache while it passes over positions.
        let panels = max(1, min(packed.panelsPerGroup, (256 << 10) / (packed.panelSize * 4)))
        let panelChunks = (packed.panelsPerGroup + panels - 1) / panels
        let images = input.shape[0]
        let tiles = (positions + memory.kernels.tileRows - 1) / memory.kernels.tileRows
        let wanted = memory.pool.threadCount == 1 ? 1 : 8 * memory.pool.threadCount
        let pieces = max(1, min(tiles, wanted / (images * group * panelChunks)))
        let piece = (tiles + pieces - 1) / pieces * memory.kernels.tileRows
        let inputs = unsafe UnsafePointer(memory.floats(input))
        let outputs = unsafe memory.floats(output)
        unsafe packed.weights.withFloats { weights in
            unsafe packed.bias.withFloats { bias in
                memory.pool.run(
                    count: images * group * panelChunks * pieces,
                    operations: 2 * summary.multiplyAdds
                ) { index, thread in
                    let first = index % pieces * piece
                    let chunk = index / pieces % panelChunks
                    let g = index / (pieces * panelChunks) % group
                    let image = index / (pieces * panelChunks * group)
                    guard first < positions else { return }
                    let task = unsafe task(
                        image: image, group: g, input: inputs, output: outputs, weights: weights,
                        bias: bias, zeros: memory.zeros, scratch: memory.scratch(thread: thread),
                        panelWidth: memory.kernels.panelWidth)
                    memory.kernels.convolve(
                        task, first..<min(first + piece, positions),
                        chunk * panels..<min((chunk + 1) * panels, packed.panelsPerGroup))
                }
            }
        }
    }

    private func task(
        image: Int, group g: Int, input inputs: UnsafePointer<Float>,
        output outputs: UnsafeMutablePointer<Float>, weights: UnsafePointer<Float>,
        bias: UnsafePointer<Float>, zeros: UnsafePointer<Float>, scratch: UnsafeMutableRawPointer,
        panelWidth: Int
    ) -> ConvolutionTask {
        let channels = input.shape[1]
        let outputChannels = output.shape[1]
        let perGroup = outputChannels / group
        return unsafe ConvolutionTask(
            input: inputs
                + (image * vertical.input * horizontal.input * channels
                    + g * (channels / group)),
            weights: weights + g * packed.panelsPerGroup * packed.panelSize,
            bias: bias + g * packed.panelsPerGroup * panelWidth,
            output: outputs
                + (image * vertical.output * horizontal.output * outputChannels
                    + g * perGroup),
            zeros: zeros, rows: scratch.assumingMemoryBound(to: UnsafePointer<Float>.self),
            depth: depth, inputHeight: vertical.input, inputWidth: horizontal.input,
            inputPixelStride: channels, inputRowStride: horizontal.input * channels,
            kernelHeight: vertical.kernel, kernelWidth: horizontal.kernel,
            strideHeight: vertical.stride, strideWidth: horizontal.stride,
            dilationHeight: vertical.dilation, dilationWidth: horizontal.dilation,
            padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            outputWidth: horizontal.output, outputPixelStride: outputChannels,
            outputs: perGroup, bounds: bounds)
    }
}
