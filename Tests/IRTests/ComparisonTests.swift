import IR
import Tensors
import Testing

private func truths(_ values: Double...) -> Tensor {
    Tensor(rounding: values, to: .bool, shape: [values.count])
}

struct ComparisonTests {
    @Test(
        arguments: [
            ("Equal", [0, 1, 0]), ("Greater", [0, 0, 1]), ("Less", [1, 0, 0]),
        ] as [(String, [Double])])
    func `numbers are compared, broadcast`(_ type: String, _ expected: [Double]) throws {
        let found = try apply(type, row(1, 2, 3), scalar(2))
        #expect(found[0].elementType == .bool)
        expect(found[0], expected)
    }

    @Test
    func `64-bit integers are compared exactly`() throws {
        let large: Int64 = 1 << 60
        expect(try apply("Equal", list(large), list(large + 1))[0], [0])
        expect(try apply("Less", list(large), list(large + 1))[0], [1])
        expect(try apply("Greater", list(large + 1), list(large))[0], [1])
        let condition = truths(1, 0)
        let found = try apply("Where", condition, list(large + 1), list(large + 2))
        #expect(found[0].integers() == [large + 1, large + 2])
    }

    @Test
    func `NaN equals nothing, and is neither greater nor less`() throws {
        for type in ["Equal", "Greater", "Less"] {
            expect(try apply(type, row(.nan), row(.nan))[0], [0])
        }
    }

    @Test
    func `truths are joined, compared and turned round`() throws {
        let (a, b) = (truths(0, 0, 1, 1), truths(0, 1, 0, 1))
        expect(try apply("And", a, b)[0], [0, 0, 0, 1])
        expect(try apply("Or", a, b)[0], [0, 1, 1, 1])
        expect(try apply("Equal", a, b)[0], [1, 0, 0, 1])
        expect(try apply("Not", a)[0], [1, 1, 0, 0])
    }

    @Test
    func `operands of other types are refused`() {
        #expect(throws: OperatorError.self) { try apply("And", row(1), row(1)) }
        #expect(throws: OperatorError.self) { try apply("Less", truths(1), truths(1)) }
        #expect(throws: OperatorError.self) { try apply("Equal", row(1), list(1)) }
        #expect(throws: OperatorError.self) { try apply("Not", row(1)) }
        #expect(throws: OperatorError.self) { try apply("Where", row(1), row(1), row(1)) }
        #expect(throws: OperatorError.self) { try apply("Where", truths(1), row(1), list(1)) }
        #expect(throws: OperatorError.self) {
            try apply("Equal", ["broadcast": .int(1), "axis": .int(0)], opset: 6, row(1), row(1))
        }
    }

    @Test
    func `Where broadcasts all three`() throws {
        let condition = Tensor(rounding: [1, 0], to: .bool, shape: [2, 1])
        expect(
            try apply("Where", condition, row(1, 2), scalar(9))[0], [1, 2, 9, 9], shape: [2, 2])
    }

    @Test
    func `Split cuts by sizes, evenly, or with a smaller last part`() throws {
        func parts(
            _ count: Int, of inputs: [Tensor?], _ attributes: [String: AttributeValue] = [:],
            opset: Int = 17
        ) throws -> [[Double]] {
            let (op, added) = try OperatorRegistry.decode(
                "Split", attributes: attributes, opset: opset, inputCount: inputs.count,
                outputCount: count)
            let arguments = inputs + added.map(\.value)
            let types = try op.outputTypes(for: arguments.map { $0.map { ValueInfo($0) } })
            let results = try op.evaluate(arguments)
            #expect(types.map(\.shape) == results.map(\.shape))
            return results.map { $0.doubles() }
        }
        #expect(try parts(2, of: [row(1, 2, 3, 4)]) == [[1, 2], [3, 4]])
        #expect(try parts(2, of: [row(1, 2, 3), list(1, 2)]) == [[1], [2, 3]])
        #expect(
            try parts(2, of: [row(1, 2, 3)], ["split": .ints([2, 1])], opset: 11) == [[1, 2], [3]])
        #expect(
            try parts(2, of: [row(1, 2, 3)], ["num_outputs": .int(2)], opset: 18) == [[1, 2], [3]])
        #expect(
            try parts(2, of: [counting(2, 2)], ["axis": .int(-1)]) == [[1, 3], [2, 4]])
        #expect(throws: OperatorError.self) { try parts(2, of: [row(1, 2, 3)]) }
        #expect(throws: OperatorError.self) { try parts(2, of: [row(1, 2, 3), list(1, 1)]) }
        #expect(throws: OperatorError.self) { try parts(2, of: [row(1, 2, 3), list(-1, 4)]) }
        #expect(throws: OperatorError.self) { try parts(2, of: [row(1, 2, 3), list(.max, 4)]) }
        #expect(throws: OperatorError.self) {
            try parts(2, of: [row(1, 2, 3)], ["num_outputs": .int(3)], opset: 18)
        }
    }
}
