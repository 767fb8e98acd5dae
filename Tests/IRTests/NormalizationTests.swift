import Foundation
import IR
import Tensors
import Testing

/// LRN, BatchNormalization, Softmax and LogSoftmax.
struct NormalizationTests {
    @Test
    func `LRN sums squares over neighbouring channels`() throws {
        let attributes = [
            "size": AttributeValue.int(3), "alpha": .float(3), "beta": .float(0.5),
            "bias": .float(2),
        ]
        let result = try apply("LRN", attributes, counting(1, 3, 1, 1))
        let expected = [1 / 7.0.squareRoot(), 2 / 16.0.squareRoot(), 3 / 15.0.squareRoot()]
        expect(result[0], expected, shape: [1, 3, 1, 1])
    }

    @Test
    func `LRN of even size looks one channel further ahead`() throws {
        let attributes = [
            "size": AttributeValue.int(2), "alpha": .float(2), "beta": .float(1), "bias": .float(0),
        ]
        let result = try apply("LRN", attributes, counting(1, 3, 1))
        expect(result[0], [1 / 5.0, 2 / 13.0, 3 / 9.0], shape: [1, 3, 1])
    }

    @Test
    func `in float64 attributes are the decimals that were meant, not their float32`() throws {
        let x = Tensor([2.0], shape: [1, 1, 1])
        let attributes = [
            "size": AttributeValue.int(1), "alpha": .float(0.1), "beta": .float(1),
            "bias": .float(0),
        ]
        #expect(try apply("LRN", attributes, x)[0].doubles() == [2 / (0.1 * 4)])
        let p = [1.0, 0, 0, 0].map { Tensor([$0]) }
        let norm = try apply(
            "BatchNormalization", ["epsilon": .float(1e-5)], x, p[0], p[1], p[2], p[3])
        #expect(norm[0].doubles() == [2 / 1e-5.squareRoot()])
        let leaky = try apply("LeakyRelu", ["alpha": .float(0.01)], Tensor([-3.0]))
        #expect(leaky[0].doubles() == [0.01 * -3])
    }

    @Test
    func `LRN keeps images apart`() throws {
        let attributes = ["size": AttributeValue.int(99), "alpha": .float(99), "beta": .float(1)]
        let result = try apply("LRN", attributes, counting(2, 1, 1))
        expect(result[0], [0.5, 0.4], shape: [2, 1, 1])
    }

    @Test(arguments: [nil, 0, -1, Int64.min])
    func `LRN refuses sizes below 1`(_ size: Int64?) {
        let attributes = size.map { ["size": AttributeValue.int($0)] } ?? [:]
        #expect(throws: OperatorError.self) { try apply("LRN", attributes, counting(1, 3, 1)) }
    }

    @Test
    func `LRN takes the largest size there is`() throws {
        let result = try apply("LRN", ["size": .int(.max)], counting(1, 2, 1))
        expect(result[0], [1, 2], shape: [1, 2, 1])
    }

    static let statistics = [row(2, 1), row(1, 0), row(1, 2), row(3, 0.24)]

    @Test
    func `BatchNormalization normalises each channel`() throws {
        let p = Self.statistics
        let x = counting(1, 2, 2)
        let result = try apply(
            "BatchNormalization", ["epsilon": .float(1)], x, p[0], p[1], p[2], p[3])
        let deviation = 1.24.squareRoot()
        expect(result[0], [1, 2, 1 / deviation, 2 / deviation], shape: [1, 2, 2])
    }

    @Test
    func `old BatchNormalization attributes that change nothing are accepted`() throws {
        let p = Self.statistics
        let attributes = [
            "epsilon": AttributeValue.float(1), "spatial": .int(0), "is_test": .int(1),
            "consumed_inputs": .ints([0, 0, 0, 1, 1]), "momentum": .float(0.5),
        ]
        let result = try apply(
            "BatchNormalization", attributes, opset: 1, counting(1, 2, 1), p[0], p[1], p[2], p[3])
        expect(result[0], [1, 0], shape: [1, 2, 1])
        #expect(throws: OperatorError.unknownAttribute("spatial")) {
            try decode("BatchNormalization", ["spatial": .int(1)], opset: 9, [])
        }
    }

    @Test
    func `BatchNormalization in training takes the batch's statistics and moves the running ones`()
        throws
    {
        let x = Tensor([1, 3, 10, 10, 5, 7, 14, 14] as [Float], shape: [2, 2, 2])
        let attributes = [
            "training_mode": AttributeValue.int(1), "epsilon": .float(0), "momentum": .float(0.75),
        ]
        let result = try apply(
            "BatchNormalization", attributes, x, row(2, 1), row(1, 0), row(0, 4), row(1, 8))
        let deviation = 5.0.squareRoot()
        let first = [-3.0, -1, 1, 3].map { $0 / deviation * 2 + 1 }
        expect(
            result[0], [first[0], first[1], -1, -1, first[2], first[3], 1, 1], shape: [2, 2, 2])
        expect(result[1], [1, 6])
        expect(result[2], [2, 7])
        let inference = try apply(
            "BatchNormalization", x, row(2, 1), row(1, 0), row(0, 4), row(1, 8))
        #expect(inference.count == 1)
    }

    @Test
    func `BatchNormalization refuses misshapen parameters`() {
        let p = Self.statistics
        let x = counting(1, 2, 2)
        #expect(throws: OperatorError.inputCount(expected: "5", found: 4)) {
            try apply("BatchNormalization", x, p[0], p[1], p[2])
        }
        #expect(throws: OperatorError.self) {
            try apply("BatchNormalization", x, p[0], p[1], p[2], row(1, 2, 3))
        }
        #expect(throws: OperatorError.self) {
            try apply("BatchNormalization", row(1, 2), p[0], p[1], p[2], p[3])
        }
    }

    @Test
    func `Softmax sums to 1 along its axis`() throws {
        let x = Tensor([0, 1000, 0, 1000].map { Float($0) }, shape: [2, 2])
        expect(try apply("Softmax", x)[0], [0, 1, 0, 1], shape: [2, 2])
        expect(try apply("Softmax", ["axis": .int(0)], x)[0], [0.5, 0.5, 0.5, 0.5], shape: [2, 2])
        let third = exp(1.0) / (1 + exp(1.0))
        expect(try apply("Softmax", row(1, 2))[0], [1 - third, third])
    }

    @Test
    func `LogSoftmax is the logarithm of Softmax, without underflow`() throws {
        expect(try apply("LogSoftmax", row(0, -1000))[0], [0, -1000])
        let x = row(1, 2, 4)
        let logarithms = try apply("Softmax", x)[0].doubles().map { log($0) }
        let found = try apply("LogSoftmax", x)[0].doubles()
        #expect(zip(found, logarithms).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test
    func `Softmax before opset 13 normalises all axes from its own`() throws {
        let x = Tensor([Float](repeating: 3, count: 8), shape: [2, 2, 2])
        let old = try apply("Softmax", opset: 11, x)
        expect(old[0], [Double](repeating: 0.25, count: 8), shape: [2, 2, 2])
        let new = try apply("Softmax", opset: 13, x)
        expect(new[0], [Double](repeating: 0.5, count: 8), shape: [2, 2, 2])
        let whole = try apply("Softmax", ["axis": .int(0)], opset: 1, x)
        expect(whole[0], [Double](repeating: 0.125, count: 8), shape: [2, 2, 2])
    }

    @Test(arguments: ["Softmax", "LogSoftmax"], [2, -3, Int64.min, .max])
    func `an axis outside the tensor is refused`(_ type: String, _ axis: Int64) {
        #expect(throws: OperatorError.self) {
            try apply(type, ["axis": .int(axis)], counting(2, 2))
        }
    }

    @Test
    func `Softmax of nothing is nothing, and of a scalar is refused`() throws {
        let empty = Tensor([Float](), shape: [0, 2])
        #expect(try apply("Softmax", empty)[0].shape == [0, 2])
        #expect(throws: OperatorError.self) { try apply("Softmax", scalar(1)) }
    }
}
