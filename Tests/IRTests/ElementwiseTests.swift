import Foundation
import IR
import Tensors
import Testing

/// Operators of one input and a scalar formula.
struct ElementwiseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var type: String
        var attributes: [String: AttributeValue] = [:]
        var input: [Float]
        var output: [Double]
        var testDescription: String { type }
    }

    static let cases = [
        Case(type: "Relu", input: [-1, 0, 2, .nan], output: [0, 0, 2, .nan]),
        Case(type: "LeakyRelu", input: [-2, 0, 3], output: [-0.02, 0, 3]),
        Case(
            type: "LeakyRelu", attributes: ["alpha": .float(0.5)], input: [-2, 3],
            output: [-1, 3]),
        Case(type: "Elu", input: [-1, 0, 2], output: [-0.6321205588, 0, 2]),
        Case(
            type: "Elu", attributes: ["alpha": .float(2)], input: [-1], output: [-1.2642411177]),
        Case(type: "Selu", input: [-1, 0, 2], output: [-1.1113307378, 0, 2.1014020443]),
        Case(type: "Tanh", input: [-1, 0, 100], output: [-0.7615941560, 0, 1]),
        Case(type: "Sigmoid", input: [-1000, 0, 1, 1000], output: [0, 0.5, 0.7310585786, 1]),
        Case(type: "HardSigmoid", input: [-3, 0, 1, 3], output: [0, 0.5, 0.7, 1]),
        Case(
            type: "HardSigmoid", attributes: ["alpha": .float(0.25), "beta": .float(0)],
            input: [1, .nan], output: [0.25, .nan]),
        Case(type: "HardSwish", input: [-4, 1, 4], output: [0, 2 / 3.0, 4]),
        Case(
            type: "Softplus", input: [-1000, 0, 1, 1000],
            output: [0, 0.6931471806, 1.3132616875, 1000]),
        Case(type: "Exp", input: [0, 1, -1], output: [1, 2.7182818285, 0.3678794412]),
        Case(type: "Log", input: [1, 10, -1], output: [0, 2.3025850930, .nan]),
        Case(type: "Sqrt", input: [0, 2, -1], output: [0, 1.4142135624, .nan]),
        Case(type: "Abs", input: [-2, 0, 3], output: [2, 0, 3]),
        Case(type: "Neg", input: [-2, 0, 3], output: [2, 0, -3]),
        Case(type: "Reciprocal", input: [2, -4, 0], output: [0.5, -0.25, .infinity]),
        Case(type: "Floor", input: [-1.5, 1.5, 2], output: [-2, 1, 2]),
        Case(type: "Ceil", input: [-1.5, 1.5, 2], output: [-1, 2, 2]),
        Case(type: "Erf", input: [0, 1, -0.5], output: [0, 0.8427007929, -0.5204998778]),
        Case(type: "Identity", input: [1, .nan], output: [1, .nan]),
        Case(type: "Dropout", input: [1, -2], output: [1, -2]),
    ]

    @Test(arguments: cases)
    func `an operator follows its formula`(_ test: Case) throws {
        let result = try apply(test.type, test.attributes, Tensor(test.input))
        expect(result[0], test.output)
    }

    @Test(arguments: ["Relu", "Abs", "Neg"])
    func `integers are accepted where ONNX has them`(_ type: String) throws {
        let result = try apply(type, list(-3, 4))
        #expect(result[0].elementType == .int64)
    }

    @Test(arguments: ["Sigmoid", "Exp", "Floor", "LeakyRelu"])
    func `integers are refused where only real numbers make sense`(_ type: String) {
        #expect(throws: OperatorError.input(0, expected: "floating-point elements", found: "int64"))
        {
            try apply(type, list(1))
        }
    }

    @Test(arguments: cases.map(\.type))
    func `a missing input is refused`(_ type: String) throws {
        let (op, _) = try decode(type, [:], opset: 17, [])
        #expect(throws: OperatorError.self) { try op.outputTypes(for: []) }
        #expect(throws: OperatorError.self) { try op.outputTypes(for: [nil]) }
    }

    @Test
    func `the element type stays, whatever its width`() throws {
        for type in [ElementType.float16, .bfloat16, .float64] {
            let input = Tensor(rounding: [-1, 2], to: type, shape: [2])
            let result = try apply("Relu", input)
            #expect(result[0].isBitEqual(to: Tensor(rounding: [0, 2], to: type, shape: [2])))
        }
    }

    @Test
    func `Selu of opset 1 has the shorter constants`() throws {
        expect(try apply("Selu", opset: 1, row(2))[0], [2.1014])
        expect(try apply("Selu", opset: 6, row(2))[0], [2.1014020443])
    }

    @Test
    func `consumed_inputs is dropped before opset 6 and unknown since`() throws {
        let attributes = ["consumed_inputs": AttributeValue.ints([0])]
        expect(try apply("Relu", attributes, opset: 1, row(-1))[0], [0])
        #expect(throws: OperatorError.unknownAttribute("consumed_inputs")) {
            try apply("Relu", attributes, opset: 6, row(-1))
        }
    }

    @Test
    func `Clip bounds by inputs, the upper one winning`() throws {
        expect(try apply("Clip", row(-1, 3, 9), scalar(0), scalar(6))[0], [0, 3, 6])
        expect(try apply("Clip", row(-1, 3), nil, row(1))[0], [-1, 1])
        expect(try apply("Clip", row(-1, .nan), scalar(0))[0], [0, .nan])
        expect(try apply("Clip", row(5), scalar(8), scalar(2))[0], [2])
    }

    @Test
    func `Clip before opset 11 bounds by attributes`() throws {
        let bounds = ["min": AttributeValue.float(0), "max": .float(6)]
        expect(try apply("Clip", bounds, opset: 6, row(-1, 3, 9))[0], [0, 3, 6])
        expect(try apply("Clip", ["max": .float(6)], opset: 6, row(-1, 9))[0], [-1, 6])
        #expect(throws: OperatorError.unknownAttribute("max")) {
            try apply("Clip", bounds, opset: 11, row(1))
        }
    }

    @Test
    func `Clip refuses bounds of several elements or of another type`() {
        #expect(throws: OperatorError.self) { try apply("Clip", row(1), row(1, 2)) }
        #expect(throws: OperatorError.self) { try apply("Clip", row(1), list(1)) }
    }

    @Test
    func `Dropout gives a mask of all true`() throws {
        let result = try apply("Dropout", row(1, 2), scalar(0.5))
        #expect(result[1].isBitEqual(to: Tensor(rounding: [1, 1], to: .bool, shape: [2])))
    }

    @Test
    func `Dropout in training is refused`() throws {
        let yes = Tensor(rounding: [1], to: .bool, shape: [])
        let no = Tensor(rounding: [0], to: .bool, shape: [])
        expect(try apply("Dropout", row(1), nil, no)[0], [1])
        #expect(throws: OperatorError.self) { try apply("Dropout", row(1), nil, yes) }
        #expect(throws: OperatorError.self) {
            try Dropout().outputTypes(for: [value(1), nil, value(of: .bool)])
        }
    }

    @Test
    func `Dropout of every opset is the identity`() throws {
        expect(
            try apply("Dropout", ["ratio": .float(0.3), "is_test": .int(0)], opset: 1, row(4))[0],
            [4])
        expect(try apply("Dropout", ["ratio": .float(0.3)], opset: 10, row(4))[0], [4])
        expect(try apply("Dropout", ["seed": .int(1)], opset: 13, row(4), scalar(0.3))[0], [4])
    }
}
