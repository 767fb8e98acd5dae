import IR
import Tensors

extension MaxPool: Float64Evaluable {
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor? {
        try unsafe window.pooledInFloat64(inputs.present(0), on: pool) { cells, plane, _ in
            var largest = -Double.infinity
            for cell in cells {
                let value = unsafe plane[cell]
                if value.isNaN || value > largest { largest = value }
            }
            return largest
        }
    }
}

extension AveragePool: Float64Evaluable {
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor? {
        let countsPadding = countsPadding
        return try unsafe window.pooledInFloat64(inputs.present(0), on: pool) {
            cells, plane, padded in
            var sum = 0.0
            for cell in cells { unsafe sum += plane[cell] }
            return sum / Double(countsPadding ? padded : cells.count)
        }
    }
}

extension SpatialWindow {
    /// Cells whose places a unit of work looks up at once.
    private static let cellsAtOnce = 4096

    /// Applies `reduce` to every window, all planes of some positions at a time.
    ///
    /// - Parameter reduce: takes the window's cells in the input, the plane they lie in, and the
    ///   number of cells inside input and pads.
    fileprivate func pooledInFloat64(
        _ input: Tensor, on pool: WorkPool,
        by reduce: ([Int], UnsafePointer<Double>, Int) -> Double
    ) throws(OperatorError) -> Tensor? {
        let axes = try axes(input: Array(input.shape.dropFirst(2)))
        let shape = Array(input.shape.prefix(2)) + axes.map(\.output)
        guard input.elementType == .float64, !shape.contains(0), input.elementCount > 0 else {
            return nil
        }
        let planes = shape[0] * shape[1]
        let inputSize = axes.reduce(1) { $0 * $1.input }
        let positions = axes.reduce(1) { $0 * $1.output }
        let taps = WindowTaps(axes)
        let step = max(1, min(positions, Self.cellsAtOnce / taps.count))
        return unsafe Tensor(.float64, shape: shape) { (y: UnsafeMutableBufferPointer<Double>) in
            unsafe input.withDoubles { x in
                pool.run(count: (positions + step - 1) / step) { unit, _ in
                    let range = unit * step..<min((unit + 1) * step, positions)
                    let windows = range.map {
                        (taps.cells(at: $0).map(\.index), taps.paddedCount(at: $0))
                    }
                    for plane in 0..<planes {
                        for (position, window) in zip(range, windows) {
                            unsafe y[plane * positions + position] = reduce(
                                window.0, x + plane * inputSize, window.1)
                        }
                    }
                }
            }
        }
    }
}
