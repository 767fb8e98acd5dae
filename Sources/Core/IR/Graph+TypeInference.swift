package import Tensors

extension Graph {
    /// Shapes of the graph's inputs where the caller gave none: declared sizes, 1 for symbolic ones.
    ///
    /// - Throws: `.unknownInputShape` when a size is neither declared nor symbolic.
    package func defaultInputShapes(batch: Int = 1) throws(GraphError) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for input in inputs {
            guard let declared = input.shape else { throw .unknownInputShape(input: input.name) }
            var shape: [Int] = []
            for (axis, dimension) in declared.enumerated() {
                switch dimension {
                case .fixed(let size): shape.append(size)
                case .symbolic, .unknown:
                    if axis > 0 { throw .unknownInputShape(input: input.name) }
                    shape.append(batch)
                }
            }
            shapes[input.name] = shape
        }
        return shapes
    }

    /// Shapes the inputs may have: declared sizes, `batch` for an open first one, 3 for open channels,
    /// `side` for others.
    package func assumedShapes(batch: Int, side: Int) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for input in inputs {
            shapes[input.name] = input.shape?.enumerated().map { axis, dimension in
                if case .fixed(let size) = dimension { return size }
                return axis == 0 ? batch : axis == 1 ? 3 : side
            }
        }
        return shapes
    }

    /// Requires operators to accept what they read, where the declared input shapes say what that is.
    ///
    /// Shapes that inputs decide can be checked only when these are given.
    package func checkTypes(constants: [NamedTensor]) throws(GraphError) {
        guard let shapes = try? defaultInputShapes() else { return }
        let constants = Dictionary(constants.map { ($0.name, $0.tensor) }) { $1 }
        do {
            _ = try inferTypes(inputShapes: shapes, constants: constants)
        } catch {
            if error.asksForValues, inputs.contains(where: \.mayDecideShapes) { return }
            throw error
        }
    }

    /// Types of all values, given the inputs' shapes and the constant tensors.
    ///
    /// - Throws: `GraphError` naming the node whose operator refuses its inputs, or the input whose
    ///   shape contradicts its declaration.
    package func inferTypes(
        inputShapes: [String: [Int]], constants: [String: Tensor]
    ) throws(GraphError) -> [String: ValueInfo] {
        var values: [String: ValueInfo] = constants.mapValues { ValueInfo($0) }
        var symbols: [String: Int] = [:]
        for input in inputs {
            guard let shape = inputShapes[input.name] else { throw .missingInput(input.name) }
            try check(shape, against: input, symbols: &symbols)
            values[input.name] = ValueInfo(elementType: input.elementType, shape: shape)
        }
        var inference = Inference()
        var uncomputed: [String: Node] = [:]
        for node in nodes {
            let inputs = try Self.inputs(of: node, in: values, uncomputed)
            let outputs: [ValueInfo]
            do {
                outputs = try inference.infer(node.op, inputs)
            } catch {
                throw .node(name: node.name, type: node.op.type, error)
            }
            for (name, value) in zip(node.outputs, outputs) where !name.isEmpty {
                values[name] = value
            }
            for name in node.outputs.dropFirst(outputs.count) { uncomputed[name] = node }
        }
        for output in self.outputs where values[output.name] == nil {
            throw Self.missing(output.name, for: nil, uncomputed)
        }
        return values
    }

    private static func inputs(
        of node: Node, in values: [String: ValueInfo], _ uncomputed: [String: Node]
    ) throws(GraphError) -> [ValueInfo?] {
        var inputs: [ValueInfo?] = []
        for name in node.inputs {
            if name.isEmpty {
                inputs.append(nil)
            } else if let value = values[name] {
                inputs.append(value)
            } else {
                throw missing(name, for: node, uncomputed)
            }
        }
        return inputs
    }

    /// Why `value` cannot be read, by `node` or as an output of the graph.
    private static func missing(
        _ value: String, for node: Node?, _ uncomputed: [String: Node]
    ) -> GraphError {
        if let producer = uncomputed[value], let index = producer.outputs.firstIndex(of: value) {
            return .node(
                name: producer.name, type: producer.op.type,
                .unsupported("a use of its output \(index), '\(value)'"))
        }
        guard let node else { return .missingOutput(value) }
        return .undefinedValue(node: node.name, value: value)
    }

    private func check(
        _ shape: [Int], against input: ValueDeclaration, symbols: inout [String: Int]
    ) throws(GraphError) {
        guard let declared = input.shape else { return }
        var matches = declared.count == shape.count
        for (dimension, size) in zip(declared, shape) {
            switch dimension {
            case .fixed(let expected): matches = matches && expected == size
            case .symbolic(let name):
                matches = matches && symbols[name, default: size] == size
                symbols[name] = size
            case .unknown: break
            }
        }
        if !matches || Tensor.byteCount(of: shape, input.elementType) == nil {
            throw .inputShape(
                input: input.name, expected: ValueDeclaration.describe(declared), found: shape)
        }
    }
}

/// Types of one node's outputs at a time, within a budget for the constants computed on the way.
struct Inference {
    /// Constants computed during inference stay below this many elements; larger ones are weights.
    static let elementLimit = 1 << 16
    /// Larger outputs than this many bytes are refused: no machine holds them.
    static let byteLimit = 1 << 40

    /// Elements that may still be computed, so that no file of many small nodes fills the memory.
    private var budget = 1 << 24

    /// The outputs' types, with their elements where they are constant and few.
    mutating func infer(
        _ op: any Operator, _ inputs: [ValueInfo?]
    ) throws(OperatorError) -> [ValueInfo] {
        let types = try op.outputTypes(for: inputs)
        for type in types {
            guard let size = Tensor.byteCount(of: type.shape, type.elementType),
                size <= Self.byteLimit
            else { throw .outputTooLarge(type.shape) }
        }
        if let constants = op.constantOutputs(for: inputs) {
            return constants.map { ValueInfo($0) }
        }
        guard op is any Foldable, inputs.allSatisfy({ $0 == nil || $0?.constant != nil }) else {
            return types
        }
        let counts = (types + inputs.compactMap(\.self)).map {
            Tensor.elementCount(of: $0.shape) ?? .max
        }
        guard counts.allSatisfy({ $0 <= Self.elementLimit }) else { return types }
        let cost = counts.reduce(0, +)
        guard cost <= budget else { return types }
        budget -= cost
        return try op.evaluate(inputs.map { $0?.constant }).map { ValueInfo($0) }
    }
}

extension ValueDeclaration {
    /// A shape as people write it: `[N, 3, 224, 224]`.
    package static func describe(_ shape: [Dimension]?) -> String {
        guard let shape else { return "of unknown rank" }
        let sizes = shape.map { dimension in
            switch dimension {
            case .fixed(let size): "\(size)"
            case .symbolic(let name): name
            case .unknown: "?"
            }
        }
        return "[\(sizes.joined(separator: ", "))]"
    }
}
