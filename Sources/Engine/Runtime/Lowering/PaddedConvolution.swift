import IR
import KernelInterface
import Tensors

extension Conv {
    /// How a convolution of few input channels, or a grouped one of few outputs a group, depthwise
    /// above all, is computed from strips of the input; nil where another algorithm suits.
    ///
    /// - Parameter available: the layout in which the input is at hand.
    func padded(
        _ window: [SpatialWindow.Axis], _ weight: Tensor, available: Layout
    ) -> (strips: Strips, order: PaddedConvolutionStep.Order)? {
        let (depth, outputsPerGroup) = (weight.shape[1], weight.shape[0] / group)
        guard window[1].output >= PaddedConvolutionTask.positions else { return nil }
        if group == 1 {
            guard depth <= 16 else { return nil }
            let products = depth * weight.shape[2] * weight.shape[3]
            let isAlongRows =
                outputsPerGroup <= 8 && window[1].output >= 16 && window[1].stride == 1
                && products <= 128
            let layout = isAlongRows ? .rowMajor : available
            return Strips(window, channels: depth, pixels: .copied(layout))
                .map { ($0, isAlongRows ? .alongRows : .byPosition) }
        }
        guard outputsPerGroup < 16, depth <= 128 else { return nil }
        return Strips(
            window, channels: group * depth,
            pixels: .byLane(depth: depth, outputsPerGroup: outputsPerGroup)
        ).map { ($0, .byLane) }
    }

    func lowerPadded(
        _ node: Node, _ weight: Tensor, _ bias: Tensor?, _ strips: Strips,
        _ order: PaddedConvolutionStep.Order, _ planner: inout Planner
    ) {
        let epilogue = planner.fuseEpilogue(of: node, foldsNormalization: true, pools: true)
        var strips = strips
        if epilogue.pools {
            // Along rows, the kernel pools what it has in registers.
            strips = strips.keepingPairs(
                ofLines: order == .alongRows ? 0 : strips.horizontal.output * weight.shape[0])
        }
        // Lane by lane, a weight's group is where its lane finds its numbers.
        let pack = { @Sendable (pool: WorkPool?) in
            PackedConvolution(
                weight: weight, bias: bias, group: 1, folding: epilogue.scale,
                panelWidth: order == .alongRows ? 8 : 16, pool: pool)
        }
        let packed = pack(planner.preparingPool)
        let input = planner.value(node.inputs[0], in: strips.layout)
        let output = planner.define(
            epilogue.output, order == .alongRows ? .rowMajor : .channelsLast)
        planner.requireScratch(
            bytes: strips.scratchByteCount + PaddedConvolutionStep.totalsByteCount)
        let algorithm =
            switch order {
            case .alongRows: "few outputs"
            case .byPosition: "few channels"
            case .byLane: weight.shape[1] == 1 ? "depthwise" : "group by lane"
            }
        let step = PaddedConvolutionStep(
            summary: summary(node, epilogue, algorithm, weight, packed.byteCount, planner),
            packed: packed, strips: strips, depth: weight.shape[1], order: order,
            bounds: epilogue.bounds, pools: epilogue.pools, input: input, output: output)
        planner.append(step, reading: [input], [output]) { pool in
            var step = step
            step.packed = pack(pool)
            return step
        }
    }
}

/// A convolution over strips of the input that carry their padding.
struct PaddedConvolutionStep: Step {
    let summary: StepSummary
    var packed: PackedConvolution
    let strips: Strips
    let order: Order
    let bounds: Bounds
    /// Whether a 2×2 max-pool is computed as well, from rows of outputs that stay in the scratch.
    let pools: Bool
    let input: Value
    let output: Value
    /// How far each product's number lies behind the first under its window.
    private let offsets: [Int]
    /// Products that are summed before they are added to the others: whole taps.
    private let chain: Int

    init(
        summary: StepSummary, packed: PackedConvolution, strips: Strips, depth: Int,
        order: Order, bounds: Bounds, pools: Bool, input: Value, output: Value
    ) {
        self.summary = summary
        self.packed = packed
        self.strips = strips
        self.order = order
        self.bounds = bounds
        self.pools = pools
        self.input = input
        self.output = output
        chain = max(1, 128 / depth) * depth
        let (vertical, horizontal) = (strips.vertical, strips.horizontal)
        offsets = (0..<vertical.kernel).flatMap { i in
            (0..<horizontal.kernel).flatMap { j in
                (0..<depth).map { k in
                    i * vertical.dilation * strips.rowStride
                        + j * horizontal.dilation * strips.pixelStride
                        + k * strips.numberStride
                }
            }
        }
    }

    /// A thread's scratch beyond its strip.
    static var totalsByteCount: Int { PaddedConvolutionTask.totalsCount * 4 }

    func run(_ memory: Memory) {
        let (vertical, horizontal) = (strips.vertical, strips.horizontal)
        let outputs = output.shape[1]
        let target = unsafe memory.floats(output)
        let kernel = kernel(of: memory.kernels)
        unsafe offsets.withUnsafeBufferPointer { offsets in
            guard let firstOffset = offsets.baseAddress else { return }
            let first = unsafe PaddedConvolutionTask(
                input: memory.zeros, offsets: firstOffset, products: offsets.count, chain: chain,
                weights: packed.weights.floatPointer, bias: packed.bias.floatPointer,
                output: target, outputs: outputs, outputWidth: horizontal.output,
                positionStride: horizontal.stride * strips.pixelStride,
                lineStride: vertical.stride * strips.rowStride, bounds: bounds, totals: target)
            unsafe strips.forEach(
                of: input, operations: 2 * summary.multiplyAdds, in: memory
            ) { image, lines, pixels, scratch in
                var task = first
                unsafe task.input = pixels
                unsafe task.totals = scratch
                let step = pools ? 2 : 1
                let plane = vertical.output / step * (horizontal.output / step)
                let first = lines.lowerBound / step * (horizontal.output / step)
                let place =
                    unsafe target + image * plane * outputs
                    + (order == .alongRows ? first : first * outputs)
                if pools && order != .alongRows {
                    unsafe task.output = scratch + PaddedConvolutionTask.totalsCount
                    kernel(task, 0..<lines.count)
                    let pool = unsafe PoolTask(
                        kind: .maximum, input: task.output, output: place, channels: outputs,
                        vertical: .halving(lines.count), horizontal: .halving(horizontal.output))
                    memory.kernels.pool(pool, 0..<lines.count / 2)
                } else {
                    unsafe task.output = place
                    task.pools = pools
                    task.planeStride = plane
                    kernel(task, 0..<lines.count / step)
                }
            }
        }
    }

    private func kernel(
        of kernels: KernelSet
    ) -> @Sendable (PaddedConvolutionTask, Range<Int>) -> Void {
        switch order {
        case .byPosition: kernels.convolvePadded
        case .alongRows: kernels.convolveAlongRows
        case .byLane: kernels.convolveByLane
        }
    }

    /// What a vector's lanes are.
    enum Order {
        /// 16 outputs of one position.
        case byPosition
        /// 16 positions of one output.
        case alongRows
        /// 16 outputs, each with numbers of its own.
        case byLane
    }
}

extension PoolAxis {
    /// Windows of two cells beside one another.
    fileprivate static func halving(_ input: Int) -> PoolAxis {
        PoolAxis(
            input: input, kernel: 2, stride: 2, dilation: 1, padBegin: 0, padEnd: 0,
            output: input / 2)
    }
}
