import FormatInterface
import IR
import Tensors

/// Which layers stand for which operator.
extension KerasLayerWriter {
    mutating func addLayer(_ node: Node) throws(OutputError) {
        switch node.op {
        case let transpose as Transpose: try addTranspose(node, transpose)
        case is Identity, is Dropout: alias(node.outputs[0], try value(node.inputs[0], for: node))
        case let conv as Conv: try addConvolution(node, conv)
        case let gemm as Gemm: try addDense(node, gemm)
        case let norm as BatchNormalization: try addNormalization(node, norm)
        case let pool as MaxPool: try addPool(node, pool.window, isMaximum: true)
        case let pool as AveragePool:
            try addPool(node, pool.window, isMaximum: false, countsPadding: pool.countsPadding)
        case is GlobalAveragePool: try addGlobalPool(node, isMaximum: false)
        case is GlobalMaxPool: try addGlobalPool(node, isMaximum: true)
        case let mean as ReduceMean where isGlobal(mean.reduction, node):
            try addGlobalPool(node, isMaximum: false, mean.reduction.keepsDimensions)
        case let most as ReduceMax where isGlobal(most.reduction, node):
            try addGlobalPool(node, isMaximum: true, most.reduction.keepsDimensions)
        case let resize as Resize: try addUpSampling(node, resize)
        case let flatten as Flatten: try addFlatten(node, flatten)
        case is Reshape, is Squeeze, is Unsqueeze: try addReshape(node)
        case let concat as Concat: try addConcatenation(node, concat)
        case is Pad: try addPad(node)
        case let norm as LRN: try addResponseNorm(node, norm)
        default:
            if try addActivation(node) { return }
            if try addArithmetic(node) { return }
            throw refusal(node)
        }
    }

    private mutating func addTranspose(_ node: Node, _ transpose: Transpose) throws(OutputError) {
        var input = try value(node.inputs[0], for: node)
        let output = node.outputs[0]
        let axes = transpose.permutation ?? Array((0..<rank(node.inputs[0])).reversed())
        switch axes {
        case [0, 3, 1, 2] where !input.isPicture:
            alias(output, Value(layer: input.layer, isPicture: true))
        case [0, 2, 3, 1] where input.isPicture:
            alias(output, Value(layer: input.layer, isPicture: false))
        default:
            guard axes.first == 0 else { throw refusal(node, "a Transpose of the batch") }
            input = plain(input, "chw", for: node)
            let dims = axes.dropFirst().map { JSONValue.number(Double($0)) }
            give("Permute", ["dims": .array(dims)], for: node, reads: [input], isPicture: false)
        }
    }

    /// The config that says where a picture's channels are.
    func dataFormat(_ value: Value) -> [String: JSONValue] {
        ["data_format": .string(value.isPicture ? "channels_last" : "channels_first")]
    }

    private mutating func addConvolution(_ node: Node, _ conv: Conv) throws(OutputError) {
        guard let weights = weights(of: node), let kernel = weights.first?.tensor.shape,
            kernel.count == 4, rank(node.inputs[0]) == 4
        else { throw refusal(node, "a Conv whose kernel is no layer's weight") }
        var input = try value(node.inputs[0], for: node)
        let isDepthwise = weights[0].name.hasSuffix("/depthwise_kernel:0")
        var config = try slide(node, conv.window, Array(kernel[..<2]), &input, zeros: true)
        config["kernel_size"] = Self.list(kernel[..<2])
        config["use_bias"] = .bool(weights.count == 2)
        let dilations = conv.window.dilations.isEmpty ? [1, 1] : conv.window.dilations
        if dilations != [1, 1], config["strides"] != Self.list([1, 1]) {
            throw refusal(node, "a Conv with dilations and strides")
        }
        config["dilation_rate"] = Self.list(dilations)
        if isDepthwise {
            config["depth_multiplier"] = .number(Double(kernel[3]))
        } else {
            config["filters"] = .number(Double(kernel[3]))
            if conv.group != 1 { config["groups"] = .number(Double(conv.group)) }
        }
        give(
            isDepthwise ? "DepthwiseConv2D" : "Conv2D", config, for: node, reads: [input],
            isPicture: input.isPicture, weights: weights)
    }

    static func list(_ sizes: some Collection<Int>) -> JSONValue {
        .array(sizes.map { .number(Double($0)) })
    }

    /// `padding`, `strides` and `data_format` of a window; what neither "valid" nor "same" says
    /// becomes a ZeroPadding2D before the layer, where zeros are what the operator takes.
    mutating func slide(
        _ node: Node, _ window: SpatialWindow, _ kernel: [Int], _ input: inout Value, zeros: Bool
    ) throws(OutputError) -> [String: JSONValue] {
        guard let shape = types[node.inputs[0]]?.shape, shape.count == 4,
            let axes = try? window.axes(input: Array(shape[2...]), kernel: kernel)
        else { throw refusal(node, "\(node.op.type) over \(rank(node.inputs[0])) axes") }
        let strides = axes.map(\.stride)
        var padding = "valid"
        // "same" with a stride depends on the picture's size.
        let isSame = axes.allSatisfy { axis in
            let output = (axis.input + axis.stride - 1) / axis.stride
            let total = max(0, (output - 1) * axis.stride + axis.extent - axis.input)
            return axis.padBegin == total / 2 && axis.padEnd == total - total / 2
                && axis.output == output
        }
        let isFixed = hasSizes || window.autoPad == .sameUpper || strides == [1, 1]
        if axes.contains(where: { $0.padBegin > 0 || $0.padEnd > 0 })
            || window.autoPad == .sameUpper
        {
            if isSame && isFixed && (node.op as? AveragePool)?.countsPadding != true {
                padding = "same"
            } else {
                guard zeros || isPositive(node.inputs[0]) else {
                    throw refusal(node, "\(node.op.type) with pads that are no zeros")
                }
                guard window.autoPad == .notSet || hasSizes else {
                    throw refusal(node, "auto_pad of pictures of any size")
                }
                let pads = JSONValue.array(axes.map { Self.list([$0.padBegin, $0.padEnd]) })
                let config = dataFormat(input).merging(["padding": pads]) { $1 }
                input = insert("ZeroPadding2D", config, suffix: "pad", for: node, reads: input)
            }
        }
        let isRoundedUp =
            window.ceilMode
            && axes.contains { axis in
                (axis.input + axis.padBegin + axis.padEnd - axis.extent) % axis.stride != 0
            }
        if isRoundedUp { throw refusal(node, "\(node.op.type) with ceil_mode") }
        return dataFormat(input).merging([
            "padding": .string(padding), "strides": Self.list(strides),
        ]) { $1 }
    }

    private mutating func addDense(_ node: Node, _ gemm: Gemm) throws(OutputError) {
        guard let weights = weights(of: node), let kernel = weights.first?.tensor.shape,
            kernel.count == 2, !gemm.transposesA, !gemm.transposesB, gemm.alpha == 1,
            gemm.beta == 1
        else { throw refusal(node, "a Gemm that is no dense layer") }
        let input = try value(node.inputs[0], for: node)
        give(
            "Dense",
            ["units": .number(Double(kernel[1])), "use_bias": .bool(weights.count == 2)],
            for: node, reads: [input], isPicture: false, weights: weights)
    }

    private mutating func addNormalization(
        _ node: Node, _ norm: BatchNormalization
    ) throws(OutputError) {
        guard let weights = weights(of: node), weights.count == 4, !norm.isTraining else {
            throw refusal(node, "a BatchNormalization of other values than weights")
        }
        let input = try value(node.inputs[0], for: node)
        guard [2, 4].contains(rank(node.inputs[0])) else { throw refusal(node) }
        give(
            "BatchNormalization",
            [
                "axis": .number(input.isPicture ? 3 : 1), "epsilon": .number(norm.epsilon.shortest),
                "center": .bool(true), "scale": .bool(true), "momentum": .number(0.99),
            ], for: node, reads: [input], isPicture: input.isPicture, weights: weights)
    }

    private mutating func addFlatten(_ node: Node, _ flatten: Flatten) throws(OutputError) {
        let input = try value(node.inputs[0], for: node)
        guard flatten.axis == 1, let shape = types[node.inputs[0]]?.shape else {
            throw refusal(node, "a Flatten at axis \(flatten.axis)")
        }
        giveFlat(isOnePixel(shape) ? input : plain(input, "chw", for: node), for: node)
    }

    /// Whether values are pictures of one pixel, whose channels have one order.
    private func isOnePixel(_ shape: [Int]) -> Bool {
        shape.count == 4 && shape[2] == 1 && shape[3] == 1
    }

    /// Adds a Flatten that keeps the order of its input, which the layer as it is would turn for
    /// channels-first pictures.
    private mutating func giveFlat(_ source: Value, for node: Node) {
        give(
            "Flatten", ["data_format": .string("channels_last")], for: node, reads: [source],
            isPicture: false)
    }

    private mutating func addReshape(_ node: Node) throws(OutputError) {
        let input = try value(node.inputs[0], for: node)
        guard let to = types[node.outputs[0]]?.shape, let from = types[node.inputs[0]]?.shape,
            to.first == from.first, to.count > 1
        else { throw refusal(node, "a \(type(of: node.op).type) of the batch") }
        if to.count == 2, isOnePixel(from) { return giveFlat(input, for: node) }
        guard hasSizes else { throw refusal(node, "sizes of pictures that are not stated") }
        give(
            "Reshape", ["target_shape": Self.list(to.dropFirst())], for: node,
            reads: [plain(input, "chw", for: node)], isPicture: false)
    }

    /// Values for a layer that takes several, all in one order.
    mutating func aligned(_ names: [String], for node: Node) throws(OutputError) -> [Value] {
        var found: [Value] = []
        for name in names { found.append(try value(name, for: node)) }
        if found.allSatisfy(\.isPicture) || !found.contains(where: \.isPicture) { return found }
        return found.enumerated().map { plain($1, "chw\($0)", for: node) }
    }

    private mutating func addConcatenation(_ node: Node, _ concat: Concat) throws(OutputError) {
        let inputs = try aligned(node.inputs, for: node)
        let rank = rank(node.outputs[0])
        let axis = concat.axis < 0 ? concat.axis + rank : concat.axis
        guard axis > 0, axis < rank else { throw refusal(node, "a Concat of batches") }
        // Exporters join the one part that a list of parts begins with; Keras' layer wants two.
        if inputs.count == 1 { return alias(node.outputs[0], inputs[0]) }
        let isPicture = inputs[0].isPicture
        let own = isPicture ? [0, 3, 1, 2][axis] : axis
        give(
            "Concatenate", ["axis": .number(Double(own))], for: node, reads: inputs,
            isPicture: isPicture)
    }

    private mutating func addPad(_ node: Node) throws(OutputError) {
        let input = try value(node.inputs[0], for: node)
        guard let pad = node.op as? Pad, pad.mode == .constant, node.inputs.count >= 2,
            let pads = constants[node.inputs[1]]?.integers(), pads.count == 8,
            node.inputs.count < 3 || node.inputs[2].isEmpty
                || constants[node.inputs[2]]?.doubles() == [0],
            node.inputs.count < 4, [0, 1, 4, 5].allSatisfy({ pads[$0] == 0 })
        else { throw refusal(node, "a Pad of other things than zeros around pictures") }
        let isCropping = pads.allSatisfy { $0 <= 0 } && pads.contains { $0 < 0 }
        guard isCropping || pads.allSatisfy({ $0 >= 0 }) else {
            throw refusal(node, "a Pad that adds and cuts")
        }
        let sizes = [[2, 6], [3, 7]].map { Self.list($0.map { Int(clamping: pads[$0].magnitude) }) }
        let config = dataFormat(input).merging([isCropping ? "cropping" : "padding": .array(sizes)])
        {
            $1
        }
        give(
            isCropping ? "Cropping2D" : "ZeroPadding2D", config, for: node, reads: [input],
            isPicture: input.isPicture)
    }
}
