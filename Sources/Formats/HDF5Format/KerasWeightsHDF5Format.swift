package import FormatInterface
package import IR
import Tensors

/// Keras' legacy weights file: a group per layer, listed by `layer_names`, whose datasets are
/// listed by `weight_names`.
///
/// A whole-model file is read as well, for its weights alone. Layers without weights are dropped.
/// Lists too long for one attribute are split: `layer_names0`, `layer_names1` …
package enum KerasWeightsHDF5Format: ModelFormat {
    package static let name = "keras-weights-h5"
    package static let fileExtensions: [String] = []
    package static let convention = Convention.keras

    package static func recognizes(_ file: InputFile) -> Bool {
        HDF5File.isHDF5(file)
            && HDF5File.hasRootEntry(
                file, attributes: ["layer_names", "layer_names0", "model_config"],
                links: ["model_weights"])
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let contents = try HDF5File.contents(of: file)
        let isWholeModel =
            contents.groups["model_weights"] != nil && contents.attribute("layer_names") == nil
            && contents.attribute("layer_names0") == nil
        let base = isWholeModel ? "model_weights" : ""
        let layers = KerasLayers(contents: contents, file: file)
        let weights = try layers.weights(below: base)
        let tensors = try HDF5File.tensors(weights.map(\.dataset), of: file)
        var metadata = metadata(of: contents, base: base)
        if isWholeModel {
            metadata["ferry.note"] = "weights of a whole Keras model; its model_config is not read"
        }
        return Checkpoint(
            convention: convention,
            tensors: zip(weights, tensors).map { weight, tensor in
                NamedTensor(name: weight.name, layer: weight.layer, tensor: tensor)
            },
            metadata: metadata,
            producer: metadata["keras_version"].map { "keras \($0)" } ?? "")
    }

    /// Text attributes beside the lists; those of the weights' own group win.
    private static func metadata(of contents: HDF5Contents, base: String) -> [String: String] {
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

/// One entry of `weight_names`.
private struct KerasWeight {
    var layer: String
    var name: String
    var dataset: HDF5Dataset
}

/// Follows a file's lists of layers and weights.
private struct KerasLayers {
    let contents: HDF5Contents
    let file: InputFile
    private let datasets: [String: HDF5Dataset]

    init(contents: HDF5Contents, file: InputFile) {
        self.contents = contents
        self.file = file
        datasets = Dictionary(
            contents.datasets.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// All weights in the file's order.
    func weights(below base: String) throws(InputError) -> [KerasWeight] {
        var layers: Set<String> = []
        var weights: [KerasWeight] = []
        for layer in try list("layer_names", of: base) {
            guard layers.insert(layer).inserted else {
                throw error("layer_names", "each layer once", "\(layer) twice")
            }
            let group = base.isEmpty ? layer : "\(base)/\(layer)"
            guard contents.groups[group] != nil else {
                throw error("layer_names", "a group for each layer", "none for \(layer)")
            }
            var names: Set<String> = []
            for name in try list("weight_names", of: group) {
                guard names.insert(name).inserted else {
                    throw error("layer \(layer)", "each weight once", "\(name) twice")
                }
                guard let dataset = datasets["\(group)/\(name)"] else {
                    throw error("layer \(layer)", "a dataset for each weight", "none for \(name)")
                }
                weights.append(KerasWeight(layer: layer, name: name, dataset: dataset))
            }
        }
        return weights
    }

    /// A list of names that may be split over several attributes.
    private func list(_ name: String, of group: String) throws(InputError) -> [String] {
        if let whole = contents.attribute(name, of: group) {
            return try strings(whole, name, group)
        }
        var all: [String] = []
        var piece = 0
        while let value = contents.attribute("\(name)\(piece)", of: group) {
            all += try strings(value, "\(name)\(piece)", group)
            piece += 1
        }
        guard piece > 0 else {
            throw error(place(group), "the attribute \(name)", "none")
        }
        return all
    }

    private func strings(
        _ value: HDF5Value, _ name: String, _ group: String
    ) throws(InputError) -> [String] {
        switch value {
        case .strings(let strings): return strings
        case .numbers(let numbers) where numbers.isEmpty: return []
        default: throw error("\(place(group))@\(name)", "a list of names", value.kind)
        }
    }

    private func place(_ group: String) -> String { group.isEmpty ? "root group" : group }

    private func error(_ place: String, _ expected: String, _ found: String) -> InputError {
        InputError(
            file: file.path, format: KerasWeightsHDF5Format.name, place: place,
            expected: expected, found: found)
    }
}
