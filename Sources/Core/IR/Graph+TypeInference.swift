package import Tensors

extension Graph {
    /// Constants computed during inference stay below this many elements; larger ones are weights.
    private static var foldingLimit: Int { 1 << 16 }

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
        for node in nodes {
            var inputs: [ValueInfo?] = []
            for name in node.inputs {
                if name.isEmpty {
                    inputs.append(nil)
                } else if let value = values[name] {
                    inputs.append(value)
                } else {
                    throw .undefinedValue(node: node.name, value: name)
                }
            }
            let outputs: [ValueInfo]
            do {
                outputs = try Self.infer(node.op, inputs)
            } catch {
                throw .node(name: node.name, type: node.op.type, error)
            }
            for (name, value) in zip(node.outputs, outputs) where !name.isEmpty {
                values[name] = value
            }
        }
        return values
    }

    /// The outputs' types, with their elements where small enough to follow during inference.
    private static func infer(
        _ op: any Operator, _ inputs: [ValueInfo?]
    ) throws(OperatorError) -> [ValueInfo] {
        let types = try op.outputTypes(for: inputs)
        for type in types where Tensor.byteCount(of: type.shape, type.elementType) == nil {
            throw .outputTooLarge(type.shape)
        }
        if let constants = op.constantOutputs(for: inputs) {
            return constants.map { ValueInfo($0) }
        }
        let isSmall = (types + inputs.compactMap(\.self)).allSatisfy {
            (Tensor.elementCount(of: $0.shape) ?? .max) <= foldingLimit
        }
        guard isSmall, inputs.allSatisfy({ $0 == nil || $0?.constant != nil }) else { return types }
        return try op.evaluate(inputs.map { $0?.constant }).map { ValueInfo($0) }
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
