import IR
import Tensors
import Testing

struct ResizeTests {
    private func resized(
        _ x: Tensor, _ attributes: [String: AttributeValue] = [:], opset: Int = 18,
        scales: [Float]? = nil, sizes: [Int64]? = nil, region: [Float]? = nil
    ) throws -> Tensor {
        try apply(
            "Resize", attributes, opset: opset, x, region.map { Tensor($0) },
            scales.map { Tensor($0) }, sizes.map { Tensor($0) })[0]
    }

    @Test
    func `nearest repeats cells`() throws {
        let found = try resized(counting(2, 2), scales: [2, 3])
        expect(
            found, [1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4],
            shape: [4, 6])
    }

    @Test
    func `linear mixes neighbours by each rule of coordinates`() throws {
        func linear(_ rule: String, _ scale: Float) throws -> [Double] {
            try resized(
                row(0, 4, 8),
                ["mode": .string("linear"), "coordinate_transformation_mode": .string(rule)],
                scales: [scale]
            ).doubles()
        }
        #expect(try linear("half_pixel", 2) == [0, 1, 3, 5, 7, 8])
        #expect(try linear("asymmetric", 2) == [0, 2, 4, 6, 8, 8])
        #expect(
            try linear("align_corners", 2).map { ($0 * 10).rounded() } == [0, 16, 32, 48, 64, 80])
        #expect(try linear("pytorch_half_pixel", 0.4) == [0])
        #expect(try linear("half_pixel_symmetric", 2) == [0, 1, 3, 5, 7, 8])
    }

    @Test
    func `cubic is Keys' kernel`() throws {
        let found = try resized(row(0, 0, 1, 0, 0), ["mode": .string("cubic")], scales: [2])
        let w = [-0.03515625, -0.1171875 + 0.01171875, 0.26171875, 0.87890625]
        #expect(found.shape == [10])
        #expect(abs(found.doubles()[4] - w[3]) < 1e-6)
        #expect(abs(found.doubles()[3] - w[2]) < 1e-6)
    }

    @Test
    func `sizes may share one scale`() throws {
        let x = counting(2, 4)
        #expect(try resized(x, sizes: [6, 6]).shape == [6, 6])
        let smaller = ["keep_aspect_ratio_policy": AttributeValue.string("not_larger")]
        #expect(try resized(x, smaller, sizes: [6, 6]).shape == [3, 6])
        let larger = ["keep_aspect_ratio_policy": AttributeValue.string("not_smaller")]
        #expect(try resized(x, larger, sizes: [6, 6]).shape == [6, 12])
        let one = ["axes": AttributeValue.ints([-1])]
        #expect(try resized(x, one, sizes: [8]).shape == [2, 8])
    }

    @Test
    func `a region outside the input is filled`() throws {
        let attributes: [String: AttributeValue] = [
            "mode": .string("linear"), "extrapolation_value": .float(9),
            "coordinate_transformation_mode": .string("tf_crop_and_resize"),
        ]
        let found = try resized(row(1, 2, 3), attributes, sizes: [3], region: [0.5, 1.5])
        expect(found, [2, 3, 9])
    }

    @Test
    func `old files' nearest rounds down, or up where every axis shrinks`() throws {
        let x = row(1, 2, 3, 4)
        expect(try apply("Resize", opset: 10, x, row(1.5))[0], [1, 1, 2, 3, 3, 4])
        expect(try apply("Resize", opset: 10, x, row(0.6))[0], [1, 3])
        expect(
            try apply("Upsample", ["scales": .floats([2])], opset: 7, x)[0],
            [1, 1, 2, 2, 3, 3, 4, 4])
        expect(
            try apply("Upsample", ["mode": .string("linear")], opset: 9, x, row(2))[0],
            [1, 1.5, 2, 2.5, 3, 3.5, 4, 4])
    }

    @Test
    func `old forms are written as Resize is today`() throws {
        let x = row(1, 2, 3, 4)
        for scale in [0.6, 1.5, 2] as [Float] {
            let (op, inputs) = try decode(
                "Upsample", [:], opset: 9, [x, row(scale)])
            let form = try #require(
                (op as? any Modernized)?.writtenForm(for: inputs.map { $0.map { ValueInfo($0) } }))
            let after = try form.op.evaluate([x, nil, form.replacements[2]])
            let before = try op.evaluate(inputs)
            #expect(after[0].isBitEqual(to: before[0]))
        }
    }

    @Test
    func `what cannot be resized is refused`() {
        let x = counting(2, 2)
        #expect(throws: OperatorError.self) { try resized(x) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [2, 2], sizes: [4, 4]) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [2]) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [0, 1]) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [-1, 1]) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [.nan, 1]) }
        #expect(throws: OperatorError.self) { try resized(x, scales: [.infinity, 1]) }
        #expect(throws: OperatorError.self) { try resized(x, sizes: [-1, 1]) }
        #expect(throws: OperatorError.self) { try resized(x, sizes: [.max, 1]) }
        let wide = Tensor(zerosOf: .float32, shape: [1, 1 << 40])
        let larger = ["keep_aspect_ratio_policy": AttributeValue.string("not_smaller")]
        #expect(throws: OperatorError.self) { try resized(wide, larger, sizes: [1 << 39, 1]) }
        #expect(throws: OperatorError.self) {
            try resized(x, ["mode": .string("lanczos")], scales: [2, 2])
        }
        #expect(throws: OperatorError.self) {
            try resized(x, ["axes": .ints([0, 0])], scales: [2, 2])
        }
        #expect(throws: OperatorError.dependsOnData(input: 2)) {
            try Resize().outputTypes(for: [value(2), nil, value(1)])
        }
    }
}
