import IR
import Tensors
import Testing

/// Attributes of the whole registry: written and read back, wrong kinds, unknown names.
struct AttributeTests {
    /// Attributes with which an operator without defaults can be made.
    static func required(_ type: String) -> [String: AttributeValue] {
        switch type {
        case "AveragePool", "MaxPool": ["kernel_shape": .ints([2, 3])]
        case "Cast": ["to": .int(10)]
        case "Concat": ["axis": .int(-2)]
        case "Constant": ["value": .tensor(row(1, 2))]
        case "LRN": ["size": .int(5)]
        default: [:]
        }
    }

    /// Attributes that differ from their defaults.
    static let unusual: [(String, [String: AttributeValue])] = [
        ("ArgMax", ["axis": .int(2), "keepdims": .int(0), "select_last_index": .int(1)]),
        (
            "AveragePool",
            [
                "kernel_shape": .ints([2]), "strides": .ints([3]), "pads": .ints([1, 0]),
                "dilations": .ints([2]), "ceil_mode": .int(1), "count_include_pad": .int(1),
            ]
        ),
        ("BatchNormalization", ["epsilon": .float(0.5), "momentum": .float(0.25)]),
        ("ConstantOfShape", ["value": .tensor(list(7))]),
        (
            "Conv",
            [
                "group": .int(2), "kernel_shape": .ints([1]), "strides": .ints([1]),
                "pads": .ints([0, 0]),
            ]
        ),
        ("Conv", ["auto_pad": .string("SAME_LOWER"), "dilations": .ints([3, 3])]),
        ("Dropout", ["seed": .int(-4)]), ("Elu", ["alpha": .float(3)]),
        ("Flatten", ["axis": .int(-2)]), ("Gather", ["axis": .int(1)]),
        (
            "Gemm",
            ["alpha": .float(2), "beta": .float(3), "transA": .int(1), "transB": .int(1)]
        ),
        ("HardSigmoid", ["alpha": .float(2), "beta": .float(3)]),
        (
            "LRN",
            ["size": .int(3), "alpha": .float(2), "beta": .float(3), "bias": .float(4)]
        ),
        ("LeakyRelu", ["alpha": .float(2)]), ("LogSoftmax", ["axis": .int(1)]),
        ("MaxPool", ["kernel_shape": .ints([2, 2]), "auto_pad": .string("VALID")]),
        ("Pad", ["mode": .string("edge")]),
        ("ReduceMax", ["axes": .ints([0, -1]), "keepdims": .int(0)]),
        ("ReduceMean", ["axes": .ints([1])]),
        ("ReduceSum", ["keepdims": .int(0), "noop_with_empty_axes": .int(1)]),
        ("Reshape", ["allowzero": .int(1)]),
        ("Selu", ["alpha": .float(2), "gamma": .float(3)]),
        ("Shape", ["start": .int(1), "end": .int(-1)]), ("Softmax", ["axis": .int(1)]),
        ("Transpose", ["perm": .ints([1, 0])]),
    ]

    /// What an operator writes, in a form that can be compared.
    private func encoded(_ op: any Operator) -> [String: String] {
        var writer = AttributeWriter()
        op.encode(to: &writer)
        return Dictionary(uniqueKeysWithValues: writer.attributes.map { ($0, describe($1)) })
    }

    private func describe(_ value: AttributeValue) -> String {
        guard case .tensor(let tensor) = value else { return "\(value)" }
        return "\(tensor.elementType) \(tensor.shape) \(tensor.doubles())"
    }

    private func decoded(_ type: String, _ attributes: [String: AttributeValue]) throws
        -> any Operator
    {
        try decode(type, attributes, opset: OperatorRegistry.writtenOpset, []).0
    }

    private func readBack(_ op: any Operator) throws -> any Operator {
        var writer = AttributeWriter()
        op.encode(to: &writer)
        let attributes = Dictionary(
            uniqueKeysWithValues: writer.attributes.map { ($0.name, $0.value) })
        return try decoded(op.type, attributes)
    }

    @Test(arguments: OperatorRegistry.operators.map { $0.type })
    func `what an operator writes reads back as itself`(_ type: String) throws {
        let op = try decoded(type, Self.required(type))
        #expect(encoded(try readBack(op)) == encoded(op))
    }

    @Test(arguments: unusual.indices)
    func `every attribute given is written again`(_ index: Int) throws {
        let (type, attributes) = Self.unusual[index]
        let op = try decoded(type, attributes)
        let written = encoded(op)
        #expect(encoded(try readBack(op)) == written)
        for (name, value) in attributes { #expect(written[name] == describe(value), "\(name)") }
    }

    @Test(arguments: OperatorRegistry.operators.map { $0.type })
    func `an unknown attribute is refused by name`(_ type: String) {
        let attributes = Self.required(type).merging(["no_such_attribute": .int(1)]) { $1 }
        #expect(throws: OperatorError.unknownAttribute("no_such_attribute")) {
            try decoded(type, attributes)
        }
    }

    @Test(arguments: unusual.indices)
    func `an attribute of the wrong kind is refused by name`(_ index: Int) {
        let (type, attributes) = Self.unusual[index]
        for name in attributes.keys {
            var wrong = attributes
            wrong[name] = .other("graph")
            #expect(throws: OperatorError.self, "\(type).\(name)") { try decoded(type, wrong) }
        }
    }

    @Test
    func `the table is alphabetical and without repeats`() {
        let types = OperatorRegistry.operators.map { $0.type }
        #expect(types == Set(types).sorted())
    }

    @Test
    func `an unknown operator is refused by name`() {
        #expect(throws: OperatorError.unknownOperator("Frobnicate")) {
            try decoded("Frobnicate", [:])
        }
    }

    @Test(arguments: OperatorRegistry.operators.map { $0.type })
    func `no operator traps on inputs of any shape`(_ type: String) throws {
        let op = try decoded(type, Self.required(type))
        let shapes: [[Int]] = [[], [0], [1], [1 << 62], [1 << 40, 1 << 20], [2, 3, 4, 5]]
        for first in shapes {
            for second in shapes {
                for count in 0...6 {
                    let inputs = (0..<count).map { index in
                        ValueInfo(elementType: .float32, shape: index == 0 ? first : second)
                    }
                    _ = try? op.outputTypes(for: inputs)
                    _ = op.constantOutputs(for: inputs)
                }
            }
        }
    }

    @Test(arguments: OperatorRegistry.operators.map { $0.type })
    func `no operator traps on hostile integers`(_ type: String) throws {
        let op = try decoded(type, Self.required(type))
        let lists: [[Int64]] = [
            [], [0], [.min], [.max], [-1, -1], [.max, .max], [.min, .max], [1 << 32, 1 << 31],
        ]
        for list in lists {
            for count in 1...4 {
                let constant = ValueInfo(Tensor(list))
                let data = ValueInfo(elementType: .float32, shape: [2, 3])
                let inputs = [data] + [ValueInfo](repeating: constant, count: count)
                _ = try? op.outputTypes(for: inputs)
                _ = try? op.outputTypes(for: [ValueInfo](repeating: constant, count: count))
            }
        }
    }
}
