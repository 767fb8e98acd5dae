package import IR
package import Tensors

/// How arrays given for a network's picture input are laid out.
package enum Layout: String, Sendable {
    /// Batch, channels, height, width.
    case nchw
    /// Batch, height, width, channels.
    case nhwc
}

/// A network ready to be examined, run or written: a canonical graph and its weights.
///
/// Activations are NCHW, kernels OIHW, dense matrices [out, in] under `Gemm` with `transB`, and a
/// dense layer after a flatten counts its inputs in CHW order, wherever the file came from.
package struct Model: Sendable {
    package var graph: Graph
    /// The constants the graph reads, by the names it reads them under.
    package var weights: [String: Tensor]
    /// Tensors that travel with a state_dict and that no operator reads: `num_batches_tracked`.
    package var extras: [String: Tensor] = [:]
    /// Nil for a graph from a file that is no network Ferry knows.
    package var architecture: Architecture?
    /// Whose file it was.
    package var origin: Convention
    package var inputLayout: Layout = .nchw
    /// How its pictures are prepared: `ferry.preprocess` where the file says it, else what is usual
    /// for the architecture and its origin. Nil for LeNet, which has no usual recipe, and for
    /// networks Ferry does not know.
    package var preprocess: String?
    /// The name in the file of each weight, by its name here.
    package var sourceNames: [String: String] = [:]
    package var metadata: [String: String] = [:]
    package var producer = ""
    /// Whether batch normalisation was folded into the convolutions before Ferry saw them.
    package var hasFoldedNormalization = false
    /// Weights that the file lacks, where a part of a network was asked for: zeros stand for them.
    package var missing: Set<String> = []
    /// Weights that a Keras layer goes without, such as the scale of a normalisation with
    /// `scale=False`: ones or zeros stand for them.
    package var implied: Set<String> = []
    /// What of the file's tensors does not fit, where a part of a network was asked for.
    package var problems: [TranslationError] = []
    /// Why the network was taken for its architecture, or for none; empty where the file or the
    /// command line said it.
    package var recognition = ""
    /// What a person should know about how the file was understood.
    package var notes: [String] = []
    /// The nodes that have parameters, in graph order.
    package private(set) var layers: [ParameterLayer]

    /// How often layers read weights that a layer before them has read: those of one layer that is
    /// called several times.
    package var repeatedWeights: Int {
        let names = layers.flatMap { $0.parameters.map(\.name) }
        return names.count - Set(names).count
    }

    /// The model with its layers found anew, after a change of names.
    func withFreshLayers() -> Model {
        var model = self
        model.layers = ParameterLayer.layers(of: graph, weights: weights)
        return model
    }

    package init(
        graph: Graph, weights: [String: Tensor], architecture: Architecture?, origin: Convention
    ) {
        self.graph = graph
        self.weights = weights
        self.architecture = architecture
        self.origin = origin
        layers = ParameterLayer.layers(of: graph, weights: weights)
    }
}

/// Keys of the metadata by which Ferry's files say what a bag of tensors cannot.
package enum MetadataKey {
    package static let architecture = "ferry.architecture"
    /// What a file without a graph calls a network that cannot be rebuilt from it.
    package static let unknownArchitecture = "unknown"
    package static let preprocess = "ferry.preprocess"
    /// "1" when the network ends in a softmax, "0" when it does not.
    package static let softmax = "ferry.softmax"
    /// Batch normalisation's ε.
    package static let epsilon = "ferry.bn_epsilon"
    /// The value of every `num_batches_tracked`.
    package static let batchesTracked = "ferry.num_batches_tracked"

    /// Who made the kernels of a Keras file, where that matters: "theano", whose convolutions turn
    /// them by 180°, "tensorflow", whose do not, or "unknown".
    package static let kernels = "ferry.keras_kernels"

    /// The names that parts of a network had before a format changed them.
    package static let names = "ferry.names"

    static let all: Set = [
        architecture, preprocess, softmax, epsilon, batchesTracked, kernels, names,
    ]
}
