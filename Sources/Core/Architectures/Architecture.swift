/// A network Ferry knows by heart: its layers, as data. Widths come from the tensors.
package struct Architecture: Sendable {
    package let name: String
    /// Sides of the pictures it was made for: 28 or 32 for LeNet, 224 or 227 for ImageNet's networks.
    package let side: Int
    /// Channels of its pictures as published.
    package let channels: Int
    /// Linear: each layer reads the one before it.
    package let layers: [LayerSpec]
    /// Whether published Keras files of the network end in a softmax.
    package let endsInSoftmaxInKeras: Bool
    /// How pictures were prepared for weights that come from PyTorch; nil when nothing is standard.
    package let preprocess: String?
    /// The same for weights that come from Keras.
    package let preprocessInKeras: String?
    /// The same network with batch normalisation, where there is one.
    package let normalizedTwin: String?
    /// The network that tensors without further word are taken for, where this one has the same.
    package let sharesTensorsOf: String?
    /// Whether outputs are distances, the smallest of them the answer.
    package let ranksSmallestFirst: Bool

    package init(
        name: String, side: Int, channels: Int, layers: [LayerSpec],
        endsInSoftmaxInKeras: Bool = false, preprocess: String? = nil,
        preprocessInKeras: String? = nil, normalizedTwin: String? = nil,
        sharesTensorsOf: String? = nil, ranksSmallestFirst: Bool = false
    ) {
        self.name = name
        self.side = side
        self.channels = channels
        self.layers = layers
        self.endsInSoftmaxInKeras = endsInSoftmaxInKeras
        self.preprocess = preprocess
        self.preprocessInKeras = preprocessInKeras
        self.normalizedTwin = normalizedTwin
        self.sharesTensorsOf = sharesTensorsOf
        self.ranksSmallestFirst = ranksSmallestFirst
    }

    /// The layers before the flatten: all that a file without its head holds.
    var features: [LayerSpec] {
        Array(
            layers.prefix { layer in
                if case .flatten = layer { false } else { true }
            })
    }

    /// The layers present: all, or those before the flatten.
    func layers(hasHead: Bool) -> [LayerSpec] { hasHead ? layers : features }

    var hasBatchNorm: Bool {
        layers.contains { layer in
            if case .batchNorm = layer { true } else { false }
        }
    }
}

/// The numbers that make an architecture one particular network.
package struct NetworkSizes: Hashable, Sendable {
    package var inputChannels: Int
    /// Outputs of each convolution.
    package var convs: [Int]
    /// Outputs of each dense layer, the classes last; empty when the head is missing.
    package var dense: [Int]

    package init(inputChannels: Int, convs: [Int], dense: [Int]) {
        self.inputChannels = inputChannels
        self.convs = convs
        self.dense = dense
    }

    package var hasHead: Bool { !dense.isEmpty }
}

extension Architecture {
    /// The published sizes, with which `ferry init` makes the network.
    package var publishedSizes: NetworkSizes {
        var sizes = NetworkSizes(inputChannels: channels, convs: [], dense: [])
        for layer in layers {
            switch layer {
            case .conv(_, let spec): sizes.convs.append(spec.width)
            case .dense(_, let width), .radialBasis(_, let width): sizes.dense.append(width)
            default: break
            }
        }
        return sizes
    }

    /// A tensor the architecture consists of.
    package struct Parameter: Hashable, Sendable {
        /// Its name in the graph and in a state_dict.
        package var name: String
        package var role: ParameterRole
        /// The canonical shape.
        package var shape: [Int]
        /// The layer it belongs to.
        package var spec: LayerSpec

        /// The module it belongs to.
        package var layer: String { spec.name }
    }

    /// Every tensor the graph reads, in the order of a state_dict.
    ///
    /// - Precondition: `sizes` has as many widths as the architecture has layers.
    package func parameters(_ sizes: NetworkSizes) -> [Parameter] {
        var walk = ShapeWalk(self, inputChannels: sizes.inputChannels)
        var convs = sizes.convs[...]
        var dense = sizes.dense[...]
        var parameters: [Parameter] = []
        for layer in layers(hasHead: sizes.hasHead) {
            var width: Int?
            switch layer {
            case .conv: width = convs.popFirst()
            case .dense, .radialBasis: width = dense.popFirst()
            default: break
            }
            for role in layer.roles {
                let shape = walk.expectedShape(of: role, in: layer).map { $0 ?? width ?? 0 }
                let name = "\(layer.name).\(role.pytorchName)"
                parameters.append(
                    Parameter(name: name, role: role, shape: shape, spec: layer))
            }
            walk.advance(over: layer, width: width)
        }
        return parameters
    }
}

/// Follows the activation's shape through an architecture's layers.
struct ShapeWalk {
    /// Channels of the activation, or its length once flattened; nil after a layer of unknown width.
    private(set) var channels: Int?
    private(set) var side: Int

    /// - Parameter inputChannels: nil while the first convolution has yet to tell.
    init(_ architecture: Architecture, inputChannels: Int?) {
        channels = inputChannels
        side = architecture.side
    }

    /// The canonical shape a parameter must have here; nil where the tensor decides.
    func expectedShape(of role: ParameterRole, in layer: LayerSpec) -> [Int?] {
        switch (layer, role) {
        case (.conv(_, let spec), .weight):
            [
                spec.connections?.count, channels.map { $0 / spec.groups }, spec.kernel,
                spec.kernel,
            ]
        case (.dense, .weight), (.radialBasis, .weight): [nil, channels]
        case (.batchNorm, _): [channels]
        case (.subsampling, _): [channels, 1, 1]
        default: [nil]
        }
    }

    /// - Parameter width: outputs of a convolution or dense layer; nil when unknown.
    mutating func advance(over layer: LayerSpec, width: Int?) {
        switch layer {
        case .conv(_, let spec):
            side = (side + 2 * spec.pad - spec.kernel) / spec.stride + 1
            channels = width
        case .pool(_, _, let kernel, let stride): side = (side - kernel) / stride + 1
        case .flatten: channels = channels?.multipliedReportingOverflow(by: side * side).0
        case .subsampling(_, let kernel): side /= kernel
        case .dense, .radialBasis: channels = width
        case .batchNorm, .activation, .localResponse: break
        }
    }

    /// Channels that a tensor behind a layer of unknown width tells.
    mutating func settle(channels: Int) {
        if self.channels == nil { self.channels = channels }
    }
}
