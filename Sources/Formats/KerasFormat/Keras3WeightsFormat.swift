package import FormatInterface
import HDF5Format
package import IR
import Tensors

/// Keras 3's files of weights alone: numbered groups, `layers/conv2d_1/vars/0`.
///
/// Weights may be spread over several such files, which an index beside them lists. A file tells the
/// order of layers within a class, not between classes; tensors come class by class. Since Keras 3.6
/// it also tells the layers' names.
package enum Keras3WeightsFormat: ModelFormat {
    package static let name = "keras3-weights-h5"
    package static let fileExtensions = ["weights.h5"]
    package static let convention = Convention.keras

    package static func recognizes(_ file: InputFile) -> Bool {
        HDF5Dialect.of(file) == .numberedWeights || Keras3Shards.recognizes(file)
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        if Keras3Shards.recognizes(file) {
            let shards = try Keras3Shards(file)
            return try checkpoint(shards.contents, of: file) { try shards.tensors($0) }
        }
        let source = HDF5Source(file)
        return try checkpoint(try HDF5File.contents(of: source), of: file) {
            try HDF5File.tensors($0, of: source)
        }
    }

    private static func checkpoint(
        _ contents: HDF5Contents, of file: InputFile, _ read: ([HDF5Dataset]) throws -> [Tensor]
    ) throws -> Checkpoint {
        let layers: [NumberedLayers.Layer]
        do throws(ContentError) {
            layers = try NumberedLayers(contents).layers
        } catch {
            throw error.inputError(file: file.path, format: name)
        }
        let tensors = try read(layers.flatMap(\.datasets))
        var rest = tensors[...]
        var named: [NamedTensor] = []
        for layer in layers {
            let shapes = layer.datasets.map(\.shape)
            for leaf in layer.leaves(shapes) {
                named.append(
                    NamedTensor(
                        name: "\(layer.name)/\(leaf)", layer: layer.name,
                        tensor: rest.removeFirst()))
            }
        }
        return Checkpoint(
            convention: convention, tensors: named,
            metadata: KerasWeightsHDF5Format.metadata(of: contents, base: ""), producer: "keras 3")
    }
}

/// The layers of a file without a configuration.
struct NumberedLayers {
    struct Layer {
        /// The layer's own name, or its group's; those of models inside below their model's.
        var name: String
        var word: String
        var datasets: [HDF5Dataset]

        /// Names of its weights, by its class; numbers where that does not tell.
        func leaves(_ shapes: [[Int]]) -> [String] {
            let known: [String]
            switch (word, shapes.count) {
            case ("conv2d", 1...2), ("dense", 1...2): known = ["kernel", "bias"]
            case ("depthwise_conv2d", 1...2): known = ["depthwise_kernel", "bias"]
            case ("batch_normalization", 2): known = ["moving_mean", "moving_variance"]
            case ("batch_normalization", 4):
                known = ["gamma", "beta", "moving_mean", "moving_variance"]
            default: return shapes.indices.map(String.init)
            }
            return shapes.indices.map { "\(known[$0]):0" }
        }
    }

    private(set) var layers: [Layer] = []

    init(_ contents: HDF5Contents) throws(ContentError) {
        let groups = try NumberedGroups(contents)
        add(groups, below: "", path: "", depth: 0)
        var used: Set<String> = []
        for index in layers.indices where !used.insert(layers[index].name).inserted {
            layers[index].name += "_\(index)"
            used.insert(layers[index].name)
        }
    }

    private mutating func add(
        _ groups: NumberedGroups, below base: String, path: String, depth: Int
    ) {
        let ordered = groups.layers(below: base).sorted { one, other in
            let (a, b) = (
                NumberedGroups.key(NumberedGroups.split(one).name),
                NumberedGroups.key(NumberedGroups.split(other).name)
            )
            return (a.word, a.number) < (b.word, b.number)
        }
        for group in ordered {
            let key = NumberedGroups.split(group).name
            let own = groups.name(of: group) ?? key
            let name = path.isEmpty ? own : "\(path)/\(own)"
            let datasets = groups.variables(of: group)
            if !datasets.isEmpty {
                layers.append(
                    Layer(name: name, word: NumberedGroups.key(key).word, datasets: datasets))
            }
            if depth < KerasNetwork.depthLimit {
                add(groups, below: group, path: name, depth: depth + 1)
            }
        }
    }
}
