import FormatInterface
import Formats
import Foundation
import IR
import NumPyFormat
import Tensors

/// Where recordings lie: folders in the layout of ONNX's test data, archives of tensors, one array.
extension Recording {
    /// Whether `path` is a recording and no model.
    ///
    /// Folders and `.npy` files are. Archives that may as well hold weights (safetensors, npz, plain
    /// HDF5, PyTorch's) are when they hold `input_0` or `output_0`, or metadata under
    /// `metadataKey`. What cannot be read is none: reading it as a model says why.
    static func isRecording(_ path: String) -> Bool {
        if isFolder(path) { return true }
        guard let file = try? InputFile(path: path) else { return false }
        if NPY.recognizes(file) { return true }
        guard let checkpoint = try? archive(file) else { return false }
        return checkpoint.metadata[metadataKey] != nil
            || checkpoint.tensors.contains { RecordedRole(of: $0.name) != .activation }
    }

    /// The recordings at `path`: a folder's own or those of its `test_data_set_*` folders, an
    /// archive's, or one array, which is an output.
    ///
    /// - Throws: `InputError` when there is none, or one cannot be read.
    static func read(_ path: String) throws -> [Recording] {
        guard isFolder(path) else { return [try file(path)] }
        let names = try names(in: path)
        let sets = names.filter { $0.hasPrefix("test_data_set_") && isFolder("\(path)/\($0)") }
        if sets.isEmpty { return [try folder(path, name: "", names)] }
        return try sets.map { set in
            let folder = "\(path)/\(set)"
            return try Recording.folder(folder, name: set, Recording.names(in: folder))
        }
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// The names in a folder, numbers in the order of their values.
    private static func names(in folder: String) throws(InputError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted {
                $0.compare($1, options: [.numeric, .forcedOrdering]) == .orderedAscending
            }
        } catch {
            throw InputError(
                file: folder, expected: "a folder of recorded tensors", found: lastSystemError())
        }
    }

    // MARK: Files

    private static func file(_ path: String) throws -> Recording {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(
                file: path, expected: "recorded tensors (a folder, an archive or an array)",
                found: "nothing")
        }
        let file = try InputFile(path: path)
        if NPY.recognizes(file) {
            let output = RecordedTensor(name: "output_0", file: path, tensor: try NPY.read(file))
            return try Recording(name: "", path: path, tensors: [output], recorder: nil)
        }
        let checkpoint = try archive(file)
        return try Recording(
            name: "", path: path, tensors: tensors(checkpoint, in: path),
            recorder: checkpoint.metadata[metadataKey])
    }

    /// The tensors of an archive.
    ///
    /// - Throws: `InputError` for files of another kind, models with a graph among them.
    private static func archive(_ file: InputFile) throws -> Checkpoint {
        let format = try FormatRegistry.format(of: file)
        // Of the formats without a graph, these leave names and axes as a state dict has them.
        guard !format.holdsGraph, format.convention == .pytorch else {
            throw InputError(
                file: file.path, format: format.name,
                expected: "recorded tensors (a folder, .npy, .npz, safetensors or HDF5)",
                found: "a model")
        }
        return try format.read(file)
    }

    private static func tensors(_ checkpoint: Checkpoint, in path: String) -> [RecordedTensor] {
        checkpoint.tensors.map {
            RecordedTensor(name: $0.name, file: path, tensor: $0.tensor)
        }
    }

    // MARK: Folders

    /// Archives of activations that a folder may hold.
    private static let archives = ["safetensors", "npz", "h5", "hdf5"].map { "activations.\($0)" }

    private static func folder(
        _ folder: String, name: String, _ names: [String]
    ) throws -> Recording {
        var tensors: [RecordedTensor] = []
        var recorder: String?
        for file in arrays(among: names) {
            let path = "\(folder)/\(file.name)"
            tensors.append(
                RecordedTensor(name: file.tensor, file: path, tensor: try ArrayFile.read(path)))
        }
        for archive in archives where names.contains(archive) {
            let path = "\(folder)/\(archive)"
            let checkpoint = try Recording.archive(InputFile(path: path))
            tensors += Recording.tensors(checkpoint, in: path)
            recorder = recorder ?? checkpoint.metadata[metadataKey]
        }
        return try Recording(name: name, path: folder, tensors: tensors, recorder: recorder)
    }

    /// The files of one tensor each: every `.npy`, and `.pb` of inputs and outputs. Of several files
    /// for one input or output, the truth is taken, else the `.npy`.
    private static func arrays(among names: [String]) -> [(name: String, tensor: String)] {
        let present = Set(names)
        return names.compactMap { name in
            let isProto = name.hasSuffix(".pb")
            guard isProto || name.hasSuffix(".npy") else { return nil }
            let tensor = String(name.dropLast(isProto ? 3 : 4))
            if RecordedRole(of: tensor) == .activation { return isProto ? nil : (name, tensor) }
            let stem = RecordedRole.isTruth(tensor) ? String(tensor.dropLast(8)) : tensor
            let candidates = ["\(stem).float64.npy", "\(stem).npy", "\(stem).pb"]
            return candidates.first(where: present.contains) == name ? (name, tensor) : nil
        }
    }
}
