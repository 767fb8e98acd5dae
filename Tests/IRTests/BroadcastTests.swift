import IR
import Tensors
import Testing

/// Operators whose inputs broadcast.
struct BroadcastTests {
    @Test
    func `shapes align at their last axes`() throws {
        #expect(try broadcastShape([[2, 1, 4], [3, 1]]) == [2, 3, 4])
        #expect(try broadcastShape([[], [5]]) == [5])
        #expect(try broadcastShape([[1], [0]]) == [0])
        #expect(throws: OperatorError.self) { try broadcastShape([[2], [3]]) }
        #expect(throws: OperatorError.self) { try broadcastShape([[0], [3]]) }
    }

    @Test(arguments: [
        ("Add", [11.0, 22, 13, 24]), ("Sub", [-9, -18, -7, -16]), ("Mul", [10, 40, 30, 80]),
        ("Div", [0.1, 0.1, 0.3, 0.2]),
    ])
    func `arithmetic stretches the smaller operand`(_ type: String, _ expected: [Double]) throws {
        expect(try apply(type, counting(2, 2), row(10, 20))[0], expected, shape: [2, 2])
    }

    @Test
    func `both operands may be stretched`() throws {
        let result = try apply("Add", counting(2, 1), counting(1, 3))
        expect(result[0], [2, 3, 4, 3, 4, 5], shape: [2, 3])
    }

    @Test
    func `Pow keeps the type of its base`() throws {
        let result = try apply("Pow", row(2, 3), list(3))
        #expect(result[0].elementType == .float32)
        expect(result[0], [8, 27])
    }

    @Test
    func `integers divide towards zero and never trap`() throws {
        let result = try apply("Div", list(-7, 7, 1), list(2, 2, 0))
        #expect(result[0].integers() == [-3, 3, .max])
        #expect(try apply("Neg", list(.min))[0].integers() == [.max])
    }

    @Test(arguments: ["Add", "Max", "MatMul", "Concat"])
    func `different kinds of elements are refused`(_ type: String) {
        let attributes: [String: AttributeValue] = type == "Concat" ? ["axis": .int(0)] : [:]
        #expect(throws: OperatorError.self) { try apply(type, attributes, row(1), list(1)) }
    }

    @Test
    func `floating-point widths mix into the wider`() throws {
        let result = try apply("Add", row(1), Tensor([0.1]))
        #expect(result[0].isBitEqual(to: Tensor([1.1])))
    }

    @Test
    func `before opset 7 an axis says where the second operand lies`() throws {
        let attributes = ["broadcast": AttributeValue.int(1), "axis": .int(1)]
        let x = counting(1, 2, 2)
        let result = try apply("Add", attributes, opset: 6, x, row(10, 20))
        expect(result[0], [11, 12, 23, 24], shape: [1, 2, 2])
        let trailing = try apply("Add", ["broadcast": .int(1)], opset: 6, x, row(10, 20))
        expect(trailing[0], [11, 22, 13, 24], shape: [1, 2, 2])
        #expect(throws: OperatorError.unknownAttribute("axis")) {
            try apply("Add", attributes, opset: 7, x, row(10, 20))
        }
    }

    @Test(arguments: [-1, 2, 3, Int64.min, .max])
    func `an axis where the second operand does not fit is refused`(_ axis: Int64) {
        let attributes = ["broadcast": AttributeValue.int(1), "axis": .int(axis)]
        #expect(throws: OperatorError.self) {
            try apply("Mul", attributes, opset: 6, counting(2, 2), counting(2))
        }
    }

    @Test
    func `Max, Min, Sum and Mean take any number of inputs`() throws {
        let inputs = (counting(2, 1), row(5, 0), scalar(2))
        expect(try apply("Max", inputs.0, inputs.1, inputs.2)[0], [5, 2, 5, 2], shape: [2, 2])
        expect(try apply("Min", inputs.0, inputs.1, inputs.2)[0], [1, 0, 2, 0], shape: [2, 2])
        expect(try apply("Sum", inputs.0, inputs.1, inputs.2)[0], [8, 3, 9, 4], shape: [2, 2])
        let means = [8 / 3.0, 1, 3, 4 / 3.0]
        expect(try apply("Mean", inputs.0, inputs.1, inputs.2)[0], means, shape: [2, 2])
        expect(try apply("Mean", row(4))[0], [4])
        #expect(throws: OperatorError.inputCount(expected: "at least 1", found: 0)) {
            try apply("Max")
        }
    }

    @Test
    func `NaN wins over every number`() throws {
        expect(try apply("Max", row(.nan, 1), row(1, .nan))[0], [.nan, .nan])
        expect(try apply("Min", row(.nan, 1), row(1, .nan))[0], [.nan, .nan])
    }

    @Test
    func `PRelu has one slope for each channel`() throws {
        let x = Tensor([-1, -2, -3, 4] as [Float], shape: [1, 2, 2])
        let slope = Tensor([Float(0.5), 2], shape: [2, 1])
        expect(try apply("PRelu", x, slope)[0], [-0.5, -1, -6, 4], shape: [1, 2, 2])
        expect(try apply("PRelu", x, row(0.5))[0], [-0.5, -1, -1.5, 4], shape: [1, 2, 2])
    }

    @Test
    func `PRelu before opset 7 lays a flat slope on the channels`() throws {
        let x = Tensor([-1, -2, -3, 4] as [Float], shape: [1, 2, 2])
        let result = try apply("PRelu", opset: 6, x, row(0.5, 2))
        expect(result[0], [-0.5, -1, -6, 4], shape: [1, 2, 2])
        expect(try apply("PRelu", opset: 6, row(-2), row(0.5))[0], [-1])
    }

    @Test
    func `a slope that would enlarge its input is refused`() {
        #expect(throws: OperatorError.self) { try apply("PRelu", row(1, 2), counting(3, 2)) }
    }
}
