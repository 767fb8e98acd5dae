import IR
import Tensors
import Testing

/// Gemm and MatMul.
struct MatrixTests {
    @Test(arguments: [(false, false), (true, false), (false, true), (true, true)])
    func `Gemm multiplies either operand or its transpose`(_ a: Bool, _ b: Bool) throws {
        let x = a ? counting(2, 3).permuted([1, 0]) : counting(2, 3)
        let w = b ? counting(3, 2).permuted([1, 0]) : counting(3, 2)
        let attributes = [
            "transA": AttributeValue.int(a ? 1 : 0), "transB": .int(b ? 1 : 0),
            "alpha": .float(0.5), "beta": .float(2),
        ]
        let result = try apply("Gemm", attributes, x, w, row(1, 2))
        expect(result[0], [13, 18, 26.5, 36], shape: [2, 2])
    }

    @Test
    func `Gemm stretches C, and works without it`() throws {
        let (x, w) = (counting(2, 1), counting(1, 2))
        expect(try apply("Gemm", x, w)[0], [1, 2, 2, 4], shape: [2, 2])
        expect(try apply("Gemm", x, w, scalar(1))[0], [2, 3, 3, 5], shape: [2, 2])
        expect(try apply("Gemm", x, w, counting(2, 1))[0], [2, 3, 4, 6], shape: [2, 2])
        let old = try apply("Gemm", ["broadcast": .int(1)], opset: 6, x, w, row(1, 2))
        expect(old[0], [2, 4, 3, 6], shape: [2, 2])
    }

    @Test
    func `Gemm refuses operands that do not fit`() {
        let x = counting(2, 3)
        #expect(throws: OperatorError.input(1, expected: "[3, N]", found: "shape [2, 3]")) {
            try apply("Gemm", x, x)
        }
        #expect(throws: OperatorError.self) { try apply("Gemm", x, counting(3)) }
        #expect(throws: OperatorError.self) { try apply("Gemm", counting(1, 2, 3), x) }
        #expect(throws: OperatorError.self) { try apply("Gemm", x, counting(3, 2), counting(3)) }
        #expect(throws: OperatorError.self) {
            try apply("Gemm", x, counting(3, 2), counting(1, 2, 2))
        }
        #expect(throws: OperatorError.self) {
            try apply("Gemm", ["transA": .int(2)], x, counting(3, 2))
        }
    }

    @Test
    func `MatMul multiplies matrices and vectors`() throws {
        let (m, v) = (counting(2, 3), row(1, 10, 100))
        expect(try apply("MatMul", m, counting(3, 1))[0], [14, 32], shape: [2, 1])
        expect(try apply("MatMul", m, v)[0], [321, 654])
        expect(try apply("MatMul", row(1, 10), m)[0], [41, 52, 63])
        expect(try apply("MatMul", v, v)[0], [10101], shape: [])
    }

    @Test
    func `MatMul broadcasts its batch axes`() throws {
        let a = counting(2, 1, 1, 2)
        let b = counting(3, 2, 1)
        let result = try apply("MatMul", a, b)
        expect(result[0], [5, 11, 17, 11, 25, 39], shape: [2, 3, 1, 1])
        let vector = try apply("MatMul", counting(2, 2, 2), row(1, 1))
        expect(vector[0], [3, 7, 11, 15], shape: [2, 2])
    }

    @Test
    func `MatMul of no depth is zero`() throws {
        let result = try apply(
            "MatMul", Tensor([Float](), shape: [2, 0]), Tensor([Float](), shape: [0, 2]))
        expect(result[0], [0, 0, 0, 0], shape: [2, 2])
    }

    @Test
    func `MatMul refuses operands that do not fit`() {
        #expect(throws: OperatorError.self) { try apply("MatMul", counting(2, 3), counting(2, 3)) }
        #expect(throws: OperatorError.self) { try apply("MatMul", scalar(1), row(1)) }
        #expect(throws: OperatorError.self) {
            try apply("MatMul", counting(2, 1, 1), counting(3, 1, 1))
        }
    }
}
