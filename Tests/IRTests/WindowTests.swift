import IR
import Tensors
import Testing

/// Convolutions and pools.
struct WindowTests {
    @Test
    func `Conv slides the kernel without flipping it`() throws {
        let kernel = Tensor([Float(1), 0, 0, 10], shape: [1, 1, 2, 2])
        let result = try apply("Conv", counting(1, 1, 3, 3), kernel, row(0.5))
        expect(result[0], [51.5, 62.5, 84.5, 95.5], shape: [1, 1, 2, 2])
    }

    @Test
    func `Conv pads, strides and dilates`() throws {
        let kernel = Tensor([Float(1), 1], shape: [1, 1, 2])
        let pads = ["pads": AttributeValue.ints([1, 0]), "strides": .ints([2])]
        expect(try apply("Conv", pads, counting(1, 1, 4), kernel)[0], [1, 5], shape: [1, 1, 2])
        let dilated = try apply("Conv", ["dilations": .ints([3])], counting(1, 1, 5), kernel)
        expect(dilated[0], [5, 7], shape: [1, 1, 2])
    }

    @Test
    func `Conv in groups reads each group's channels alone`() throws {
        let kernel = Tensor([Float(1), 10], shape: [2, 1, 1])
        let result = try apply("Conv", ["group": .int(2)], counting(1, 2, 2), kernel)
        expect(result[0], [1, 2, 30, 40], shape: [1, 2, 2])
    }

    @Test
    func `SAME puts the odd cell where its name says`() throws {
        let kernel = Tensor([Float(1), 10], shape: [1, 1, 2])
        let x = counting(1, 1, 3)
        let upper = try apply("Conv", ["auto_pad": .string("SAME_UPPER")], x, kernel)
        expect(upper[0], [21, 32, 3], shape: [1, 1, 3])
        let lower = try apply("Conv", ["auto_pad": .string("SAME_LOWER")], x, kernel)
        expect(lower[0], [10, 21, 32], shape: [1, 1, 3])
        let valid = try apply("Conv", ["auto_pad": .string("VALID")], x, kernel)
        expect(valid[0], [21, 32], shape: [1, 1, 2])
    }

    static let badConvs: [[String: AttributeValue]] = [
        ["group": .int(0)], ["group": .int(2)], ["strides": .ints([0, 1])],
        ["strides": .ints([-1, 1])], ["dilations": .ints([0, 1])], ["strides": .ints([1])],
        ["pads": .ints([1, 1])], ["pads": .ints([-1, 0, 0, 0])], ["kernel_shape": .ints([2, 2])],
        ["kernel_shape": .ints([3])], ["dilations": .ints([9, 9])],
        ["auto_pad": .string("SAME")], ["pads": .ints([.max, .max, .max, .max])],
        ["auto_pad": .string("SAME_UPPER"), "pads": .ints([1, 1, 1, 1])],
        ["strides": .int(1)], ["ceil_mode": .int(1)], ["unheard_of": .int(1)],
    ]

    @Test(arguments: badConvs.indices)
    func `Conv refuses attributes that mean nothing`(_ index: Int) {
        #expect(throws: OperatorError.self) {
            try apply("Conv", Self.badConvs[index], counting(1, 1, 4, 4), counting(1, 1, 3, 3))
        }
    }

    @Test
    func `Conv refuses shapes that do not belong together`() {
        let x = counting(1, 2, 4, 4)
        #expect(throws: OperatorError.self) { try apply("Conv", x) }
        #expect(throws: OperatorError.self) { try apply("Conv", x, counting(1, 3, 3, 3)) }
        #expect(throws: OperatorError.self) { try apply("Conv", x, counting(1, 2, 3)) }
        #expect(throws: OperatorError.self) { try apply("Conv", x, counting(1, 2, 5, 5)) }
        #expect(throws: OperatorError.self) {
            try apply("Conv", x, counting(1, 2, 3, 3), row(1, 2))
        }
        #expect(throws: OperatorError.self) { try apply("Conv", row(1), row(1)) }
    }

    @Test
    func `MaxPool takes the largest, never the padding`() throws {
        let x = Tensor([-1, -2, -3, -4].map { Float($0) }, shape: [1, 1, 4])
        let attributes = [
            "kernel_shape": AttributeValue.ints([2]), "strides": .ints([2]), "pads": .ints([1, 1]),
        ]
        expect(try apply("MaxPool", attributes, x)[0], [-1, -2, -4], shape: [1, 1, 3])
    }

    @Test
    func `MaxPool lets NaN through`() throws {
        let x = Tensor([1, .nan, 3, 4] as [Float], shape: [1, 1, 4])
        let result = try apply("MaxPool", ["kernel_shape": .ints([2])], x)
        expect(result[0], [.nan, .nan, 4], shape: [1, 1, 3])
    }

    @Test(
        arguments: [
            (0, [4, 2, 2, 9, 8, 8]), (1, [3, 4, 4, 7, 10, 10]),
        ] as [(Int64, [Int64])])
    func `MaxPool tells where the largest are, the first of equal ones`(
        _ order: Int64, _ expected: [Int64]
    ) throws {
        let x = Tensor(
            [1, 2, 5, 3, 5, 0, 0, 2, 6, 4, 4, 4] as [Float], shape: [1, 2, 2, 3])
        let attributes = [
            "kernel_shape": AttributeValue.ints([2, 2]), "pads": .ints([0, 0, 0, 1]),
            "storage_order": .int(order),
        ]
        let result = try apply("MaxPool", attributes, x)
        #expect(result.map(\.shape) == [[1, 2, 1, 3], [1, 2, 1, 3]])
        expect(result[0], [5, 5, 5, 4, 6, 6], shape: [1, 2, 1, 3])
        #expect(result[1].integers() == expected)
    }

    @Test
    func `MaxPool of integers stays exact`() throws {
        let x = Tensor(rounding: [-5, 3, 127], to: .int8, shape: [1, 1, 3])
        let result = try apply("MaxPool", ["kernel_shape": .ints([2])], x)
        #expect(result[0].integers() == [3, 127])
    }

    @Test
    func `ceil_mode adds a last window only where it begins on the input or before it`() throws {
        func sizes(_ input: Int, _ stride: Int, _ pads: [Int64]) throws -> [Int] {
            let attributes = [
                "kernel_shape": AttributeValue.ints([3]), "strides": .ints([Int64(stride)]),
                "pads": .ints(pads), "ceil_mode": .int(1),
            ]
            return try apply("MaxPool", attributes, counting(1, 1, input))[0].shape
        }
        #expect(try sizes(6, 2, [0, 0]) == [1, 1, 3])
        #expect(try sizes(7, 2, [0, 0]) == [1, 1, 3])
        #expect(try sizes(6, 2, [1, 1]) == [1, 1, 4])
        #expect(try sizes(6, 4, [1, 2]) == [1, 1, 2])
        #expect(try sizes(4, 3, [0, 2]) == [1, 1, 2])
    }

    @Test
    func `AveragePool counts padding where told, never what hangs over the end`() throws {
        var attributes = [
            "kernel_shape": AttributeValue.ints([3]), "strides": .ints([2]), "pads": .ints([1, 1]),
            "ceil_mode": .int(1), "count_include_pad": .int(1),
        ]
        let x = counting(1, 1, 6)
        expect(try apply("AveragePool", attributes, x)[0], [1, 3, 5, 3], shape: [1, 1, 4])
        attributes["count_include_pad"] = .int(0)
        expect(try apply("AveragePool", attributes, x)[0], [1.5, 3, 5, 6], shape: [1, 1, 4])
    }

    @Test
    func `AveragePool in two dimensions divides corners by their real cells`() throws {
        let attributes = [
            "kernel_shape": AttributeValue.ints([2, 2]), "pads": .ints([1, 1, 0, 0]),
        ]
        let result = try apply("AveragePool", attributes, counting(1, 1, 2, 2))
        expect(result[0], [1, 1.5, 2, 2.5], shape: [1, 1, 2, 2])
    }

    @Test
    func `global pools keep the rank`() throws {
        let x = counting(1, 2, 2, 2)
        expect(try apply("GlobalAveragePool", x)[0], [2.5, 6.5], shape: [1, 2, 1, 1])
        expect(try apply("GlobalMaxPool", x)[0], [4, 8], shape: [1, 2, 1, 1])
        #expect(throws: OperatorError.self) { try apply("GlobalMaxPool", row(1)) }
        #expect(throws: OperatorError.self) {
            try apply("GlobalAveragePool", Tensor([Float](), shape: [1, 2, 0]))
        }
    }

    static let badPools: [[String: AttributeValue]] = [
        [:], ["kernel_shape": .ints([])], ["kernel_shape": .ints([0])],
        ["kernel_shape": .ints([5])], ["kernel_shape": .ints([2, 2])],
        ["kernel_shape": .ints([2]), "pads": .ints([2, 0])],
        ["kernel_shape": .ints([2]), "ceil_mode": .int(2)],
        ["kernel_shape": .ints([2]), "strides": .ints([.min])],
        ["kernel_shape": .ints([.max])], ["kernel_shape": .floats([2])],
    ]

    @Test(arguments: ["MaxPool", "AveragePool"], badPools.indices)
    func `pools refuse windows that mean nothing`(_ type: String, _ index: Int) {
        #expect(throws: OperatorError.self) {
            try apply(type, Self.badPools[index], counting(1, 1, 4))
        }
    }

    @Test
    func `the largest window on the largest padding is refused, not attempted`() throws {
        let big = Int64(1 << 30)
        let attributes = [
            "kernel_shape": AttributeValue.ints([big, big, big]),
            "pads": .ints([big, big, big, big, big, big]),
        ]
        #expect(throws: OperatorError.self) {
            try apply("MaxPool", attributes, counting(1, 1, 1, 1, 1))
        }
    }
}
