import FormatInterface
import IR
import Tensors

/// Layers that shift and scale.
extension KerasGraphBuilder {
    mutating func addNormalization(
        _ call: KerasLayerCall
    ) throws(ContentError) -> KerasValue {
        let layer = call.layer
        let value = try call.input()
        if try layer.integer("mode", default: 0) != 0 || version.hasDeviations {
            throw layer.error(
                expected: "BatchNormalization of Keras 1.0.6 or later, in mode 0",
                found: "mode \(try layer.integer("mode", default: 0)) of Keras \(version.text)")
        }
        let stated = layer.config["axis"]?.array?.first ?? layer.config["axis"] ?? .number(-1)
        guard let axis = stated.integer.map({ $0 < 0 ? $0 + value.rank : $0 }),
            axis == 1 || (axis == 3 && value.rank == 4)
        else {
            throw layer.error(expected: "the axis of channels", found: "axis \(stated.kind)")
        }
        let isPicture = value.rank == 4 && axis == 3
        let input = try isPicture ? picture(value) : literal(value)
        let (mean, shape) = try weight("moving_mean", call)
        let (variance, _) = try weight("moving_variance", call)
        guard shape.count == 1, shape[0] > 0 else {
            throw ContentError(
                layer: call.path, expected: "a mean for each channel", found: "shape \(shape)")
        }
        var parameters: [String] = []
        for (leaf, neutral) in [("gamma", 1.0), ("beta", 0.0)] {
            let isPresent = try layer.flag(leaf == "gamma" ? "scale" : "center", default: true)
            parameters.append(
                try isPresent
                    ? weight(leaf, call).0
                    : number(
                        [Double](repeating: neutral, count: shape[0]), shape: shape,
                        named: "\(call.path)/\(leaf)"))
        }
        // Keras 1 had 1e-6 first, and always wrote what it used.
        let epsilon = try layer.number("epsilon", default: 1e-3)
        let result = try add(
            BatchNormalization(epsilon: Float(epsilon)), [input] + parameters + [mean, variance],
            named: call.path)
        return self.value(result, rank: value.rank, isPicture: isPicture)
    }

    mutating func addRescaling(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        var value = try call.input()
        for (key, op, neutral) in [("scale", Mul() as any Operator, 1.0), ("offset", Add(), 0.0)] {
            guard let given = call.layer.config[key] else { continue }
            guard let numbers = given.array?.compactMap(\.number) ?? given.number.map({ [$0] }),
                !numbers.isEmpty
            else { throw call.layer.error(expected: "numbers as \(key)", found: given.text) }
            if numbers == [neutral] { continue }
            let (names, arePictures) = try aligned([value])
            let shape =
                numbers.count == 1 ? [] : arePictures ? [numbers.count, 1, 1] : [numbers.count]
            let factor = try number(numbers, shape: shape, named: "\(call.path)/\(key)")
            let result = try add(op, [names[0], factor], named: call.path)
            value = self.value(result, rank: value.rank, isPicture: arePictures)
        }
        return value
    }

    /// Normalization: (x − mean) / max(√variance, 1e-7) along the last axis.
    mutating func addStandardization(
        _ call: KerasLayerCall
    ) throws(ContentError) -> KerasValue {
        let layer = call.layer
        let value = try call.input()
        if try layer.flag("invert", default: false) {
            throw layer.error(expected: "Normalization forwards", found: "invert")
        }
        let axes = layer.config["axis"]?.array ?? layer.config["axis"].map { [$0] } ?? []
        guard axes.isEmpty || axes == [.number(-1)] || axes == [.number(Double(value.rank - 1))]
        else {
            throw layer.error(expected: "the last axis", found: layer.config["axis"]?.text ?? "")
        }
        let (names, isPicture) = try aligned([value])
        let mean = try statistic("mean", call, isPicture)
        let variance = try statistic("variance", call, isPicture)
        let least = try number([1e-7], named: "\(call.path)/least")
        let root = try add(Sqrt(), [variance], named: "\(call.path)/deviation")
        let divisor = try add(Max(), [root, least], named: "\(call.path)/divisor")
        let centred = try add(Sub(), [names[0], mean], named: "\(call.path)/centred")
        let result = try add(Div(), [centred, divisor], named: call.path)
        return self.value(result, rank: value.rank, isPicture: isPicture)
    }

    /// One number, or one for each channel: from the configuration, or from the weights.
    private mutating func statistic(
        _ key: String, _ call: KerasLayerCall, _ isPicture: Bool
    ) throws(ContentError) -> String {
        if let given = call.layer.config[key] {
            let numbers = given.numbers
            guard !numbers.isEmpty else {
                throw call.layer.error(expected: "numbers as \(key)", found: given.kind)
            }
            let count = numbers.count
            let shape = count == 1 ? [] : isPicture ? [count, 1, 1] : [count]
            return try number(numbers, shape: shape, named: "\(call.path)/\(key)")
        }
        let (name, shape) = try weight(key, call)
        guard isPicture, let count = Tensor.elementCount(of: shape), count > 1 else { return name }
        let target = try integers([count, 1, 1], named: "\(name)/shape")
        return try add(Reshape(), [name, target], named: "\(name)/chw")
    }
}

extension KerasVersion {
    /// Whether `running_std` holds deviations: until Keras 1.0.5.
    var hasDeviations: Bool {
        let parts = text.split(separator: ".").compactMap { Int($0) }
        return major == 0 || (parts.count == 3 && parts[0] == 1 && parts[1] == 0 && parts[2] < 6)
    }
}

extension JSONValue {
    /// The numbers of a number or of lists inside each other.
    fileprivate var numbers: [Double] {
        if let number { return [number] }
        return array?.flatMap(\.numbers) ?? []
    }
}
