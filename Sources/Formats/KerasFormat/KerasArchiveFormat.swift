package import FormatInterface
import HDF5Format
package import IR
import Tensors
import ZIPContainer

/// Keras' own format: a zip archive of a configuration and an HDF5 file of weights.
///
/// Written by Keras 3, and by Keras 2.12 and later.
package enum KerasArchiveFormat: ModelFormat {
    package static let name = "keras"
    package static let fileExtensions = ["keras"]
    package static let convention = Convention.keras
    package static let holdsGraph = true

    static let configName = "config.json"
    static let weightsName = "model.weights.h5"
    static let metadataName = "metadata.json"

    package static func recognizes(_ file: InputFile) -> Bool {
        guard file.bytes(at: 0, count: 2) == Array("PK".utf8) else { return false }
        let names = ZIPArchive.apparentNames(file.storage)
        return names.contains(configName) || names.contains(metadataName)
            || names.contains { $0.hasPrefix("model.weights.") }
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        do {
            let archive = try ZIPArchive(file.storage)
            let config = try contents(configName, of: archive, file)
            if archive[weightsName] == nil, archive["model.weights.npz"] != nil {
                throw InputError(
                    file: file.path, format: name, place: "model.weights.npz",
                    expected: "weights as \(weightsName)", found: "pickled arrays")
            }
            let weights = try contents(weightsName, of: archive, file)
            return try read(config.copy(), weights, metadata(of: archive), file)
        } catch let error as ContentError {
            throw error.inputError(file: file.path, format: name)
        }
    }

    private static func read(
        _ config: [UInt8], _ weights: ByteRegion, _ metadata: [String: String], _ file: InputFile
    ) throws -> Checkpoint {
        let source = HDF5Source(path: file.path, region: weights)
        let reading = KerasModelReading(format: name, path: file.path, source: source)
        // The format is younger than Keras 2.12, whatever a file says of itself.
        let version = KerasVersion(metadata["keras_version"] ?? "3", backend: nil)
        return try reading.checkpoint(
            config: config, in: configName, version: version, metadata: metadata
        ) { network in
            let contents = try HDF5File.contents(of: source)
            return try KerasWeightPlaces(network, in: try NumberedGroups(contents))
        }
    }

    private static func contents(
        _ name: String, of archive: ZIPArchive, _ file: InputFile
    ) throws -> ByteRegion {
        guard let entry = archive[name] else {
            throw InputError(
                file: file.path, format: Self.name, place: name, expected: "this member",
                found: "none")
        }
        guard name != configName || entry.size <= JSONValue.textLimit else {
            throw InputError(
                file: file.path, format: Self.name, place: name,
                expected: "at most \(JSONValue.textLimit) bytes", found: "\(entry.size)")
        }
        return try archive.contents(of: entry)
    }

    /// Texts beside the model; none when they are damaged, as Keras does not ask for them either.
    private static func metadata(of archive: ZIPArchive) -> [String: String] {
        guard let entry = archive[metadataName], entry.size <= 1 << 20,
            let text = try? archive.contents(of: entry).copy(),
            case .object(let members) = try? JSONValue(text)
        else { return [:] }
        return members.compactMapValues(\.string)
    }
}
