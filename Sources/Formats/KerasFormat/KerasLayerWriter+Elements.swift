import FormatInterface
import IR
import Tensors

/// Operators that work element by element.
extension KerasLayerWriter {
    /// - Returns: whether the node is an activation that Keras has.
    mutating func addActivation(_ node: Node) throws(OutputError) -> Bool {
        let simple = [
            "Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Softplus": "softplus",
            "Selu": "selu", "Exp": "exponential",
        ]
        var config: [String: JSONValue] = [:]
        var className = "Activation"
        switch node.op {
        case is PRelu:
            try addSlopes(node)
            return true
        case let hard as HardSigmoid:
            let bounded = try hardSigmoid(node, Double(hard.alpha.shortest), hard.beta.shortest)
            alias(node.outputs[0], bounded)
            return true
        case is HardSwish:
            let gate = try hardSigmoid(node, 1.0 / 6, 0.5)
            let input = try value(node.inputs[0], for: node)
            give("Multiply", for: node, reads: [input, gate], isPicture: input.isPicture)
            return true
        case let softmax as LogSoftmax:
            guard try softmaxAxis(node, softmax) == -1 else {
                throw refusal(node, "a LogSoftmax along other axes than the last of Keras'")
            }
            config["activation"] = .string("log_softmax")
        case let leaky as LeakyRelu:
            className = "LeakyReLU"
            config["alpha"] = .number(leaky.alpha.shortest)
        case let elu as Elu:
            className = "ELU"
            config["alpha"] = .number(elu.alpha.shortest)
        case is Clip:
            className = "ReLU"
            config["max_value"] = .number(try rectifierBound(node))
        case let softmax as Softmax:
            className = "Softmax"
            config["axis"] = .number(try softmaxAxis(node, softmax))
        default:
            guard let name = simple[node.op.type] else { return false }
            config["activation"] = .string(name)
        }
        let input = try value(node.inputs[0], for: node)
        give(className, config, for: node, reads: [input], isPicture: input.isPicture)
        return true
    }

    /// min(max(αx + β, 0), 1), whose numbers differ among the Kerases that know it by name.
    private mutating func hardSigmoid(
        _ node: Node, _ factor: Double, _ offset: Double
    ) throws(OutputError) -> Value {
        let line = insert(
            "Rescaling", ["scale": .number(factor), "offset": .number(offset)], suffix: "line",
            for: node, reads: try value(node.inputs[0], for: node))
        return insert(
            "ReLU", ["max_value": .number(1)], suffix: "bounds", for: node, reads: line)
    }

    private mutating func addSlopes(_ node: Node) throws(OutputError) {
        guard let weights = weights(of: node), weights.count == 1,
            case let shape = weights[0].tensor.shape, shape.count == rank(node.inputs[0]) - 1,
            let sizes = types[node.inputs[0]]?.shape
        else { throw refusal(node, "a PRelu whose slopes are no layer's weight") }
        var input = try value(node.inputs[0], for: node)
        if sizes.count == 4, !input.isPicture {
            input = insert(
                "Permute", ["dims": Self.list([2, 3, 1])], suffix: "hwc", for: node, reads: input)
            input.isPicture = true
        }
        let own = sizes.count == 4 ? [0, 2, 3, 1].map { sizes[$0] } : sizes
        let shared = shape.indices.filter { shape[$0] == 1 && own[$0 + 1] != 1 }.map { $0 + 1 }
        give(
            "PReLU", ["shared_axes": shared.isEmpty ? .null : Self.list(shared)], for: node,
            reads: [input], isPicture: input.isPicture, weights: weights)
    }

    /// The upper bound of a Clip whose lower is 0.
    private func rectifierBound(_ node: Node) throws(OutputError) -> Double {
        guard node.inputs.count == 3, let least = constants[node.inputs[1]]?.floats(),
            let most = constants[node.inputs[2]]?.floats(), least == [0], most.count == 1
        else { throw refusal(node, "a Clip to other bounds than 0 and a number") }
        return most[0].shortest
    }

    private func softmaxAxis(_ node: Node, _ softmax: some Normalizer) throws(OutputError) -> Double
    {
        let rank = rank(node.inputs[0])
        let axis = softmax.axis < 0 ? softmax.axis + rank : softmax.axis
        guard axis > 0, axis < rank, !softmax.flattensTrailingAxes || axis == rank - 1 else {
            throw refusal(node, "a Softmax over several axes")
        }
        let isPicture = try value(node.inputs[0], for: node).isPicture
        let own = isPicture ? [0, 3, 1, 2][axis] : axis
        return own == rank - 1 ? -1 : Double(own)
    }

    /// - Returns: whether the node combines values, or a value and a number, as Keras does.
    mutating func addArithmetic(_ node: Node) throws(OutputError) -> Bool {
        if try addStandardization(node) { return true }
        let known = [
            "Add": "Add", "Sum": "Add", "Sub": "Subtract", "Mul": "Multiply", "Max": "Maximum",
            "Min": "Minimum", "Mean": "Average",
        ]
        guard let className = known[node.op.type] else { return false }
        let names = node.inputs.filter { constants[$0] == nil }
        if names.count == node.inputs.count {
            guard names.count > 1 else {
                alias(node.outputs[0], try value(names[0], for: node))
                return true
            }
            // Keras' layers stretch axes of size 1, of values with as many axes.
            guard Set(names.map { rank($0) }).count == 1 else {
                throw refusal(
                    node, "\(node.op.type) of values with \(names.map { rank($0) }) axes")
            }
            let inputs = try aligned(names, for: node)
            give(className, for: node, reads: inputs, isPicture: inputs[0].isPicture)
            return true
        }
        try addScaling(node, names)
        return true
    }

    /// (x − mean) / deviation, with constants for each channel: Keras keeps the deviation's square,
    /// whose root is the deviation to the last bit.
    private mutating func addStandardization(_ node: Node) throws(OutputError) -> Bool {
        guard node.inputs.count == 2, let constant = constants[node.inputs[1]],
            constant.elementType == .float32
        else { return false }
        if node.op is Sub, constant.elementCount > 1 || values[node.inputs[0]]?.isPicture == true {
            centred[node.outputs[0]] = (try value(node.inputs[0], for: node), constant)
            return true
        }
        guard node.op is Div, let (input, mean) = centred[node.inputs[0]] else { return false }
        let rank = rank(node.outputs[0])
        // Along the last axis in Keras' order, or one number for all.
        let isChannel = [mean, constant].allSatisfy { tensor in
            let place = tensor.rank - (input.isPicture ? 3 : 1)
            return tensor.elementCount == 1
                || place >= 0 && tensor.shape[place] == tensor.elementCount
        }
        guard isChannel, rank > 1 else { throw refusal(node, "a mean along several axes") }
        let channels = max(mean.elementCount, constant.elementCount)
        func list(_ numbers: [Float]) -> JSONValue {
            let all =
                numbers.count == channels
                ? numbers
                : [Float](
                    repeating: numbers[0], count: channels)
            return .array(all.map { .number($0.shortest) })
        }
        give(
            "Normalization",
            [
                "axis": channels == 1 ? .null : .number(-1), "mean": list(mean.floats()),
                "variance": list(constant.floats().map { $0 * $0 }),
            ], for: node, reads: [input], isPicture: input.isPicture)
        return true
    }

    /// A number added to a value, or a factor.
    private mutating func addScaling(_ node: Node, _ names: [String]) throws(OutputError) {
        let numbers = node.inputs.compactMap { constants[$0] }.map { $0.floats() }
        guard names.count == 1, numbers.count == 1, numbers[0].count == 1,
            node.op is Add || node.op is Mul || (node.op is Sub && node.inputs[0] == names[0])
        else { throw refusal(node, "\(node.op.type) with constants") }
        let number = numbers[0][0].shortest
        let input = try value(names[0], for: node)
        let config: [String: JSONValue] =
            node.op is Mul
            ? ["scale": .number(number), "offset": .number(0)]
            : ["scale": .number(1), "offset": .number(node.op is Sub ? -number : number)]
        give("Rescaling", config, for: node, reads: [input], isPicture: input.isPicture)
    }

    /// Local response normalisation in layers: see `recognizeResponseNorms`.
    mutating func addResponseNorm(_ node: Node, _ norm: LRN) throws(OutputError) {
        guard allowsOperations else {
            throw refusal(
                node, "LRN, for which Keras has no layer; --to keras writes it as operations")
        }
        let input = try value(node.inputs[0], for: node)
        guard let shape = types[node.inputs[0]]?.shape, shape.count == 4, input.isPicture,
            (1...Band.channelLimit).contains(shape[1]), norm.alpha != 0
        else { throw refusal(node, "LRN of \(types[node.inputs[0]]?.shape ?? [])") }
        let channels = shape[1]
        let square = fresh("\(node.name)_square")
        append(
            WrittenLayer(
                className: "Multiply", name: square, config: [:],
                reads: [input.layer, input.layer]))
        let sum = fresh("\(node.name)_sum")
        append(
            WrittenLayer(
                className: "Conv2D", name: sum,
                config: [
                    "filters": .number(Double(channels)), "kernel_size": Self.list([1, 1]),
                    "data_format": .string("channels_last"), "use_bias": .bool(true),
                    "strides": Self.list([1, 1]), "padding": .string("valid"),
                ], reads: [square],
                weights: [
                    Band.kernel(norm, channels: channels),
                    Tensor([Float](repeating: norm.bias, count: channels)),
                ], leaves: ["kernel", "bias"]))
        let power = fresh("\(node.name)_power")
        append(
            WrittenLayer(
                className: "Power", name: power, config: [:], reads: [sum],
                operand: Double(-norm.beta.shortest), shape: [shape[2], shape[3], channels]))
        append(
            WrittenLayer(
                className: "Multiply", name: node.name, config: [:],
                reads: [input.layer, power]))
        alias(node.outputs[0], Value(layer: node.name, isPicture: true))
    }
}
