import IR
import KernelInterface
import Tensors

extension Conv {
    /// How a convolution of few input channels, or a grouped one of few outputs a group, depthwise
    /// above all, is computed from strips of the input; nil where another algorithm suits.
    func padded(_ window: [SpatialWindow.Axis], _ weight: Tensor) -> Strips? {
        let (depth, outputsPerGroup) = (weight.shape[1], weight.shape[0] / group)
        guard window[1].output >= PaddedConvolutionTask.positions else { return nil }
        if group == 1 {
            guard depth <= 16 else { return nil }
            let products = depth * weight.shape[2] * weight.shape[3]
            let isAlongRows =
                outputsPerGroup <= 8 && window[1].output >= 16 && window[1].stride == 1
                && products <= 128
            return Strips(window, channels: depth, pixels: isAlongRows ? .planar : .copied)
        }
        guard outputsPerGroup < 16, depth <= 128 else { return nil }
        return Strips(
            window, channels: group * depth,
            pixels: .byLane(depth: depth, outputsPerGroup: outputsPerGroup))
    }

    func lowerPadded(
        _ node: Node, _ weight: Tensor, _ bias: Tensor?, _ strips: Strips,
        _ planner: inout Planner
    ) {
        let epilogue = planner.fuseEpilogue(of: node, foldsNormalization: true, pools: true)
        let isPlanar = if case .planar = strips.pixels { true } else { false }
        var strips = strips
        if epilogue.pools {
            // Along rows, the kernel pools what it has in registers.
            strips = strips.keepingPairs(
                ofLines: isPlanar ? 0 : strips.horizontal.output * weight.shape[0])
        }
        // Lane by lane, a weight's group is where its lane finds its numbers.
        let pack = { @Sendable (pool: WorkPool?) in
            PackedConvolution(
                weight: weight, bias: bias, group: 1, folding: epilogue.scale,
                panelWidth: isPlanar ? 8 : 16, pool: pool)
        }
        let packed = pack(planner.preparingPool)
        let available = planner.availableLayout(node.inputs[0])
        let input = planner.value(node.inputs[0], in: strips.layout(available: available))
        let output = planner.define(epilogue.output, .channelsLast)
        planner.requireScratch(
            bytes: strips.scratchByteCount + PaddedConvolutionStep.totalsByteCount)
        let algorithm =
            isPlanar
            ? "few outputs"
            : group == 1 ? "few channels" : weight.shape[1] == 1 ? "depthwise" : "group by lane"
        let step = PaddedConvolutionStep(
            summary: summary(node, epilogue, algorithm, weight, packed.byteCount, planner),
            packed: packed, strips: strips, depth: weight.shape[1], isByLane: group > 1,
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
    let isByLane: Bool
    let bounds: Bounds
    /// Whether a 2×2 max-pool is computed as well, from rows of outputs that stay in the scratch.
    let pools: Bool
    let input: Value
    let output: Value
    /// How far each product's number lies behind the first under its window.
    private let offsets: [Int]
    /// Floats from one pixel to the next.
    private let pixelStride: Int
    /// Products that are summed before they are added to the others: whole taps.
    private let chain: Int

    init(
        summary: StepSummary, packed: PackedConvolution, strips: Strips, depth: Int,
        isByLane: Bool, bounds: Bounds, pools: Bool, input: Value, output: Value
    ) {
        self.summary = summary
        self.packed = packed
        self.strips = strips
        self.isByLane = isByLane
        self.bounds = bounds
        self.pools = pools
        self.input = input
        self.output = output
        chain = max(1, 128 / depth) * depth
        let (vertical, horizontal) = (strips.vertical, strips.horizontal)
        let pixelStride: Int
        let numberStride: Int
        switch strips.pixels {
        case .inPlace, .copied: (pixelStride, numberStride) = (strips.pixelSize, 1)
        case .planar: (pixelStride, numberStride) = (1, strips.width)
        case .byLane: (pixelStride, numberStride) = (strips.pixelSize, strips.pixelSize / depth)
        }
        self.pixelStride = pixelStride
        offsets = (0..<vertical.kernel).flatMap { i in
            (0..<horizontal.kernel).flatMap { j in
                (0..<depth).map { k in
                    i * vertical.dilation * strips.rowStride
                        + j * horizontal.dilation * pixelStride + k * numberStride
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
                positionStride: horizontal.stride * pixelStride,
                lineStride: vertical.stride * strips.rowStride, bounds: bounds, totals: target)
            unsafe strips.forEach(
                of: input, operations: 2 * summary.multiplyAdds, in: memory
            ) { image, lines, pixels, scratch in
                var task = first
                unsafe task.input = pixels
                unsafe task.totals = scratch
                let step = pools ? 2 : 1
                let line = (image * (vertical.output / step)) + lines.lowerBound / step
                let place = unsafe target + line * (horizontal.output / step) * outputs
                if pools && !isPlanar {
                    unsafe task.output = scratch + PaddedConvolutionTask.totalsCount
                    kernel(task, 0..<lines.count)
                    let pool = unsafe PoolTask(
                        kind: .maximum, input: task.output, output: place, channels: outputs,
                        vertical: .halving(lines.count), horizontal: .halving(horizontal.output))
                    memory.kernels.pool(pool, 0..<lines.count / 2)
                } else {
                    unsafe task.output = place
                    task.pools = pools
                    kernel(task, 0..<lines.count / step)
                }
            }
        }
    }

    private func kernel(
        of kernels: KernelSet
    ) -> @Sendable (PaddedConvolutionTask, Range<Int>) -> Void {
        if isByLane { return kernels.convolveByLane }
        return isPlanar ? kernels.convolveAlongRows : kernels.convolvePadded
    }

    private var isPlanar: Bool { if case .planar = strips.pixels { true } else { false } }
}

extension PoolAxis {
    /// Windows of two cells beside one another.
    fileprivate static func halving(_ input: Int) -> PoolAxis {
        PoolAxis(
            input: input, kernel: 2, stride: 2, dilation: 1, padBegin: 0, padEnd: 0,
            output: input / 2)
    }
}
