import IR
import Tensors

/// Deeper networks that begin with the weights of shallower ones.
extension Architecture {
    /// A convolution by its place, with the normalisation that follows it.
    private struct PlacedConvolution {
        /// Pools before it.
        var block: Int
        /// Convolutions before it in its block.
        var place: Int
        var names: LayerNames
        var spec: ConvolutionSpec
        var norm: LayerSpec?

        var layers: [LayerSpec] { [.conv(names, spec)] + (norm.map { [$0] } ?? []) }
    }

    private var placedConvolutions: [PlacedConvolution] {
        var convolutions: [PlacedConvolution] = []
        var (block, place) = (0, 0)
        for layer in features {
            switch layer {
            case .conv(let names, let spec):
                convolutions.append(
                    PlacedConvolution(block: block, place: place, names: names, spec: spec))
                place += 1
            case .batchNorm where !convolutions.isEmpty:
                convolutions[convolutions.count - 1].norm = layer
            case .pool:
                (block, place) = (block + 1, 0)
            default: break
            }
        }
        return convolutions
    }

    private var denseLayers: [LayerSpec] {
        layers.filter { if case .dense = $0 { true } else { false } }
    }

    /// Convolutions that the deeper network takes over.
    private static let grownConvolutions = 4

    /// The network as its authors grew it: the first four convolutions and the dense layers of a
    /// shallower one, all other weights drawn.
    ///
    /// The first four of vgg11 lie in three blocks. By mere order they would not fit (vgg11's second
    /// has 128 outputs, vgg16's 64), by block and place within it they do: conv1_1, conv2_1, conv3_1
    /// and conv3_2. Widths are the source's, a block's last where it has more convolutions here.
    /// Normalisations go with their convolutions.
    ///
    /// - Returns: the network, and the layers taken, by their names here and in the source.
    /// - Throws: `.graphMismatch` for a source that is not shallower, or of other blocks.
    ///
    /// Source: Simonyan and Zisserman, 2014, section 3.1.
    package func grown(
        from source: Model, seed: UInt64
    ) throws(TranslationError) -> (model: Model, taken: [(String, String)]) {
        guard let other = source.architecture, let form = source.form, form.sizes.hasHead,
            source.missing.isEmpty
        else { throw noSource("a known network with its dense layers", source) }
        let mine = placedConvolutions
        let theirs = other.placedConvolutions
        guard theirs.count < mine.count else {
            throw noSource("fewer convolutions than its \(mine.count)", source)
        }
        let sizes = try grownSizes(mine, theirs, form.sizes, source)
        var pairs: [(mine: LayerSpec, theirs: LayerSpec)] = []
        for convolution in theirs.prefix(Self.grownConvolutions) {
            guard
                let own = mine.first(where: {
                    ($0.block, $0.place) == (convolution.block, convolution.place)
                })
            else { throw noSource("blocks that are at most as long as its own", source) }
            pairs += zip(own.layers, convolution.layers).map { ($0, $1) }
        }
        pairs += zip(denseLayers, other.denseLayers).map { ($0, $1) }
        var model = seeded(seed: seed, sizes: sizes)
        for (mine, theirs) in pairs { try model.take(theirs, of: source, as: mine) }
        model.preprocess = source.preprocess ?? preprocess
        return (model, pairs.map { ($0.mine.name, $0.theirs.name) })
    }

    private func noSource(_ expected: String, _ source: Model) -> TranslationError {
        .graphMismatch(
            architecture: name, place: "network to grow from", expected: expected,
            found: source.architecture?.name ?? "a network of its own")
    }

    /// The source's widths, spread over this network's blocks.
    private func grownSizes(
        _ mine: [PlacedConvolution], _ theirs: [PlacedConvolution], _ sizes: NetworkSizes,
        _ source: Model
    ) throws(TranslationError) -> NetworkSizes {
        var grown = NetworkSizes(
            inputChannels: sizes.inputChannels, convs: [], dense: sizes.dense)
        let widths = zip(theirs, sizes.convs)
        for convolution in mine {
            let block = widths.filter { $0.0.block == convolution.block }
            guard let last = block.last else { throw noSource("the same blocks", source) }
            let own = block.first { $0.0.place == convolution.place }
            grown.convs.append(own?.1 ?? last.1)
        }
        guard denseLayers.count == sizes.dense.count,
            Set(theirs.map(\.block)) == Set(mine.map(\.block))
        else { throw noSource("the same blocks and dense layers", source) }
        return grown
    }
}

extension Model {
    /// Puts a layer's weights of another model in place of one of this model's.
    fileprivate mutating func take(
        _ theirs: LayerSpec, of source: Model, as mine: LayerSpec
    ) throws(TranslationError) {
        for role in mine.roles {
            let name = "\(mine.name).\(role.pytorchName)"
            let other = "\(theirs.name).\(role.pytorchName)"
            guard let expected = weights[name], let tensor = source.weights[other] else { continue }
            guard tensor.shape == expected.shape else {
                throw .shapeMismatch(name: other, expected: expected.shape, found: tensor.shape)
            }
            guard tensor.elementType == expected.elementType else {
                throw .elementType(
                    name: other, expected: expected.elementType.rawValue,
                    found: tensor.elementType)
            }
            weights[name] = tensor
        }
        let counter = "\(theirs.name).num_batches_tracked"
        if let count = source.extras[counter] {
            extras["\(mine.name).num_batches_tracked"] = count
        }
    }
}
