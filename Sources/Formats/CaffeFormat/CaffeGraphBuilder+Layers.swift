import IR
import Tensors

/// What each layer computes.
extension CaffeGraphBuilder {
    /// Adds the nodes of one layer.
    ///
    /// - Throws: `CaffeError` naming the layer: a type or a setting Ferry has no operators for.
    mutating func add(_ step: CaffeNetwork.Step) throws(CaffeError) {
        try checkEnds(step)
        switch step.layer.type {
        case "Convolution": try addConvolution(step)
        case "InnerProduct": try addInnerProduct(step)
        case "Pooling": try addPooling(step)
        case "LRN": try addResponseNorm(step)
        case "BatchNorm": try addBatchNorm(step)
        case "Scale": try addScale(step)
        case "Bias": try addBias(step)
        case "Flatten": try addFlatten(step)
        case "Reshape": try addReshape(step)
        case "Concat": try addConcat(step)
        case "Slice": try addSlice(step)
        case "Eltwise": try addEltwise(step)
        case "Power": try addPower(step)
        case "PReLU": try addPReLU(step)
        default: try addActivation(step)
        }
    }

    /// Checks how many bottoms and tops a layer has.
    private func checkEnds(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let takesSeveral = ["Concat", "Eltwise", "Scale", "Bias"].contains(step.layer.type)
        guard step.inputs.count == 1 || takesSeveral && !step.inputs.isEmpty else {
            throw step.layer.error(expected: "one bottom", found: "\(step.inputs.count)")
        }
        guard step.outputs.count == 1 || step.layer.type == "Slice" else {
            throw step.layer.error(expected: "one top", found: "\(step.outputs.count)")
        }
    }

    private mutating func addActivation(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let op: any Operator
        switch layer.type {
        case "ReLU":
            let slope = layer.settings("relu_param", .relu).float("negative_slope", default: 0)
            op = slope == 0 ? Relu() : LeakyRelu(alpha: slope)
        case "ELU": op = Elu(alpha: layer.settings("elu_param", .elu).float("alpha", default: 1))
        case "Sigmoid": op = Sigmoid()
        case "TanH": op = Tanh()
        case "AbsVal": op = Abs()
        case "BNLL": op = Softplus()
        case "Softmax":
            let settings = layer.settings("softmax_param", .softmax)
            op = Softmax(axis: try axis(settings.integer("axis") ?? 1, of: step))
        default:
            throw layer.error(
                expected: "a type of layer Ferry has operators for", found: layer.type)
        }
        try give(op, [input(step)], for: step)
    }

    // MARK: Sliding windows

    private mutating func addConvolution(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("convolution_param", .convolution)
        let kernel = try pair("kernel_size", "kernel", settings, layer, default: nil, least: 1)
        let group = try size("group", settings, layer, default: 1)
        let outputs = try size("num_output", settings, layer, default: nil)
        let channels = try picture(step)[1]
        guard try axis(settings.integer("axis") ?? 1, of: step) == 1 else {
            throw layer.error(expected: "channels at axis 1", found: "another axis")
        }
        guard channels % group == 0, outputs % group == 0 else {
            throw layer.error(
                expected: "channels and outputs in \(group) groups",
                found: "\(channels) and \(outputs)")
        }
        let hasBias = settings.flag("bias_term", default: true)
        try checkCount(hasBias ? 2 : 1, of: layer)
        var inputs = [input(step)]
        inputs.append(
            try weight(0, of: layer, shape: [outputs, channels / group] + kernel).name)
        if hasBias { inputs.append(try weight(1, of: layer, shape: [outputs]).name) }
        let pads = try pair("pad", "pad", settings, layer, default: 0, least: 0)
        let dilations = try pair("dilation", nil, settings, layer, default: 1, least: 1)
        let window = SpatialWindow(
            kernel: kernel,
            strides: try pair("stride", "stride", settings, layer, default: 1, least: 1),
            dilations: dilations == [1, 1] ? [] : dilations,
            pads: pads == [0, 0] ? [] : pads + pads)
        try give(Conv(window: window, group: group), inputs, for: step)
    }

    private mutating func addPooling(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("pooling_param", .pooling)
        let method = settings.integer("pool") ?? 0
        guard method < 2 else {
            throw layer.error(expected: "MAX or AVE pooling", found: "STOCHASTIC")
        }
        let shape = try picture(step)
        if settings.flag("global_pooling", default: false) {
            try give(
                method == 0 ? GlobalMaxPool() : GlobalAveragePool(), [input(step)], for: step)
            return
        }
        let window = try poolWindow(layer, settings, over: Array(shape[2...]))
        let isPadded = !window.pads.isEmpty
        try give(
            method == 0
                ? MaxPool(window: window) : AveragePool(window: window, countsPadding: isPadded),
            [input(step)], for: step)
    }

    /// How a pool slides: Caffe rounds the number of windows up unless told otherwise.
    private func poolWindow(
        _ layer: CaffeLayer, _ settings: CaffeMessage, over sizes: [Int]
    ) throws(CaffeError) -> SpatialWindow {
        let kernel = try pair("kernel_size", "kernel", settings, layer, default: nil, least: 1)
        let strides = try pair("stride", "stride", settings, layer, default: 1, least: 1)
        let pads = try pair("pad", "pad", settings, layer, default: 0, least: 0)
        guard zip(pads, kernel).allSatisfy({ $0 < $1 }) else {
            throw layer.error(expected: "pads below the kernel's \(kernel)", found: "\(pads)")
        }
        let isPadded = pads != [0, 0]
        var window = SpatialWindow(
            kernel: kernel, strides: strides, pads: isPadded ? pads + pads : [])
        guard settings.integer("round_mode") ?? 0 == 0 else { return window }
        let uneven = (0..<2).filter { axis in
            (sizes[axis] + 2 * pads[axis] - kernel[axis]) % strides[axis] != 0
        }
        window.ceilMode = hasOpenSizes || !uneven.isEmpty
        // Without pads Caffe keeps a last window that lies behind the picture.
        let hasEmpty = uneven.contains { axis in
            ((sizes[axis] - kernel[axis]) / strides[axis] + 1) * strides[axis] >= sizes[axis]
        }
        if !isPadded, hasEmpty {
            throw layer.error(
                expected: "windows that all hold some of the picture",
                found: "strides \(strides) beyond kernel \(kernel)")
        }
        return window
    }

    /// [N, C, H, W] of what a layer over pictures reads.
    private func picture(_ step: CaffeNetwork.Step) throws(CaffeError) -> [Int] {
        let shape = shape(input(step))
        guard shape.count == 4 else {
            throw step.layer.error(expected: "pictures [N, C, H, W]", found: "shape \(shape)")
        }
        return shape
    }

    // MARK: Dense

    private mutating func addInnerProduct(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("inner_product_param", .innerProduct)
        let outputs = try size("num_output", settings, layer, default: nil)
        let axis = try axis(settings.integer("axis") ?? 1, of: step)
        let shape = shape(input(step))
        guard let depth = Tensor.elementCount(of: Array(shape[axis...])) else {
            throw layer.error(expected: "sizes that memory can hold", found: "shape \(shape)")
        }
        let isTransposed = settings.flag("transpose", default: false)
        let hasBias = settings.flag("bias_term", default: true)
        try checkCount(hasBias ? 2 : 1, of: layer)
        let matrix = try weight(
            0, of: layer, shape: isTransposed ? [depth, outputs] : [outputs, depth])
        var bias: [String] = []
        if hasBias { bias.append(try weight(1, of: layer, shape: [outputs]).name) }
        if axis == 1 {
            var value = input(step)
            if shape.count > 2 {
                value = try add(Flatten(axis: 1), [value], part: "flat", of: layer)
            }
            try give(Gemm(transposesB: !isTransposed), [value, matrix.name] + bias, for: step)
            return
        }
        try giveRows(step, axis, matrix.name, isTransposed: isTransposed, bias: bias.first)
    }

    /// A matrix applied to rows that lie along more than one axis.
    private mutating func giveRows(
        _ step: CaffeNetwork.Step, _ axis: Int, _ matrix: String, isTransposed: Bool, bias: String?
    ) throws(CaffeError) {
        let layer = step.layer
        let target = try integers(
            [Int](repeating: 0, count: axis) + [-1], part: "rows", of: layer)
        let rows = try add(Reshape(), [input(step), target], part: "flat", of: layer)
        var factor = matrix
        if !isTransposed {
            factor = try add(
                Transpose(permutation: [1, 0]), [factor], part: "transposed", of: layer)
        }
        guard let bias else { return try give(MatMul(), [rows, factor], for: step) }
        let product = try add(MatMul(), [rows, factor], part: "product", of: layer)
        try give(Add(), [product, bias], for: step)
    }

    // MARK: Settings

    /// An axis of what the step reads, counted from its start.
    func axis(_ axis: Int, of step: CaffeNetwork.Step) throws(CaffeError) -> Int {
        let rank = shape(input(step)).count
        guard (-rank..<rank).contains(axis) else {
            throw step.layer.error(expected: "an axis of the \(rank) there are", found: "\(axis)")
        }
        return axis < 0 ? axis + rank : axis
    }

    /// A size of at least 1.
    func size(
        _ name: String, _ settings: CaffeMessage, _ layer: CaffeLayer, default given: Int?
    ) throws(CaffeError) -> Int {
        guard let value = settings.integer(name) ?? given, (1..<1 << 30).contains(value) else {
            throw layer.error(
                expected: "\(name) of at least 1",
                found: settings.integer(name).map { "\($0)" } ?? "none")
        }
        return value
    }

    /// Height and width of a setting that is one number for both, one for each, or `…_h` and `…_w`.
    private func pair(
        _ name: String, _ prefix: String?, _ settings: CaffeMessage, _ layer: CaffeLayer,
        default given: Int?, least: Int
    ) throws(CaffeError) -> [Int] {
        var values = settings.integers(name)
        if let prefix, settings.has("\(prefix)_h") || settings.has("\(prefix)_w") {
            guard values.isEmpty else {
                throw layer.error(expected: "\(name) or \(prefix)_h and _w", found: "both")
            }
            values = ["\(prefix)_h", "\(prefix)_w"].map { settings.integer($0) ?? 0 }
        }
        if values.isEmpty, let given { values = [given] }
        guard (1...2).contains(values.count) else {
            throw layer.error(
                expected: "\(name) for height and width", found: "\(values.count) numbers")
        }
        if let wrong = values.first(where: { !(least..<1 << 30).contains($0) }) {
            throw layer.error(expected: "\(name) of at least \(least)", found: "\(wrong)")
        }
        return values.count == 1 ? [values[0], values[0]] : values
    }
}
