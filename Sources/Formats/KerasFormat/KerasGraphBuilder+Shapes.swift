import FormatInterface
import IR
import Tensors

/// Layers that move elements or put values together.
extension KerasGraphBuilder {
    mutating func addMargins(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let isCropping = call.layer.className == "Cropping2D"
        let (begin, end) = try call.layer.margins(isCropping ? "cropping" : "padding")
        let sizes = ([0, 0] + begin + [0, 0] + end).map { isCropping ? -$0 : $0 }
        let pads = try integers(sizes, named: "\(call.path)/pads")
        let result = try add(Pad(), [input, pads], named: call.path)
        return pictureValue(result, isLast: isLast)
    }

    mutating func addUpSampling(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let factors = try call.layer.pair("size") ?? [2, 2]
        var resize = Resize()
        switch call.layer.config["interpolation"]?.string ?? "nearest" {
        case "nearest": break
        case "bilinear": resize.resampling.mode = .linear
        case let other:
            throw call.layer.error(
                expected: "nearest or bilinear as interpolation", found: "'\(other)'")
        }
        let scales = try constant(
            Tensor([1, 1] + factors.map { Float($0) }), named: "\(call.path)/scales")
        return pictureValue(
            try add(resize, [input, "", scales], named: call.path), isLast: isLast)
    }

    /// Channels-last order, as Keras flattens since it asks for a `data_format`.
    mutating func addFlatten(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let value = try call.input()
        var input = try literal(value)
        if value.rank == 4, try !call.layer.isChannelsLast() {
            input = try add(
                Transpose(permutation: [0, 2, 3, 1]), [input], named: "\(call.path)/nhwc")
        }
        let result = try add(Flatten(axis: 1), [input], named: call.path)
        return KerasValue(literal: result, picture: nil, rank: 2)
    }

    mutating func addReshape(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let given = call.layer.config["target_shape"] ?? call.layer.config["dims"]
        let sizes = given?.array?.compactMap(\.integer) ?? []
        guard sizes.count == given?.array?.count, sizes.allSatisfy({ $0 == -1 || $0 > 0 }),
            (1...8).contains(sizes.count), sizes.count(where: { $0 == -1 }) <= 1
        else {
            throw call.layer.error(
                expected: "sizes as target_shape", found: given.map(\.text) ?? "none")
        }
        let input = try literal(call.input())
        // 0 keeps the batch.
        let shape = try integers([0] + sizes, named: "\(call.path)/shape")
        let result = try add(Reshape(), [input, shape], named: call.path)
        return KerasValue(literal: result, picture: nil, rank: sizes.count + 1)
    }

    mutating func addPermute(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let value = try call.input()
        let axes = call.layer.config["dims"]?.array?.compactMap(\.integer) ?? []
        guard axes.sorted() == Array(1..<max(value.rank, 1)) else {
            throw call.layer.error(
                expected: "each of \(value.rank - 1) axes as dims", found: "\(axes)")
        }
        let result = try add(
            Transpose(permutation: [0] + axes), [literal(value)], named: call.path)
        return KerasValue(literal: result, picture: nil, rank: value.rank)
    }

    mutating func addConcatenation(
        _ call: KerasLayerCall, axis: Int
    ) throws(ContentError) -> KerasValue {
        let values = call.values
        let (names, arePictures) = try aligned(values)
        guard let rank = values.first?.rank, values.allSatisfy({ $0.rank == rank }) else {
            throw call.layer.error(expected: "inputs of one rank", found: "\(values.map(\.rank))")
        }
        let result = try add(
            Concat(axis: try place(axis, rank, arePictures, call)), names, named: call.path)
        return value(result, rank: rank, isPicture: arePictures)
    }

    /// An axis in the order in which values are: Keras counts them in its own.
    func place(
        _ axis: Int, _ rank: Int, _ arePictures: Bool, _ call: KerasLayerCall
    ) throws(ContentError) -> Int {
        let own = axis < 0 ? axis + rank : axis
        guard own > 0, own < rank else {
            throw call.layer.error(expected: "an axis of the input's \(rank)", found: "\(axis)")
        }
        return arePictures ? [0, 2, 3, 1][own] : own
    }

    /// Keras 1's layer for all ways of putting values together.
    mutating func addMerge(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let mode = call.layer.config["mode"]?.string ?? ""
        if mode == "concat" {
            return try addConcatenation(
                call, axis: call.layer.integer("concat_axis", default: -1))
        }
        let names = [
            "sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "min": "Minimum",
        ]
        guard let name = names[mode], let value = try addArithmetic(call, name) else {
            throw call.layer.error(
                expected: "sum, mul, ave, max or concat as mode", found: "'\(mode)'")
        }
        return value
    }

    /// Layers that combine values element by element, and Keras 3's operations of the same names,
    /// which also take numbers; nil for another class.
    mutating func addArithmetic(
        _ call: KerasLayerCall, _ className: String
    ) throws(ContentError) -> KerasValue? {
        let op: any Operator
        switch className {
        case "Add": op = Add()
        case "Subtract": op = Sub()
        case "Multiply": op = Mul()
        case "Divide", "TrueDivide": op = Div()
        case "Power": op = Pow()
        case "Average": op = Mean()
        case "Maximum": op = Max()
        case "Minimum": op = Min()
        default: return nil
        }
        return try combine(call, op, call.call.arguments, reducesPairs: className != "Average")
    }

    private mutating func combine(
        _ call: KerasLayerCall, _ op: any Operator, _ arguments: [KerasArgument],
        reducesPairs: Bool
    ) throws(ContentError) -> KerasValue {
        var operands = arguments
        if operands.count == 1, case .list(let list) = operands[0] { operands = list }
        let values = operands.flatMap(\.references).compactMap { call.inputs[$0] }
        guard operands.count >= 2, let rank = values.map(\.rank).max() else {
            throw call.layer.error(expected: "two inputs", found: "\(operands.count)")
        }
        let (names, arePictures) = try aligned(values)
        var rest = names[...]
        var inputs: [String] = []
        for operand in operands {
            switch operand {
            case .value where !rest.isEmpty: inputs.append(rest.removeFirst())
            case .plain(.number(let constant)):
                inputs.append(try number([constant], named: "\(call.path)/constant"))
            default:
                throw call.layer.error(expected: "values and numbers", found: "another argument")
            }
        }
        var result = inputs[0]
        if reducesPairs {
            for other in inputs.dropFirst() {
                result = try add(op, [result, other], named: call.path)
            }
        } else {
            result = try add(op, inputs, named: call.path)
        }
        return value(result, rank: rank, isPicture: arePictures)
    }

    /// A TensorFlow function that Keras 2 kept as a layer; only those listed here.
    mutating func addTensorFlowCall(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let function = call.layer.config["function"]?.string ?? ""
        let other = call.call.keywords["y"].map { [$0] } ?? []
        switch function {
        case "math.multiply", "__operators__.mul":
            return try combine(call, Mul(), call.call.arguments + other, reducesPairs: true)
        case "math.add", "__operators__.add":
            return try combine(call, Add(), call.call.arguments + other, reducesPairs: true)
        case "math.subtract", "__operators__.sub":
            return try combine(call, Sub(), call.call.arguments + other, reducesPairs: true)
        case "math.truediv", "__operators__.truediv", "math.divide":
            return try combine(call, Div(), call.call.arguments + other, reducesPairs: true)
        case "nn.relu": return try addActivation("relu", call.input(), call)
        case "nn.softmax": return try addActivation("softmax", call.input(), call)
        case "nn.lrn", "nn.local_response_normalization": return try addResponseNorm(call)
        default:
            throw call.layer.error(
                expected: "a function Ferry knows", found: "tf.\(function)")
        }
    }

    /// tf.nn.lrn: x / (bias + alpha · Σ x²)^beta over 2·depth_radius + 1 channels.
    private mutating func addResponseNorm(_ call: KerasLayerCall) throws(ContentError) -> KerasValue
    {
        func setting(_ key: String, _ usual: Double) throws(ContentError) -> Double {
            switch call.call.keywords[key] {
            case nil, .plain(.null): return usual
            case .plain(.number(let number)): return number
            default: throw call.layer.error(expected: "a number as \(key)", found: "a value")
            }
        }
        let radius = try setting("depth_radius", 5)
        guard let radius = Int(exactly: radius), (0..<1 << 20).contains(radius) else {
            throw call.layer.error(expected: "a whole depth_radius", found: "\(radius)")
        }
        let size = 2 * radius + 1
        let norm = LRN(
            size: size, alpha: Float(try setting("alpha", 1) * Double(size)),
            beta: Float(try setting("beta", 0.5)), bias: Float(try setting("bias", 1)))
        let result = try add(norm, [picture(call.pictureInput())], named: call.path)
        return pictureValue(result, isLast: true)
    }
}
