import IR
import Tensors
import Testing

/// Reductions and ArgMax.
struct ReductionTests {
    @Test(
        arguments: [
            ("ReduceMean", [2, 5]), ("ReduceMax", [3, 6]), ("ReduceMin", [1, 4]),
        ] as [(String, [Double])])
    func `a reduction combines an axis`(_ type: String, _ expected: [Double]) throws {
        let axes = ["axes": AttributeValue.ints([-1])]
        expect(try apply(type, axes, counting(2, 3))[0], expected, shape: [2, 1])
        let flat = axes.merging(["keepdims": .int(0)]) { $1 }
        expect(try apply(type, flat, counting(2, 3))[0], expected)
        let input = try apply(type, ["keepdims": .int(0)], opset: 18, counting(2, 3), list(1))
        expect(input[0], expected)
    }

    @Test
    func `ReduceSum takes its axes as an attribute or an input`() throws {
        let x = counting(2, 3)
        expect(try apply("ReduceSum", x, list(0))[0], [5, 7, 9], shape: [1, 3])
        let old = try apply("ReduceSum", ["axes": .ints([0])], opset: 11, x)
        expect(old[0], [5, 7, 9], shape: [1, 3])
        expect(try apply("ReduceSum", x)[0], [21], shape: [1, 1])
    }

    @Test
    func `no axes means all, or none where the file says so`() throws {
        let x = counting(2, 2)
        let attributes = ["noop_with_empty_axes": AttributeValue.int(1)]
        #expect(try apply("ReduceSum", attributes, x)[0].isBitEqual(to: x))
        #expect(try apply("ReduceMean", attributes, opset: 18, x)[0].isBitEqual(to: x))
        expect(try apply("ReduceMean", ["keepdims": .int(0)], x)[0], [2.5], shape: [])
    }

    @Test
    func `reducing two axes keeps the one between`() throws {
        let result = try apply(
            "ReduceSum", ["keepdims": .int(0)], counting(2, 3, 2), list(0, -1))
        expect(result[0], [1 + 2 + 7 + 8, 3 + 4 + 9 + 10, 5 + 6 + 11 + 12])
    }

    @Test(arguments: [[2], [-3], [0, 0], [1, -1], [.min], [.max]] as [[Int64]])
    func `axes outside or repeated are refused`(_ axes: [Int64]) {
        #expect(throws: OperatorError.self) {
            try apply("ReduceMax", ["axes": .ints(axes)], counting(2, 2))
        }
        #expect(throws: OperatorError.self) {
            try apply("ReduceSum", counting(2, 2), Tensor(axes))
        }
    }

    @Test
    func `the axes attribute is unknown once the axes are an input`() {
        let axes = ["axes": AttributeValue.ints([0])]
        #expect(throws: OperatorError.unknownAttribute("axes")) {
            try apply("ReduceSum", axes, opset: 13, row(1))
        }
        #expect(throws: OperatorError.unknownAttribute("axes")) {
            try apply("ReduceMean", axes, opset: 18, row(1))
        }
    }

    @Test
    func `reducing nothing gives 0, or is refused where there is no answer`() throws {
        let empty = Tensor([Float](), shape: [0, 2])
        expect(try apply("ReduceSum", empty, list(0))[0], [0, 0], shape: [1, 2])
        expect(try apply("ReduceMax", empty)[0], [-.infinity], shape: [1, 1])
        expect(try apply("ReduceMin", empty, list(0))[0], [.infinity, .infinity], shape: [1, 2])
        let none = Tensor(rounding: [], to: .bool, shape: [0])
        expect(try apply("ReduceMax", none)[0], [0], shape: [1])
        expect(try apply("ReduceMin", none)[0], [1], shape: [1])
        let truths = Tensor(rounding: [0, 1, 0], to: .bool, shape: [3])
        #expect(try apply("ReduceMax", truths)[0].elementType == .bool)
        expect(try apply("ReduceMin", truths)[0], [0], shape: [1])
        #expect(try apply("ReduceMax", ["axes": .ints([1])], empty)[0].shape == [0, 1])
    }

    @Test
    func `axes given as an input are written as an attribute where opset 17 has one`() throws {
        let op = ReduceMean(Reduction(keepsDimensions: false))
        let form = try #require(op.writtenForm(for: [value(2, 2), ValueInfo(list(1))]))
        #expect((form.op as? ReduceMean)?.reduction == Reduction(axes: [1], keepsDimensions: false))
        #expect(form.inputCount == 1)
        #expect(
            ReduceSum().writtenForm(for: [value(2), ValueInfo(list(0))]).map(\.inputCount) == nil)
        #expect(op.writtenForm(for: [value(2, 2)]).map(\.inputCount) == nil)
    }

    @Test
    func `ArgMax finds the first of the largest, or the last`() throws {
        let x = Tensor([1, 3, 3, 2, 0, 2].map { Float($0) }, shape: [2, 3])
        let last = ["axis": AttributeValue.int(-1), "keepdims": .int(0)]
        #expect(try apply("ArgMax", last, x)[0].integers() == [1, 0])
        let select = last.merging(["select_last_index": .int(1)]) { $1 }
        #expect(try apply("ArgMax", select, x)[0].integers() == [2, 2])
        let columns = try apply("ArgMax", x)[0]
        #expect(columns.integers() == [1, 0, 0] && columns.shape == [1, 3])
        #expect(try apply("ArgMax", row(1, .nan, 2))[0].integers() == [1])
    }

    @Test
    func `ArgMax refuses an axis outside or empty`() {
        #expect(throws: OperatorError.self) { try apply("ArgMax", ["axis": .int(1)], row(1)) }
        #expect(throws: OperatorError.self) { try apply("ArgMax", Tensor([Float]())) }
        #expect(throws: OperatorError.self) { try apply("ArgMax", scalar(1)) }
    }
}
