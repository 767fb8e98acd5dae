import IR
import Tensors
import Testing

/// Operators that copy elements: every bit of every type must survive.
struct MovementTests {
    /// Values beyond 2⁵³, where a way through float64 would show.
    static let exact = Tensor([Int64.max, .min, (1 << 53) + 1, -(1 << 53) - 1], shape: [2, 2])

    @Test
    func `int64 elements are moved bit by bit`() throws {
        let x = Self.exact
        let shape = Tensor([Int64(1), 2, 2])
        let moved = [
            try apply("Identity", x)[0], try apply("Transpose", ["perm": .ints([0, 1])], x)[0],
            try apply("Reshape", x, list(2, 2))[0], try apply("Flatten", x)[0],
            try apply("Concat", ["axis": .int(1)], x)[0], try apply("Gather", x, list(0, 1))[0],
            try apply("Slice", x, list(0), list(9))[0], try apply("Expand", x, shape)[0],
            try apply("Pad", x, list(0, 0, 0, 0))[0], try apply("Squeeze", x)[0],
            try apply("Unsqueeze", x, list(0))[0], try apply("Cast", ["to": .int(7)], x)[0],
        ]
        for tensor in moved { #expect(tensor.hasEqualBytes(to: x)) }
    }

    @Test(arguments: ElementType.allCases)
    func `elements of every type are moved`(_ type: ElementType) throws {
        let x = Tensor(rounding: [1, 0, 1, 1], to: type, shape: [2, 2])
        let swapped = Tensor(rounding: [1, 1, 1, 0], to: type, shape: [2, 2])
        #expect(try apply("Gather", x, list(1, 0))[0].isBitEqual(to: swapped))
        let padded = try apply("Pad", x, list(0, 1, 0, 0))[0]
        let expected = Tensor(rounding: [0, 1, 0, 0, 1, 1], to: type, shape: [2, 3])
        #expect(padded.isBitEqual(to: expected))
    }

    @Test
    func `Concat joins along its axis`() throws {
        let (a, b) = (counting(2, 1), counting(2, 2))
        let result = try apply("Concat", ["axis": .int(-1)], a, b)
        expect(result[0], [1, 1, 2, 2, 3, 4], shape: [2, 3])
        expect(try apply("Concat", opset: 1, a, b)[0], [1, 1, 2, 2, 3, 4], shape: [2, 3])
        let nothing = Tensor([Float](), shape: [2, 0])
        expect(try apply("Concat", ["axis": .int(1)], nothing, a)[0], [1, 2], shape: [2, 1])
    }

    @Test
    func `Concat refuses other sizes that differ, ranks, and a missing axis`() {
        let axis = ["axis": AttributeValue.int(0)]
        #expect(throws: OperatorError.self) {
            try apply("Concat", axis, counting(2, 1), counting(2, 2))
        }
        #expect(throws: OperatorError.self) {
            try apply("Concat", axis, counting(2), counting(2, 1))
        }
        #expect(throws: OperatorError.self) { try apply("Concat", axis, scalar(1), scalar(1)) }
        #expect(throws: OperatorError.self) { try apply("Concat", axis) }
        #expect(throws: OperatorError.attribute("axis", expected: "an axis", found: "none")) {
            try apply("Concat", opset: 4, counting(2))
        }
    }

    @Test
    func `Concat refuses sizes whose sum overflows`() {
        let huge = ValueInfo(elementType: .bool, shape: [1 << 62, 0])
        #expect(throws: OperatorError.self) { try Concat(axis: 0).outputTypes(for: [huge, huge]) }
    }

    @Test
    func `Gather replaces its axis by the indices' axes`() throws {
        let x = counting(2, 3)
        expect(try apply("Gather", x, Tensor([Int64(1)], shape: []))[0], [4, 5, 6])
        let columns = try apply("Gather", ["axis": .int(1)], x, list(-1, 0).reshaped([1, 2]))
        expect(columns[0], [3, 1, 6, 4], shape: [2, 1, 2])
    }

    @Test
    func `Gather refuses indices outside the axis, known early or late`() throws {
        #expect(throws: OperatorError.self) { try apply("Gather", counting(2), list(2)) }
        #expect(throws: OperatorError.self) { try apply("Gather", counting(2), list(.min)) }
        #expect(throws: OperatorError.self) { try apply("Gather", counting(2), row(0)) }
        #expect(throws: OperatorError.self) { try apply("Gather", scalar(2), list(0)) }
        _ = try Gather().outputTypes(for: [value(2), value(1, of: .int64)])
        #expect(throws: OperatorError.self) { try Gather().evaluate([counting(2), list(5)]) }
    }

    @Test(
        arguments: [
            ([1], [3], [0], [1], [2, 3]), ([-2], [.max], [-1], [1], [4, 5]),
            ([.max], [.min], [0], [-1], [5, 4, 3, 2, 1]), ([4], [0], [0], [-2], [5, 3]),
            ([0], [5], [0], [3], [1, 4]), ([3], [1], [0], [1], []),
            ([.min], [2], [0], [1], [1, 2]),
            ([0], [.max], [0], [.max], [1]), ([4], [.min], [0], [.min], [5]),
        ] as [([Int64], [Int64], [Int64], [Int64], [Double])])
    func `Slice clamps, counts from the end and walks backwards`(
        _ starts: [Int64], _ ends: [Int64], _ axes: [Int64], _ steps: [Int64], _ result: [Double]
    ) throws {
        let found = try apply(
            "Slice", counting(5), Tensor(starts), Tensor(ends), Tensor(axes), Tensor(steps))
        expect(found[0], result)
    }

    @Test
    func `Slice before opset 10 has its numbers in attributes`() throws {
        let attributes = [
            "starts": AttributeValue.ints([1]), "ends": .ints([2]), "axes": .ints([1]),
        ]
        expect(try apply("Slice", attributes, opset: 9, counting(2, 2))[0], [2, 4], shape: [2, 1])
    }

    @Test
    func `Slice refuses step 0, uneven lists and axes outside`() {
        let x = counting(2, 2)
        #expect(throws: OperatorError.self) {
            try apply("Slice", x, list(0), list(1), list(0), list(0))
        }
        #expect(throws: OperatorError.self) { try apply("Slice", x, list(0), list(1, 1)) }
        #expect(throws: OperatorError.self) { try apply("Slice", x, list(0), list(1), list(2)) }
        #expect(throws: OperatorError.self) {
            try apply("Slice", x, list(0, 0), list(1, 1), list(1, -1))
        }
        #expect(throws: OperatorError.self) {
            try apply("Slice", x, list(0, 0, 0), list(1, 1, 1))
        }
        #expect(throws: OperatorError.self) { try apply("Slice", x, list(0)) }
    }

    @Test
    func `Expand stretches either side`() throws {
        expect(try apply("Expand", counting(2, 1), list(2))[0], [1, 1, 2, 2], shape: [2, 2])
        #expect(try apply("Expand", counting(2, 3), list(1))[0].shape == [2, 3])
        #expect(throws: OperatorError.self) { try apply("Expand", counting(2), list(3)) }
        #expect(throws: OperatorError.self) { try apply("Expand", counting(1), list(-1)) }
    }

    @Test(
        arguments: [
            ("constant", [0, 0, 1, 2, 3, 0]), ("edge", [1, 1, 1, 2, 3, 3]),
            ("reflect", [3, 2, 1, 2, 3, 2]),
        ] as [(String, [Double])])
    func `Pad fills in three ways`(_ mode: String, _ expected: [Double]) throws {
        let result = try apply("Pad", ["mode": .string(mode)], row(1, 2, 3), list(2, 1))
        expect(result[0], expected)
    }

    @Test
    func `Pad crops where pads are negative`() throws {
        expect(try apply("Pad", counting(5), list(-1, -2))[0], [2, 3])
        expect(try apply("Pad", counting(3), list(-1, 1))[0], [2, 3, 0])
        let mixed = try apply("Pad", ["mode": .string("edge")], counting(3), list(2, -1))
        expect(mixed[0], [1, 1, 1, 2])
    }

    @Test
    func `Pad takes its value and its axes`() throws {
        let result = try apply("Pad", counting(1, 2), list(1, 0), scalar(9), list(-2))
        expect(result[0], [9, 9, 1, 2], shape: [2, 2])
        let attributes = ["pads": AttributeValue.ints([1, 0]), "value": .float(7)]
        expect(try apply("Pad", attributes, opset: 2, row(1))[0], [7, 1])
        expect(try apply("Pad", ["paddings": .ints([0, 1])], opset: 1, row(1))[0], [1, 0])
    }

    @Test(
        arguments: [
            ("constant", [1]), ("constant", [.max, .max]), ("constant", [.min, 0]),
            ("constant", [-2, -2]), ("reflect", [3, 0]), ("reflect", [-2, 1]), ("edge", [-3, 1]),
            ("wrap", [1, 1]), ("", [0, 0]),
        ] as [(String, [Int64])])
    func `Pad refuses pads that its mode cannot apply`(_ mode: String, _ pads: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("Pad", ["mode": .string(mode)], row(1, 2, 3), Tensor(pads))
        }
    }

    @Test
    func `Cast truncates, saturates and rounds`() throws {
        let x = Tensor([-1.7, 300, .nan, 0.1])
        #expect(try apply("Cast", ["to": .int(2)], x)[0].integers() == [0, 255, 0, 0])
        #expect(try apply("Cast", ["to": .int(9)], x)[0].doubles() == [1, 1, 1, 1])
        #expect(try apply("Cast", ["to": .int(1)], Tensor([0.1]))[0].isBitEqual(to: row(0.1)))
        let old = try apply("Cast", ["to": .string("INT64")], opset: 1, row(2.5))
        #expect(old[0].integers() == [2])
    }

    @Test
    func `Cast to floats of 8 bits saturates unless told otherwise, from opset 19`() throws {
        let x = row(1000, -1000)
        for (saturate, expected) in [(nil, [448, -448]), (1, [448, -448]), (0, [.nan, .nan])]
            as [(Int64?, [Double])]
        {
            var attributes = ["to": AttributeValue.int(17)]
            if let saturate { attributes["saturate"] = .int(saturate) }
            let found = try apply("Cast", attributes, opset: 19, x)[0]
            #expect(found.elementType == .float8e4m3fn)
            expect(found.converted(to: .float32), expected)
        }
        #expect(throws: OperatorError.unknownAttribute("saturate")) {
            try apply("Cast", ["to": .int(17), "saturate": .int(0)], opset: 18, x)
        }
    }

    @Test(arguments: [("up", 2.0), ("down", 1.0), ("nearest", 1.0), (nil, 2.0)])
    func `Cast to powers of two rounds as told, from opset 24`(
        _ mode: String?, _ expected: Double
    ) throws {
        var attributes = ["to": AttributeValue.int(24)]
        attributes["round_mode"] = mode.map { .string($0) }
        let found = try apply("Cast", attributes, opset: 24, row(1.25))[0]
        #expect(found.doubles() == [expected])
        #expect(throws: OperatorError.self) {
            try apply("Cast", ["to": .int(24), "round_mode": .string("odd")], opset: 24, row(1))
        }
    }

    @Test(arguments: [0, 8, 14, 99, -1, Int64.max])
    func `Cast refuses types Ferry does not know`(_ code: Int64) {
        #expect(throws: OperatorError.self) { try apply("Cast", ["to": .int(code)], row(1)) }
    }

    @Test
    func `Cast refuses a type named the other opset's way`() {
        #expect(throws: OperatorError.self) {
            try apply("Cast", ["to": .string("FLOAT")], row(1))
        }
        #expect(throws: OperatorError.self) {
            try apply("Cast", ["to": .int(1)], opset: 1, row(1))
        }
        #expect(throws: OperatorError.self) { try apply("Cast", row(1)) }
    }

    @Test
    func `Constant holds one value of any kind`() throws {
        expect(try apply("Constant", ["value": .tensor(row(1, 2))])[0], [1, 2])
        expect(try apply("Constant", ["value_float": .float(2)])[0], [2], shape: [])
        expect(try apply("Constant", ["value_floats": .floats([2, 3])])[0], [2, 3])
        #expect(try apply("Constant", ["value_int": .int(.max)])[0].integers() == [.max])
        #expect(try apply("Constant", ["value_ints": .ints([4, 5])])[0].integers() == [4, 5])
    }

    @Test
    func `Constant refuses none, two, strings and sparse tensors`() {
        #expect(throws: OperatorError.self) { try apply("Constant") }
        #expect(throws: OperatorError.self) {
            try apply("Constant", ["value_int": .int(1), "value_float": .float(1)])
        }
        #expect(throws: OperatorError.unsupported("a Constant with 'value_string'")) {
            try apply("Constant", ["value_string": .string("x")])
        }
        #expect(throws: OperatorError.unsupported("a Constant with 'sparse_value'")) {
            try apply("Constant", ["sparse_value": .other("sparse tensor")])
        }
    }

    @Test
    func `ConstantOfShape repeats its value`() throws {
        expect(try apply("ConstantOfShape", list(2, 2))[0], [0, 0, 0, 0], shape: [2, 2])
        let ones = try apply("ConstantOfShape", ["value": .tensor(list(7))], Tensor([Int64]()))
        #expect(ones[0].integers() == [7] && ones[0].shape == [])
        #expect(throws: OperatorError.self) { try apply("ConstantOfShape", list(-1)) }
        #expect(throws: OperatorError.self) {
            try apply("ConstantOfShape", ["value": .tensor(row(1, 2))], list(2))
        }
    }
}
