package import FormatInterface
package import IR
import Tensors

/// Keras' legacy weights file: a group per layer, listed by `layer_names`, whose datasets are
/// listed by `weight_names`; or Keras 0's, which counts both.
///
/// A whole-model file without its `model_config` is read as well. Layers without weights are
/// dropped.
package enum KerasWeightsHDF5Format: ModelFormat {
    package static let name = "keras-weights-h5"
    package static let fileExtensions: [String] = []
    package static let convention = Convention.keras

    package static func recognizes(_ file: InputFile) -> Bool {
        HDF5Dialect.of(file) == .listedWeights
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let contents = try HDF5File.contents(of: file)
        let base = KerasWeightLists.areIn(contents) ? "" : "model_weights"
        let lists = try KerasWeightLists(contents, below: base, of: HDF5Source(file), format: name)
        let weights = lists.layers.flatMap { layer in layer.weights.map { (layer.name, $0) } }
        let tensors = try HDF5File.tensors(weights.map(\.1.dataset), of: file)
        let metadata = metadata(of: contents, base: base)
        return Checkpoint(
            convention: convention,
            tensors: zip(weights, tensors).map { weight, tensor in
                NamedTensor(name: weight.1.name, layer: weight.0, tensor: tensor)
            },
            metadata: metadata,
            producer: metadata["keras_version"].map { "keras \($0)" } ?? "")
    }

    /// Text attributes beside the lists; those of the weights' own group win.
    package static func metadata(of contents: HDF5Contents, base: String) -> [String: String] {
        var metadata: [String: String] = [:]
        for group in ["", base] {
            for case (let key, .string(let text)) in contents.groups[group] ?? [:]
            where !HDF5Metadata.isReserved(key) {
                metadata[key] = text
            }
        }
        return metadata
    }
}
