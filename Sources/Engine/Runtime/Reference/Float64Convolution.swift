import IR
import Tensors

extension Conv: Float64Evaluable {
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor? {
        let input = inputs.present(0)
        let weight = inputs.present(1)
        let axes = try window.axes(
            input: Array(input.shape.dropFirst(2)), kernel: Array(weight.shape.dropFirst(2)))
        let shape = [input.shape[0], weight.shape[0]] + axes.map(\.output)
        let depth = weight.shape.dropFirst().reduce(1, *)
        guard input.elementType == .float64, !shape.contains(0), depth > 0, input.elementCount > 0,
            depth <= Float64Columns.depthLimit
        else { return nil }
        let weights = weight.doubles()
        // Padding is zeros here, and nothing there: the same unless a weight is no number.
        guard weights.allSatisfy(\.isFinite) else { return nil }
        let loop = Float64Convolution(
            axes: axes, group: group, images: input.shape[0], channels: input.shape[1],
            outputs: weight.shape[0], depth: depth, weights: weights,
            bias: inputs.optional(2)?.doubles(), threads: pool.threadCount)
        return unsafe Tensor(.float64, shape: shape) { (y: UnsafeMutableBufferPointer<Double>) in
            guard let y = y.baseAddress else { return }
            unsafe input.withDoubles { x in
                pool.run(count: loop.unitCount) { unit, _ in
                    unsafe loop.run(unit, from: x, to: y)
                }
            }
        }
    }
}

/// A convolution as products of the weights' rows with windows of the input.
///
/// A unit of work is some outputs at some positions of one group of one picture.
private struct Float64Convolution {
    private let taps: WindowTaps
    private let group: Int
    private let channels: Int
    private let outputs: Int
    private let depth: Int
    private let weights: [Double]
    private let bias: [Double]?
    private let inputSize: Int
    private let positions: Int
    /// Positions of a unit, whole panels of them.
    private let step: Int
    private let stepCount: Int
    private let chunkCount: Int
    let unitCount: Int

    init(
        axes: [SpatialWindow.Axis], group: Int, images: Int, channels: Int, outputs: Int,
        depth: Int, weights: [Double], bias: [Double]?, threads: Int
    ) {
        taps = WindowTaps(axes)
        self.group = group
        self.channels = channels
        self.outputs = outputs
        self.depth = depth
        self.weights = weights
        self.bias = bias
        inputSize = axes.reduce(1) { $0 * $1.input }
        positions = axes.reduce(1) { $0 * $1.output }
        let panels = (positions + Float64Columns.width - 1) / Float64Columns.width
        let step = min(panels, Float64Columns.panelsInCache(depth: depth)) * Float64Columns.width
        self.step = step
        stepCount = (positions + step - 1) / step
        let units = images * group * stepCount
        // Windows are gathered once for each chunk of outputs.
        chunkCount = max(1, min(outputs / group, 4 * threads / units))
        unitCount = units * chunkCount
    }

    func run(_ unit: Int, from x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>) {
        let chunk = unit % chunkCount
        let first = unit / chunkCount % stepCount * step
        let g = unit / (chunkCount * stepCount) % group
        let image = unit / (chunkCount * stepCount * group)
        let perGroup = outputs / group
        let rows = perGroup * chunk / chunkCount..<perGroup * (chunk + 1) / chunkCount
        let begin = g * perGroup + rows.lowerBound
        let columns = unsafe windows(
            at: first..<min(first + step, positions),
            of: x + (image * channels + g * (channels / group)) * inputSize)
        unsafe weights.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            unsafe columns.multiply(
                weights + begin * depth, count: rows.count, first: { bias?[begin + $0] ?? 0 }
            ) { row, panel, sums in
                let position = first + panel * Float64Columns.width
                unsafe store(
                    sums, to: y + ((image * outputs + begin + row) * positions + position),
                    limit: positions - position)
            }
        }
    }

    /// The input under the windows at `range`: a column a position, channels outermost, zeros for
    /// padding.
    private func windows(at range: Range<Int>, of x: UnsafePointer<Double>) -> Float64Columns {
        let width = Float64Columns.width
        let columns = Float64Columns(depth: depth, panels: (range.count + width - 1) / width)
        for (index, position) in range.enumerated() {
            let column = unsafe columns.numbers(panel: index / width) + index % width
            let cells = taps.cells(at: position)
            for channel in 0..<depth / taps.count {
                let plane = unsafe x + channel * inputSize
                let rows = unsafe column + channel * taps.count * width
                for cell in cells { unsafe rows[cell.tap * width] = plane[cell.index] }
            }
        }
        return columns
    }
}
