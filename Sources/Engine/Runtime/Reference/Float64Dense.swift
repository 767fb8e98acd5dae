import IR
import Tensors

extension Gemm: Float64Evaluable {
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor? {
        let a = transposesA ? inputs.present(0).permuted([1, 0]) : inputs.present(0)
        let b = transposesB ? inputs.present(1) : inputs.present(1).permuted([1, 0])
        guard let sums = float64Product(a, b, on: pool) else { return nil }
        let bias = inputs.optional(2)?.expanded(to: sums.shape).doubles()
        let (alpha, beta) = (alpha.shortest, beta.shortest)
        let values = sums.doubles().enumerated().map { index, sum in
            alpha * sum + (bias.map { beta * $0[index] } ?? 0)
        }
        return Tensor(values, shape: sums.shape)
    }
}

extension MatMul: Float64Evaluable {
    func evaluateInFloat64(
        _ inputs: [Tensor?], on pool: WorkPool
    ) throws(OperatorError) -> Tensor? {
        let a = inputs.present(0)
        let b = inputs.present(1)
        guard a.rank >= 2, b.rank == 2, let depth = a.shape.last, depth > 0 else { return nil }
        let rows = a.reshaped([a.elementCount / depth, depth])
        let product = float64Product(rows, b.permuted([1, 0]), on: pool)
        return product?.reshaped(a.shape.dropLast() + [b.shape[1]])
    }
}

/// y[i, j] = Σ_k a[i, k] · b[j, k]; nil for operands that are no floats, empty, or of long rows.
///
/// b is widened some rows at a time, as a dense layer's weights are the largest of a network.
private func float64Product(_ a: Tensor, _ b: Tensor, on pool: WorkPool) -> Tensor? {
    let (images, depth, outputs) = (a.shape[0], a.shape[1], b.shape[0])
    guard a.elementType == .float64, b.elementType.isFloatingPoint, a.elementCount > 0, outputs > 0,
        depth <= Float64Columns.depthLimit
    else { return nil }
    let width = Float64Columns.width
    let columns = Float64Columns(depth: depth, panels: (images + width - 1) / width)
    unsafe a.withDoubles { a in
        for image in 0..<images {
            let column = unsafe columns.numbers(panel: image / width) + image % width
            for k in 0..<depth { unsafe column[k * width] = a[image * depth + k] }
        }
    }
    let step = max(2, min(64, (1 << 18) / depth))
    return unsafe Tensor(.float64, shape: [images, outputs]) {
        (y: UnsafeMutableBufferPointer<Double>) in
        guard let y = y.baseAddress else { return }
        pool.run(count: (outputs + step - 1) / step) { unit, _ in
            let first = unit * step
            let rows = b.rows(first..<min(first + step, outputs)).doubles()
            unsafe rows.withUnsafeBufferPointer { rows in
                guard let base = rows.baseAddress else { return }
                unsafe columns.multiply(base, count: rows.count / depth, first: { _ in 0 }) {
                    row, panel, sums in
                    for lane in 0..<min(width, images - panel * width) {
                        let image = panel * width + lane
                        unsafe y[image * outputs + first + row] = sums[lane]
                    }
                }
            }
        }
    }
}
