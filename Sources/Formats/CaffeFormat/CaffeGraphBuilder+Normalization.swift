import IR
import Tensors

/// Layers that shift and scale.
extension CaffeGraphBuilder {
    // MARK: Local response

    mutating func addResponseNorm(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("lrn_param", .lrn)
        let size = try size("local_size", settings, layer, default: 5)
        guard size % 2 == 1, size < 1 << 16 else {
            throw layer.error(expected: "an odd local_size", found: "\(size)")
        }
        let alpha = settings.float("alpha", default: 1)
        let beta = settings.float("beta", default: 0.75)
        guard settings.integer("norm_region") == 1 else {
            let norm = LRN(
                size: size, alpha: alpha, beta: beta, bias: settings.float("k", default: 1))
            return try give(norm, [input(step)], for: step)
        }
        // Within a channel: x · (1 + alpha · mean of squares around)^−beta.
        let window = SpatialWindow(
            kernel: [size, size], strides: [1, 1],
            pads: [Int](repeating: (size - 1) / 2, count: 4))
        let value = input(step)
        let squares = try add(Mul(), [value, value], part: "squares", of: layer)
        let mean = try add(
            AveragePool(window: window, countsPadding: true), [squares], part: "mean", of: layer)
        let factor = try number([alpha], part: "alpha", of: layer)
        let scaled = try add(Mul(), [mean, factor], part: "scaled", of: layer)
        let one = try number([1], part: "one", of: layer)
        let sum = try add(Add(), [scaled, one], part: "sum", of: layer)
        let exponent = try number([-beta], part: "exponent", of: layer)
        let power = try add(Pow(), [sum, exponent], part: "power", of: layer)
        try give(Mul(), [value, power], for: step)
    }

    // MARK: Batch normalisation

    /// Statistics, together with the Scale layer that usually follows.
    mutating func addBatchNorm(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("batch_norm_param", .batchNorm)
        guard settings.flag("use_global_stats", default: true) else {
            throw layer.error(
                expected: "kept statistics in phase TEST", found: "use_global_stats: false")
        }
        let shape = shape(input(step))
        guard shape.count >= 2 else {
            throw layer.error(expected: "at least 2 axes", found: "shape \(shape)")
        }
        try checkCount(3, of: layer)
        let channels = shape[1]
        let factor = try weight(2, of: layer, shape: [1]).tensor.floats()[0]
        let mean = try statistic(0, divided: factor, "mean", channels, layer)
        let variance = try statistic(1, divided: factor, "variance", channels, layer)
        let norm = BatchNormalization(epsilon: settings.float("eps", default: 1e-5))
        if let next = joined("Scale"), scalesChannels(next, rank: shape.count) {
            let hasBias = next.settings("scale_param", .scale).flag("bias_term", default: false)
            try checkCount(hasBias ? 2 : 1, of: next)
            let scale = try weight(0, of: next, shape: [channels]).name
            let shift =
                hasBias
                ? try weight(1, of: next, shape: [channels]).name
                : try constants(0, channels, "shift", layer)
            let inputs = [input(step), scale, shift, mean, variance]
            try give(norm, inputs, for: step, as: joinedOutputName())
            finishJoined(output(step))
            return
        }
        let scale = try constants(1, channels, "scale", layer)
        let shift = try constants(0, channels, "shift", layer)
        try give(norm, [input(step), scale, shift, mean, variance], for: step)
    }

    /// Whether a Scale layer multiplies channels, as batch normalisation does.
    private func scalesChannels(_ layer: CaffeLayer, rank: Int) -> Bool {
        let settings = layer.settings("scale_param", .scale)
        let axis = settings.integer("axis") ?? 1
        return (axis == 1 || axis == 1 - rank) && settings.integer("num_axes") ?? 1 == 1
    }

    private mutating func constants(
        _ value: Float, _ count: Int, _ part: String, _ layer: CaffeLayer
    ) throws(CaffeError) -> String {
        guard count <= 1 << 20 else {
            throw layer.error(expected: "at most \(1 << 20) channels", found: "\(count)")
        }
        return try number(value, repeated: count, part: part, of: layer)
    }

    /// Caffe keeps sums: what counts is the tensor over its third one, and 0 when that is 0.
    private mutating func statistic(
        _ index: Int, divided factor: Float, _ part: String, _ channels: Int, _ layer: CaffeLayer
    ) throws(CaffeError) -> String {
        let sum = try weight(index, of: layer, shape: [channels]).name
        if factor == 1 { return sum }
        if factor == 0 { return try constants(0, channels, part, layer) }
        let scale = try number([1 / factor], part: "\(part)_factor", of: layer)
        return try add(Mul(), [sum, scale], part: part, of: layer)
    }

    // MARK: Scale and Bias

    mutating func addScale(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("scale_param", .scale)
        let hasBias = settings.flag("bias_term", default: false)
        let own = step.inputs.count == 1 ? 1 : 0
        try checkCount(own + (hasBias ? 1 : 0), of: layer)
        let factor = try operand(step, settings, blob: 0, part: "factor")
        guard hasBias else { return try give(Mul(), [input(step), factor.name], for: step) }
        let scaled = try add(Mul(), [input(step), factor.name], part: "scaled", of: layer)
        let term = try weight(own, of: layer, shape: factor.shape).name
        let aligned = try align(
            term, factor.shape, at: factor.axis, of: step, part: "term")
        try give(Add(), [scaled, aligned], for: step)
    }

    mutating func addBias(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let settings = step.layer.settings("bias_param", .bias)
        try checkCount(step.inputs.count == 1 ? 1 : 0, of: step.layer)
        let term = try operand(step, settings, blob: 0, part: "term")
        try give(Add(), [input(step), term.name], for: step)
    }

    /// What a Scale or Bias layer combines its first bottom with: its own tensor or its second one,
    /// whose sizes are the first's from an axis on.
    private mutating func operand(
        _ step: CaffeNetwork.Step, _ settings: CaffeMessage, blob: Int, part: String
    ) throws(CaffeError) -> (name: String, shape: [Int], axis: Int) {
        let layer = step.layer
        let whole = shape(input(step))
        let axis = try axis(settings.integer("axis") ?? 1, of: step)
        guard step.inputs.count <= 2 else {
            throw layer.error(expected: "one or two bottoms", found: "\(step.inputs.count)")
        }
        if step.inputs.count == 2 {
            let other = input(step, 1)
            let given = shape(other)
            guard axis + given.count <= whole.count,
                given == Array(whole[axis..<axis + given.count])
            else {
                throw layer.error(
                    expected: "sizes of \(whole) from axis \(axis) on", found: "\(given)")
            }
            let name = try align(other, given, at: axis, of: step, part: part)
            return (name, given, axis)
        }
        let count = settings.integer("num_axes") ?? 1
        let end = count == -1 ? whole.count : axis + max(0, min(count, whole.count + 1))
        guard count >= -1, end <= whole.count else {
            throw layer.error(
                expected: "axes of the \(whole.count) there are",
                found: "\(count) from axis \(axis) on")
        }
        let given = Array(whole[axis..<end])
        let tensor = try weight(blob, of: layer, shape: given).name
        return (try align(tensor, given, at: axis, of: step, part: part), given, axis)
    }

    /// Gives an operand ones for the axes behind its own, so that it broadcasts as Caffe means it.
    private mutating func align(
        _ name: String, _ given: [Int], at axis: Int, of step: CaffeNetwork.Step, part: String
    ) throws(CaffeError) -> String {
        let missing = shape(input(step)).count - axis - given.count
        if missing == 0 { return name }
        // The batch, where the operand has it, keeps its size.
        let sizes = given.enumerated().map { axis == 0 && $0 == 0 ? 0 : $1 }
        let ones = [Int](repeating: 1, count: missing)
        let target = try integers(sizes + ones, part: "\(part)_shape", of: step.layer)
        return try add(Reshape(), [name, target], part: part, of: step.layer)
    }

    // MARK: PReLU

    mutating func addPReLU(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let whole = shape(input(step))
        guard whole.count >= 2 else {
            throw layer.error(expected: "at least 2 axes", found: "shape \(whole)")
        }
        try checkCount(1, of: layer)
        let isShared = layer.settings("prelu_param", .prelu).flag("channel_shared", default: false)
        guard !isShared else {
            // A scalar, which files before 2014's end would keep as one of one size.
            let slope = try scalar(layer)
            return try give(PRelu(), [input(step), slope], for: step)
        }
        let slope = try weight(0, of: layer, shape: [whole[1]]).name
        let aligned = try align(slope, [whole[1]], at: 1, of: step, part: "slope")
        try give(PRelu(), [input(step), aligned], for: step)
    }

    private mutating func scalar(_ layer: CaffeLayer) throws(CaffeError) -> String {
        do throws(CaffeError) {
            return try weight(0, of: layer, shape: []).name
        } catch {
            return try weight(0, of: layer, shape: [1]).name
        }
    }
}
