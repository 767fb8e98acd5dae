import IR
import Tensors

extension Architecture {
    /// The architecture called `name` with seeded weights, at the published sizes unless others
    /// are given.
    ///
    /// - Throws: `.unknownArchitecture`.
    package static func seeded(
        _ name: String, seed: UInt64, sizes: NetworkSizes? = nil
    ) throws(TranslationError) -> Model {
        let architecture = try ArchitectureRegistry.architecture(named: name)
        return architecture.seeded(seed: seed, sizes: sizes ?? architecture.publishedSizes)
    }

    /// The network with weights that follow from their names, shapes and `seed` alone.
    ///
    /// Kernels and matrices are uniform in ±√(6/fan-in), biases in ±1/√fan-in; batch
    /// normalisation's scales and variances lie in ½ … 1½, shifts and means in ±¼. A kernel is zero
    /// where maps are not connected; LeNet-5's codes are those of the digits.
    package func seeded(seed: UInt64, sizes: NetworkSizes) -> Model {
        var weights: [String: Tensor] = [:]
        var extras: [String: Tensor] = [:]
        var fanIn = 1
        for parameter in parameters(sizes) {
            if parameter.role == .weight { fanIn = parameter.spec.fanIn(weight: parameter.shape) }
            weights[parameter.name] = parameter.seeded(fanIn: fanIn, seed: seed)
            if parameter.role == .variance {
                extras["\(parameter.layer).num_batches_tracked"] = Tensor([Int64(0)], shape: [])
            }
        }
        var model = Model(
            graph: graph(NetworkForm(sizes: sizes)), weights: weights, architecture: self,
            origin: .pytorch)
        model.extras = extras
        model.preprocess = preprocess
        model.producer = "ferry"
        return model
    }
}

extension Architecture.Parameter {
    fileprivate func seeded(fanIn: Int, seed: UInt64) -> Tensor {
        let values: SeededValues
        switch role {
        case .weight:
            if case .radialBasis = spec, let codes = DigitCodes.tensor(of: shape) { return codes }
            values = .weight(fanIn: fanIn)
        case .bias, .slope, .other: values = .bias(fanIn: fanIn)
        case .scale, .variance: values = .aroundOne
        case .shift, .mean: values = .aroundZero
        }
        let tensor = values.tensor(named: name, seed: seed, shape: shape)
        guard case .conv(_, let conv) = spec, role == .weight, let table = conv.connections
        else { return tensor }
        return tensor.connected(by: table)
    }
}
