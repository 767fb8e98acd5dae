package import FormatInterface
import HDF5Format
package import IR

/// A whole Keras model in HDF5: its configuration as JSON in an attribute, its weights in lists.
///
/// Written by Keras 1, 2 and 3. What training left (optimizer, losses) is not read.
package enum KerasH5Format: ModelFormat {
    package static let name = "keras-h5"
    package static let fileExtensions: [String] = []
    package static let convention = Convention.keras
    package static let holdsGraph = true

    package static func recognizes(_ file: InputFile) -> Bool {
        HDF5Dialect.of(file) == .wholeModel
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let source = HDF5Source(file)
        let contents = try HDF5File.contents(of: source)
        guard case .string(let config) = contents.attribute("model_config") else {
            throw InputError(
                file: file.path, format: name, place: "attribute model_config",
                expected: "a text", found: contents.attribute("model_config")?.kind ?? "none")
        }
        // Files of weights with a configuration beside them have the lists in the root group.
        let base = KerasWeightLists.areIn(contents) ? "" : "model_weights"
        let metadata = KerasWeightsHDF5Format.metadata(of: contents, base: base)
        let reading = KerasModelReading(format: name, path: file.path, source: source)
        return try reading.checkpoint(
            config: Array(config.utf8), in: "attribute model_config",
            version: KerasVersion(metadata["keras_version"], backend: metadata["backend"]),
            metadata: metadata
        ) { network in
            let lists = try KerasWeightLists(contents, below: base, of: source, format: name)
            return try KerasWeightPlaces(network, in: lists)
        }
    }
}
