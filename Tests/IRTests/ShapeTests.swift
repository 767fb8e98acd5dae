import IR
import Tensors
import Testing

/// Operators that give the same elements another shape or order.
struct ShapeTests {
    @Test(
        arguments: [
            (0, [1, 24]), (1, [2, 12]), (3, [24, 1]), (-1, [6, 4]), (-3, [1, 24]),
        ] as [(Int64, [Int])])
    func `Flatten makes a matrix`(_ axis: Int64, _ shape: [Int]) throws {
        let x = counting(2, 3, 4)
        let result = try apply("Flatten", ["axis": .int(axis)], x)
        #expect(result[0].isBitEqual(to: x.reshaped(shape)))
    }

    @Test(arguments: [4, -4, 9, Int64.min, .max] as [Int64])
    func `Flatten refuses an axis outside the tensor`(_ axis: Int64) {
        #expect(throws: OperatorError.self) {
            try apply("Flatten", ["axis": .int(axis)], counting(2, 3, 4))
        }
    }

    @Test(
        arguments: [
            ([4, 6], [4, 6]), ([-1], [24]), ([0, -1], [2, 12]), ([0, 0, 2, 2], [2, 3, 2, 2]),
            ([1, -1, 1], [1, 24, 1]),
        ] as [([Int64], [Int])])
    func `Reshape copies zeros and infers −1`(_ request: [Int64], _ shape: [Int]) throws {
        let result = try apply("Reshape", counting(2, 3, 4), Tensor(request))
        #expect(result[0].isBitEqual(to: counting(2, 3, 4).reshaped(shape)))
        let old = try apply("Reshape", ["shape": .ints(request)], opset: 1, counting(2, 3, 4))
        #expect(old[0].shape == shape)
    }

    @Test(
        arguments: [
            [5, 5], [-1, -1], [-1, 5], [0, 0, 0, 0], [-2, 12], [.min, 1], [.max, .max, 2], [],
            [1 << 32, 1 << 32],
        ] as [[Int64]])
    func `Reshape refuses what does not hold the elements`(_ request: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("Reshape", counting(2, 3, 4), Tensor(request))
        }
    }

    @Test
    func `Reshape with allowzero takes zero for zero`() throws {
        let empty = Tensor([Float](), shape: [0, 3])
        let result = try apply("Reshape", ["allowzero": .int(1)], empty, list(3, 0))
        #expect(result[0].shape == [3, 0])
        #expect(throws: OperatorError.self) {
            try apply("Reshape", ["allowzero": .int(1)], empty, list(-1, 0))
        }
        #expect(throws: OperatorError.self) {
            try apply("Reshape", ["allowzero": .int(1)], counting(2), list(0))
        }
    }

    @Test
    func `Reshape to a scalar, and from one`() throws {
        #expect(try apply("Reshape", row(7), Tensor([Int64]()))[0].shape == [])
        #expect(try apply("Reshape", scalar(7), list(1, 1))[0].shape == [1, 1])
    }

    @Test
    func `a shape that depends on the data is refused by name`() {
        #expect(throws: OperatorError.dependsOnData(input: 1)) {
            try Reshape().outputTypes(for: [value(4), value(1, of: .int64)])
        }
    }

    @Test(arguments: ["Reshape", "Expand"])
    func `shapes of more than 64 axes, or of two, are refused`(_ type: String) {
        let ones = Tensor([Int64](repeating: 1, count: 65))
        #expect(throws: OperatorError.self) { try apply(type, row(1), ones) }
        #expect(throws: OperatorError.self) {
            try apply(type, row(1), list(1, 1).reshaped([2, 1]))
        }
        #expect(throws: OperatorError.self) { try apply(type, row(1), row(1)) }
    }

    @Test
    func `Transpose reorders axes, reversing them by default`() throws {
        let x = counting(2, 3)
        expect(try apply("Transpose", x)[0], [1, 4, 2, 5, 3, 6], shape: [3, 2])
        let result = try apply("Transpose", ["perm": .ints([2, 0, 1])], counting(1, 2, 3))
        expect(result[0], [1, 4, 2, 5, 3, 6], shape: [3, 1, 2])
        #expect(try apply("Transpose", scalar(1))[0].shape == [])
    }

    @Test(arguments: [[0], [0, 0], [0, 2], [-1, 0], [.min, .max], []] as [[Int64]])
    func `Transpose refuses what is no permutation`(_ permutation: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("Transpose", ["perm": .ints(permutation)], counting(2, 3))
        }
    }

    @Test
    func `Squeeze drops the axes told, or all of size 1`() throws {
        let x = counting(1, 2, 1, 3)
        #expect(try apply("Squeeze", x)[0].shape == [2, 3])
        #expect(try apply("Squeeze", x, list(-2))[0].shape == [1, 2, 3])
        #expect(try apply("Squeeze", ["axes": .ints([0, 2])], opset: 11, x)[0].shape == [2, 3])
        #expect(throws: OperatorError.unknownAttribute("axes")) {
            try apply("Squeeze", ["axes": .ints([0])], opset: 13, x)
        }
    }

    @Test(arguments: [[1], [4], [-5], [0, 0], [0, -4], [.min]] as [[Int64]])
    func `Squeeze refuses axes that are not there or not 1`(_ axes: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("Squeeze", counting(1, 2, 1, 3), Tensor(axes))
        }
    }

    @Test
    func `Unsqueeze inserts axes where they stand in the output`() throws {
        #expect(try apply("Unsqueeze", counting(2, 3), list(0, 3))[0].shape == [1, 2, 3, 1])
        #expect(try apply("Unsqueeze", counting(2, 3), list(-1))[0].shape == [2, 3, 1])
        let old = try apply("Unsqueeze", ["axes": .ints([1])], opset: 1, counting(2))
        #expect(old[0].shape == [2, 1])
    }

    @Test(arguments: [[3], [-4], [1, 1], [0, -4], [.min, .max]] as [[Int64]])
    func `Unsqueeze refuses axes that repeat or lie outside`(_ axes: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("Unsqueeze", counting(2, 3), Tensor(axes))
        }
    }

    @Test
    func `Shape gives sizes, or some of them`() throws {
        func sizes(_ attributes: [String: AttributeValue]) throws -> [Int64]? {
            try apply("Shape", attributes, counting(2, 3, 4))[0].integers()
        }
        #expect(try sizes([:]) == [2, 3, 4])
        #expect(try sizes(["start": .int(1)]) == [3, 4])
        #expect(try sizes(["start": .int(-2), "end": .int(-1)]) == [3])
        #expect(try sizes(["start": .int(.min), "end": .int(.max)]) == [2, 3, 4])
        #expect(try sizes(["start": .int(2), "end": .int(1)]) == [])
    }

    @Test
    func `Shape and Size are constant whatever the data`() throws {
        let input = value(2, 0, 3)
        #expect(Shape().constantOutputs(for: [input])?[0].integers() == [2, 0, 3])
        #expect(Size().constantOutputs(for: [input])?[0].integers() == [0])
        #expect(try apply("Size", counting(2, 3))[0].integers() == [6])
    }
}
