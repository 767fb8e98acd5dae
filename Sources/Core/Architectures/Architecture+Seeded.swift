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
    /// normalisation's scales and variances lie in ½ … 1½, shifts and means in ±¼.
    package func seeded(seed: UInt64, sizes: NetworkSizes) -> Model {
        var weights: [String: Tensor] = [:]
        var extras: [String: Tensor] = [:]
        var fanIn = 1
        for parameter in parameters(sizes) {
            let values: SeededValues
            switch parameter.role {
            case .weight:
                fanIn = parameter.shape.dropFirst().reduce(1, *)
                values = .weight(fanIn: fanIn)
            case .bias, .other: values = .bias(fanIn: fanIn)
            case .scale, .variance: values = .aroundOne
            case .shift, .mean: values = .aroundZero
            }
            weights[parameter.name] = values.tensor(
                named: parameter.name, seed: seed, shape: parameter.shape)
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
