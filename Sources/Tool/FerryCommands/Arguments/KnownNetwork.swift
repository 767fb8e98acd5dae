import Architectures
import IR
import Tensors

/// A network as published, to be counted: zeros that take no memory stand for its weights.
struct KnownNetwork {
    let architecture: Architecture
    let file: ModelFile
    let sizes: Sizes

    /// - Parameter headed: whether the layers behind the flattening belong to it.
    init(_ architecture: Architecture, headed: Bool = true) throws {
        self.architecture = architecture
        var published = architecture.publishedSizes
        if !headed { published.dense = [] }
        let zeros = architecture.parameters(published).map { parameter in
            (parameter.name, Tensor(zerosOf: .float32, shape: parameter.shape))
        }
        file = ModelFile(
            Model(
                graph: architecture.graph(NetworkForm(sizes: published)),
                weights: Dictionary(uniqueKeysWithValues: zeros), architecture: architecture,
                origin: .pytorch))
        sizes = try Sizes(file, batch: 1)
    }

    init(_ name: String) throws {
        try self.init(ArchitectureRegistry.architecture(named: name))
    }

    /// A network of these layers alone.
    init(_ name: String, side: Int, channels: Int, _ layers: [LayerSpec]) throws {
        try self.init(
            Architecture(name: name, side: side, channels: channels, layers: layers))
    }

    /// A layer of the network, with its sizes and the shape of what it reads.
    struct Layer {
        var spec: LayerSpec
        var sizes: Sizes.Layer
        var input: [Int]

        /// What Caffe calls it: "conv3_3".
        var title: String { spec.parameterNames?.caffe ?? spec.name }
    }

    var layers: [Layer] {
        var shape = [1, architecture.channels, architecture.side, architecture.side]
        return zip(architecture.layers, sizes.layers).map { spec, sizes in
            defer { shape = sizes.outputShape }
            return Layer(spec: spec, sizes: sizes, input: shape)
        }
    }

    var convolutions: [Layer] { layers.filter { if case .conv = $0.spec { true } else { false } } }

    var denseLayers: [Layer] { layers.filter { if case .dense = $0.spec { true } else { false } } }

    var pools: [Layer] { layers.filter { if case .pool = $0.spec { true } else { false } } }

    /// Rows of the picture that one position of the last map sees.
    var receptiveField: Int {
        layers.last { $0.sizes.outputShape.count == 4 }?.sizes.receptiveField?.first ?? 0
    }
}

extension [KnownNetwork.Layer] {
    var parameters: Int { reduce(0) { $0 + $1.sizes.parameters } }
    var multiplyAdds: Int { reduce(0) { $0 + $1.sizes.multiplyAdds } }
}
