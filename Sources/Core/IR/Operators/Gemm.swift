package import Tensors

/// y = alpha · A′ · B′ + beta · C, A′ [M, K] being A or its transpose, B′ [K, N] likewise.
///
/// Inputs: A, B, optionally C, which broadcasts to [M, N]. Output: y [M, N].
///
/// Source: ONNX operator Gemm; before opset 7 C broadcasts only with the attribute `broadcast`.
package struct Gemm: Operator {
    package static let type = "Gemm"

    package var alpha: Float
    package var beta: Float
    package var transposesA: Bool
    /// True for a dense weight laid out [out, in].
    package var transposesB: Bool

    package init(
        alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false
    ) {
        self.alpha = alpha
        self.beta = beta
        self.transposesA = transposesA
        self.transposesB = transposesB
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        alpha = try reader.float("alpha", default: 1)
        beta = try reader.float("beta", default: 1)
        transposesA = try reader.flag("transA", default: false)
        transposesB = try reader.flag("transB", default: false)
        if reader.opset < 7 { _ = try reader.flag("broadcast", default: false) }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("alpha", alpha)
        writer.write("beta", beta)
        if transposesA { writer.write("transA", 1) }
        if transposesB { writer.write("transB", 1) }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...3)
        let a = try inputs.numeric(0)
        let b = try inputs.numeric(1)
        for (index, input) in [a, b].enumerated() where input.shape.count != 2 {
            throw .input(index, expected: "2 axes", found: "shape \(input.shape)")
        }
        let (rows, depth) = transposesA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let (inner, columns) = transposesB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        guard inner == depth else {
            throw .input(
                1, expected: transposesB ? "[N, \(depth)]" : "[\(depth), N]",
                found: "shape \(b.shape)")
        }
        if inputs.optional(2) != nil {
            let c = try inputs.numeric(2)
            guard let shape = try? broadcastShape([[rows, columns], c.shape]),
                shape == [rows, columns]
            else {
                throw .input(
                    2, expected: "a shape that broadcasts to [\(rows), \(columns)]",
                    found: "\(c.shape)")
            }
        }
        return [ValueInfo(elementType: a.elementType, shape: [rows, columns])]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let a = transposesA ? inputs.present(0).permuted([1, 0]) : inputs.present(0)
        let b = transposesB ? inputs.present(1) : inputs.present(1).permuted([1, 0])
        let (rows, columns, depth) = (a.shape[0], b.shape[0], a.shape[1])
        let x = a.doubles()
        let w = b.doubles()
        let bias = inputs.optional(2)?.expanded(to: [rows, columns]).doubles()
        let (alpha, beta) = (alpha.shortest, beta.shortest)
        var y = [Double](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                var sum = 0.0
                for k in 0..<depth { sum += x[row * depth + k] * w[column * depth + k] }
                let index = row * columns + column
                y[index] = alpha * sum + (bias.map { beta * $0[index] } ?? 0)
            }
        }
        return [Tensor(rounding: y, to: a.elementType, shape: [rows, columns])]
    }
}
