package import Tensors

/// The matrix product y[…, i, j] = Σ_k a[…, i, k] · b[…, k, j], batch axes broadcast.
///
/// Inputs: a [K] or […, M, K], b [K] or […, K, N]. Output: […, M, N], less the axis that a vector
/// lacks.
///
/// Source: ONNX operator MatMul, which follows numpy.matmul.
package struct MatMul: Operator, AttributeFree {
    package static let type = "MatMul"

    package init() {}

    /// Both operands as matrices, and what comes of them.
    private struct Plan {
        var a: [Int]
        var b: [Int]
        var batch: [Int]
        var output: [Int]

        init(_ first: [Int], _ second: [Int]) throws(OperatorError) {
            for (index, shape) in [first, second].enumerated() where shape.isEmpty {
                throw .input(index, expected: "at least 1 axis", found: "a scalar")
            }
            a = first.count == 1 ? [1] + first : first
            b = second.count == 1 ? second + [1] : second
            let depth = a[a.count - 1]
            guard b[b.count - 2] == depth else {
                throw .input(1, expected: "[…, \(depth), N]", found: "shape \(second)")
            }
            batch = try broadcastShape([Array(a.dropLast(2)), Array(b.dropLast(2))])
            output = batch
            if first.count > 1 { output.append(a[a.count - 2]) }
            if second.count > 1 { output.append(b[b.count - 1]) }
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...2)
        let a = try inputs.numeric(0)
        let b = try inputs.numeric(1)
        let type = try commonElementType([a, b])
        return [ValueInfo(elementType: type, shape: try Plan(a.shape, b.shape).output)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let type = try commonElementType([
            ValueInfo(inputs.present(0)), ValueInfo(inputs.present(1)),
        ])
        let plan = try Plan(inputs.present(0).shape, inputs.present(1).shape)
        let x = inputs.present(0).doubles()
        let w = inputs.present(1).doubles()
        let (rows, depth) = (plan.a[plan.a.count - 2], plan.a[plan.a.count - 1])
        let columns = plan.b[plan.b.count - 1]
        let batches = plan.batch.reduce(1, *)
        var aWalk = Self.matrices(plan.a, in: plan.batch)
        var bWalk = Self.matrices(plan.b, in: plan.batch)
        var y = [Double](repeating: 0, count: batches * rows * columns)
        for batch in 0..<batches {
            let (a, b) = (aWalk.offset * rows * depth, bWalk.offset * depth * columns)
            for row in 0..<rows {
                let to = (batch * rows + row) * columns
                for k in 0..<depth {
                    let factor = x[a + row * depth + k]
                    let from = b + k * columns
                    for column in 0..<columns { y[to + column] += factor * w[from + column] }
                }
            }
            aWalk.advance()
            bWalk.advance()
        }
        return [Tensor(rounding: y, to: type, shape: plan.output)]
    }

    /// Visits the matrices of an operand of `shape` while `batch` is walked.
    private static func matrices(_ shape: [Int], in batch: [Int]) -> IndexWalk {
        let own = shape.dropLast(2)
        let aligned = [Int](repeating: 1, count: batch.count - own.count) + own
        return IndexWalk(shape: batch, strides: broadcastStrides(aligned, batch))
    }
}
