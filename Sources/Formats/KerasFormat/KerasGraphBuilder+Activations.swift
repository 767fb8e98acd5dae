import FormatInterface
import IR
import Tensors

/// Activations, as functions of another layer and as layers.
extension KerasGraphBuilder {
    /// Adds the function of this name behind `value`; nil leaves the value as it is.
    mutating func addActivation(
        _ name: String?, _ value: KerasValue, _ call: KerasLayerCall
    ) throws(ContentError) -> KerasValue {
        guard let name else { return value }
        let (names, isPicture) = try aligned([value])
        let x = names[0]
        let own = call.layer.className == "Activation" || call.layer.className == "TFOpLambda"
        let result = own ? call.path : "\(call.path)/\(name)"
        func done(_ output: String) -> KerasValue {
            self.value(output, rank: value.rank, isPicture: isPicture)
        }
        if name == "softmax" || name == "log_softmax" {
            let axis = try place(-1, value.rank, isPicture, call)
            let op: any Operator = name == "softmax" ? Softmax(axis: axis) : LogSoftmax(axis: axis)
            return done(try add(op, [x], named: result))
        }
        if let op = simpleActivation(name) { return done(try add(op, [x], named: result)) }
        switch name {
        case "relu6":
            let bounds = [
                try number([0], named: "\(result)/least"), try number([6], named: "\(result)/most"),
            ]
            return done(try add(Clip(), [x] + bounds, named: result))
        case "swish", "silu":
            let gate = try add(Sigmoid(), [x], named: "\(result)/gate")
            return done(try add(Mul(), [x, gate], named: result))
        case "mish":
            let soft = try add(Softplus(), [x], named: "\(result)/softplus")
            let gate = try add(Tanh(), [soft], named: "\(result)/gate")
            return done(try add(Mul(), [x, gate], named: result))
        case "softsign":
            let size = try add(Abs(), [x], named: "\(result)/size")
            let one = try number([1], named: "\(result)/one")
            let divisor = try add(Add(), [size, one], named: "\(result)/divisor")
            return done(try add(Div(), [x, divisor], named: result))
        case "gelu":
            // x/2 · (1 + erf(x/√2))
            let root = try number([Double(0.5).squareRoot()], named: "\(result)/root")
            let one = try number([1], named: "\(result)/one")
            let half = try number([0.5], named: "\(result)/half")
            let scaled = try add(Mul(), [x, root], named: "\(result)/scaled")
            let error = try add(Erf(), [scaled], named: "\(result)/erf")
            let gate = try add(Add(), [error, one], named: "\(result)/gate")
            let halved = try add(Mul(), [x, half], named: "\(result)/halved")
            return done(try add(Mul(), [halved, gate], named: result))
        default:
            throw call.layer.error(expected: "an activation Ferry knows", found: "'\(name)'")
        }
    }

    /// Functions that are one operator.
    private func simpleActivation(_ name: String) -> (any Operator)? {
        switch name {
        case "relu": Relu()
        case "sigmoid": Sigmoid()
        case "tanh": Tanh()
        case "elu": Elu()
        case "selu": Selu()
        case "softplus": Softplus()
        case "exponential": Exp()
        case "leaky_relu": LeakyRelu(alpha: 0.2)
        case "hard_silu", "hard_swish": HardSwish()
        case "hard_sigmoid": HardSigmoid(alpha: version.major >= 3 ? 1 / 6 : 0.2, beta: 0.5)
        default: nil
        }
    }

    mutating func addActivationLayer(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let layer = call.layer
        let input = try call.input()
        let (names, isPicture) = try aligned([input])
        func done(_ output: String) -> KerasValue {
            self.value(output, rank: input.rank, isPicture: isPicture)
        }
        switch layer.className {
        case "Softmax":
            var axis = -1
            if let given = layer.config["axis"]?.array?.first?.integer {
                axis = given
            } else {
                axis = try layer.integer("axis", default: -1)
            }
            let place = try place(axis, input.rank, isPicture, call)
            return done(try add(Softmax(axis: place), names, named: call.path))
        case "ELU":
            let op = Elu(alpha: Float(try layer.number("alpha", default: 1)))
            return done(try add(op, names, named: call.path))
        case "LeakyReLU":
            let slope = try layer.number("negative_slope", "alpha", default: 0.3)
            return done(try add(LeakyRelu(alpha: Float(slope)), names, named: call.path))
        case "ReLU", "ThresholdedReLU": return done(try addRectifier(call, names[0]))
        case "PReLU": return try addPReLU(call, input)
        default: throw layer.error(expected: "a layer Ferry knows", found: layer.className)
        }
    }

    /// x above the threshold t, slope·(x − t) up to it, and never more than max_value.
    private mutating func addRectifier(
        _ call: KerasLayerCall, _ input: String
    ) throws(ContentError) -> String {
        let layer = call.layer
        let slope = try layer.number("negative_slope", default: 0)
        if try layer.number("threshold", "theta", default: 0) != 0 {
            return try addThreshold(call, input, slope: slope)
        }
        guard let most = layer.config["max_value"]?.number else {
            let op: any Operator = slope == 0 ? Relu() : LeakyRelu(alpha: Float(slope))
            return try add(op, [input], named: call.path)
        }
        let bound = try number([most], named: "\(call.path)/most")
        if slope == 0 {
            let zero = try number([0], named: "\(call.path)/least")
            return try add(Clip(), [input, zero, bound], named: call.path)
        }
        let leaky = try add(LeakyRelu(alpha: Float(slope)), [input], named: "\(call.path)/leaky")
        return try add(Min(), [leaky, bound], named: call.path)
    }

    private mutating func addThreshold(
        _ call: KerasLayerCall, _ input: String, slope: Double
    ) throws(ContentError) -> String {
        let path = call.path
        let threshold = try number(
            [call.layer.number("threshold", "theta", default: 0)], named: "\(path)/threshold")
        let isAbove = try add(Greater(), [input, threshold], named: "\(path)/above")
        let distance = try add(Sub(), [input, threshold], named: "\(path)/distance")
        let factor = try number([slope], named: "\(path)/slope")
        let below = try add(Mul(), [distance, factor], named: "\(path)/below")
        guard let most = call.layer.config["max_value"]?.number else {
            return try add(Where(), [isAbove, input, below], named: path)
        }
        let chosen = try add(Where(), [isAbove, input, below], named: "\(path)/chosen")
        let bound = try number([most], named: "\(path)/most")
        return try add(Min(), [chosen, bound], named: path)
    }

    /// Slopes have the input's shape without the batch, 1 along shared axes.
    private mutating func addPReLU(
        _ call: KerasLayerCall, _ input: KerasValue
    ) throws(ContentError) -> KerasValue {
        let (name, shape) = try weight("alpha", call)
        guard shape.count == input.rank - 1 else {
            throw ContentError(
                layer: call.path, expected: "slopes of \(input.rank - 1) axes",
                found: "shape \(shape)")
        }
        if input.rank == 4, try call.layer.isChannelsLast(), input.literal == nil {
            let slopes = try add(
                Transpose(permutation: [2, 0, 1]), [name], named: "\(name)/chw")
            let result = try add(PRelu(), [picture(input), slopes], named: call.path)
            return pictureValue(result, isLast: true)
        }
        let result = try add(PRelu(), [literal(input), name], named: call.path)
        return KerasValue(literal: result, picture: nil, rank: input.rank)
    }
}
