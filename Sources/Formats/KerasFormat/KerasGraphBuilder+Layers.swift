import FormatInterface
import IR
import Tensors

/// What each layer computes.
extension KerasGraphBuilder {
    /// Adds one call of a layer.
    ///
    /// - Throws: `ContentError` naming the layer: a class Ferry does not know, or settings it has no
    ///   operators for.
    mutating func add(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        switch call.layer.className {
        case "InputLayer": return try call.input()
        case "Conv2D", "Convolution2D": return try addConvolution(call)
        case "DepthwiseConv2D": return try addDepthwise(call)
        case "SeparableConv2D", "SeparableConvolution2D": return try addSeparable(call)
        case "Dense": return try addDense(call)
        case "MaxPooling2D", "MaxPool2D", "AveragePooling2D", "AvgPool2D":
            return try addPool(call)
        case "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPooling2D", "GlobalMaxPool2D":
            return try addGlobalPool(call)
        case "BatchNormalization": return try addNormalization(call)
        case "ZeroPadding2D", "Cropping2D": return try addMargins(call)
        case "Flatten": return try addFlatten(call)
        case "Reshape": return try addReshape(call)
        case "Permute": return try addPermute(call)
        case let name where KerasLayer.trainingClasses.contains(name): return try call.input()
        case "UpSampling2D": return try addUpSampling(call)
        case "Activation":
            return try addActivation(call.layer.activation(), call.input(), call)
        case "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "ThresholdedReLU":
            return try addActivationLayer(call)
        case "Rescaling": return try addRescaling(call)
        case "Normalization": return try addStandardization(call)
        case "Concatenate":
            return try addConcatenation(call, axis: call.layer.integer("axis", default: -1))
        case "Merge": return try addMerge(call)
        case "TFOpLambda": return try addTensorFlowCall(call)
        case "Lambda":
            throw call.layer.error(
                expected: "a layer Ferry knows", found: "Lambda: Python code, which is never run")
        default:
            if let value = try addArithmetic(call, call.layer.className) { return value }
        }
        throw call.layer.error(expected: "a layer Ferry knows", found: call.layer.className)
    }

    // MARK: Weights

    func has(_ leaf: String, _ call: KerasLayerCall) -> Bool {
        weights[call.path]?[leaf] != nil
    }

    func weight(_ leaf: String, _ call: KerasLayerCall) throws(ContentError) -> (String, [Int]) {
        guard let tensor = weights[call.path]?[leaf] else {
            throw ContentError(layer: call.path, expected: "a weight \(leaf)", found: "none")
        }
        return (Self.weight(call.path, leaf), tensor.shape)
    }

    private func kernel(
        _ leaf: String, _ call: KerasLayerCall, rank: Int
    ) throws(ContentError) -> (String, [Int]) {
        let (name, shape) = try weight(leaf, call)
        guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
            throw ContentError(
                layer: call.path, expected: "a \(leaf) of \(rank) axes", found: "shape \(shape)")
        }
        return (name, shape)
    }

    private func biases(_ call: KerasLayerCall) throws(ContentError) -> [String] {
        guard try call.layer.flag("use_bias", "bias", default: true) else { return [] }
        return [try weight("bias", call).0]
    }

    // MARK: Convolutions

    private mutating func addConvolution(_ call: KerasLayerCall) throws(ContentError) -> KerasValue
    {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let (name, shape) = try kernel("kernel", call, rank: 4)
        // Keras 1 with Theano's order of axes wrote kernels as they are here.
        let isTheirs = version.major < 2 && !isLast
        let kernel =
            isTheirs
            ? name
            : try add(
                Transpose(permutation: [3, 2, 0, 1]), [name], named: "\(name)/oihw")
        let group = try call.layer.integer("groups", default: 1)
        guard group > 0 else {
            throw call.layer.error(expected: "groups of at least 1", found: "\(group)")
        }
        let sizes = isTheirs ? Array(shape[2...]) : Array(shape[..<2])
        try check(call, kernel: sizes, outputs: isTheirs ? shape[0] : shape[3])
        let convolution = Conv(
            window: try window(call.layer, kernel: sizes, isConvolution: true), group: group)
        let result = try add(
            convolution, [input, kernel] + biases(call), named: call.path)
        return try addActivation(
            call.layer.activation(), pictureValue(result, isLast: isLast), call)
    }

    /// Checks that a kernel is of the size that the configuration states.
    private func check(
        _ call: KerasLayerCall, kernel: [Int], outputs: Int
    ) throws(ContentError) {
        var sizes = try call.layer.pair("kernel_size")
        if sizes == nil, call.layer.config["nb_row"] != nil {
            sizes = [try call.layer.integer("nb_row"), try call.layer.integer("nb_col")]
        }
        if let sizes, sizes != kernel {
            throw ContentError(
                layer: call.path, expected: "a kernel of \(sizes)", found: "\(kernel)")
        }
        let filters = try call.layer.integer("filters", "nb_filter", default: outputs)
        if filters != outputs {
            throw ContentError(
                layer: call.path, expected: "a kernel for \(filters) outputs", found: "\(outputs)")
        }
    }

    private mutating func addDepthwise(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let result = try addDepthwiseStep(input, call, biases(call), named: call.path)
        return try addActivation(
            call.layer.activation(), pictureValue(result, isLast: isLast), call)
    }

    /// A kernel [kh, kw, in, multiples] applied to each channel by itself.
    private mutating func addDepthwiseStep(
        _ input: String, _ call: KerasLayerCall, _ biases: [String], named wish: String
    ) throws(ContentError) -> String {
        let (name, shape) = try kernel("depthwise_kernel", call, rank: 4)
        let turned = try add(Transpose(permutation: [2, 3, 0, 1]), [name], named: "\(name)/imhw")
        let (outputs, overflow) = shape[2].multipliedReportingOverflow(by: shape[3])
        guard !overflow else {
            throw ContentError(layer: call.path, expected: "a kernel", found: "shape \(shape)")
        }
        let target = try integers([outputs, 1, shape[0], shape[1]], named: "\(name)/shape")
        let kernel = try add(Reshape(), [turned, target], named: "\(name)/oihw")
        let convolution = Conv(
            window: try window(call.layer, kernel: Array(shape[..<2]), isConvolution: true),
            group: shape[2])
        return try add(convolution, [input, kernel] + biases, named: wish)
    }

    private mutating func addSeparable(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let depthwise = try addDepthwiseStep(input, call, [], named: "\(call.path)/depthwise")
        let (name, _) = try kernel("pointwise_kernel", call, rank: 4)
        let kernel = try add(
            Transpose(permutation: [3, 2, 0, 1]), [name], named: "\(name)/oihw")
        let result = try add(
            Conv(window: SpatialWindow()), [depthwise, kernel] + biases(call), named: call.path)
        return try addActivation(
            call.layer.activation(), pictureValue(result, isLast: isLast), call)
    }

    /// How a window slides: `padding` is Keras' word for it.
    private func window(
        _ layer: KerasLayer, kernel: [Int], isConvolution: Bool
    ) throws(ContentError) -> SpatialWindow {
        let strides = try layer.pair("strides", "subsample") ?? (isConvolution ? [1, 1] : kernel)
        let dilations = try layer.pair("dilation_rate") ?? [1, 1]
        let padding = layer.config["padding"] ?? layer.config["border_mode"]
        let window = SpatialWindow(
            kernel: kernel, strides: strides, dilations: dilations == [1, 1] ? [] : dilations)
        switch padding?.string ?? "valid" {
        case "valid": return window
        case "same":
            var window = window
            window.autoPad = .sameUpper
            return window
        default:
            throw layer.error(
                expected: "valid or same as padding", found: padding?.kind ?? "none")
        }
    }

    // MARK: Dense

    private mutating func addDense(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let value = try call.input()
        let input = try literal(value)
        let (kernel, shape) = try kernel("kernel", call, rank: 2)
        let units = try call.layer.integer("units", "output_dim", default: shape[1])
        guard units == shape[1] else {
            throw ContentError(
                layer: call.path, expected: "a kernel for \(units) outputs", found: "\(shape[1])")
        }
        var result: String
        if value.rank == 2 {
            result = try add(Gemm(), [input, kernel] + biases(call), named: call.path)
        } else {
            result = try add(MatMul(), [input, kernel], named: call.path)
            for bias in try biases(call) {
                result = try add(Add(), [result, bias], named: "\(call.path)/biased")
            }
        }
        let output = KerasValue(literal: result, picture: nil, rank: value.rank)
        return try addActivation(call.layer.activation(), output, call)
    }

    // MARK: Pools

    private mutating func addPool(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let size = try call.layer.pair("pool_size") ?? [2, 2]
        let window = try window(call.layer, kernel: size, isConvolution: false)
        let isMaximum = call.layer.className.hasPrefix("Max")
        let result = try add(
            isMaximum ? MaxPool(window: window) : AveragePool(window: window), [input],
            named: call.path)
        return pictureValue(result, isLast: isLast)
    }

    private mutating func addGlobalPool(_ call: KerasLayerCall) throws(ContentError) -> KerasValue {
        let isLast = try call.layer.isChannelsLast()
        let input = try channelsFirst(call.pictureInput(), isLast: isLast)
        let isMaximum = call.layer.className.hasPrefix("GlobalMax")
        let keepsAxes = try call.layer.flag("keepdims", default: false)
        let pooled = try add(
            isMaximum ? GlobalMaxPool() : GlobalAveragePool(), [input],
            named: keepsAxes ? call.path : "\(call.path)/pooled")
        if keepsAxes { return pictureValue(pooled, isLast: isLast) }
        let result = try add(Flatten(axis: 1), [pooled], named: call.path)
        return KerasValue(literal: result, picture: nil, rank: 2)
    }
}
