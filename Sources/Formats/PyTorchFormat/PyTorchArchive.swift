import FormatInterface
import IR
import Tensors
import ZIPContainer

/// PyTorch's zip form: `P/data.pkl` describes the object, `P/data/KEY` are its storages.
struct PyTorchArchive: Sendable {
    private static let pickleName = "/data.pkl"

    private let archive: ZIPArchive
    /// The folder that all members lie in, "/" included.
    private let folder: String

    /// Whether the archive, even a damaged one, holds a state dict's pickle.
    static func recognizes(_ storage: ByteStorage) -> Bool {
        storage.integer(at: 0, as: UInt32.self) == 0x0403_4B50
            && ZIPArchive.apparentNames(storage).contains(where: isPickle)
    }

    private static func isPickle(_ name: String) -> Bool {
        name.hasSuffix(pickleName) && name.count(where: { $0 == "/" }) == 1
    }

    init(_ storage: ByteStorage) throws(ContentError) {
        archive = try ZIPArchive(storage)
        guard let pickle = archive.entries.first(where: { Self.isPickle($0.name) }) else {
            throw ContentError(expected: "a zip archive with FOLDER/data.pkl", found: "none")
        }
        folder = String(pickle.name.dropLast(Self.pickleName.count - 1))
        guard archive.prefixLength == 0 else {
            throw ContentError(
                "byte 0", expected: "a zip archive",
                found: "\(archive.prefixLength) bytes before it")
        }
        guard archive[folder + "constants.pkl"] == nil else {
            throw ContentError(
                expected: "a state dict",
                found: "a TorchScript program; save its state_dict() with PyTorch instead")
        }
    }

    /// The tensors, and the storages that hold them by key, whose checksums are not compared yet.
    func checkpoint() throws(ContentError) -> (
        checkpoint: Checkpoint, storages: [String: ByteRegion]
    ) {
        _ = try contents("version")
        let isBigEndian = try isBigEndian()
        var machine = PickleMachine(try contents("data.pkl"), name: "data.pkl")
        let object = try machine.run()
        let found = try StateDictSearch(machine).find(in: object)
        let storages = try storages(of: found)
        var checkpoint = try TensorAssembly.checkpoint(
            found, storages, fileSize: archive.storage.count,
            isBigEndian: isBigEndian)
        checkpoint.metadata = ArchiveMetadata.read(archive.comment)
        return (checkpoint, storages)
    }

    /// Compares the checksums of storages.
    func check(_ storages: [String: ByteRegion], in path: String) throws(InputError) {
        do throws(ContentError) {
            for (key, contents) in storages {
                try archive.check(contents, of: try entry("data/\(key)"))
            }
        } catch {
            throw error.inputError(file: path, format: PyTorchFormat.name)
        }
    }

    /// The storages of the tensors that were found; those of others are left alone.
    private func storages(
        of found: StateDictSearch.Result
    ) throws(ContentError) -> [String: ByteRegion] {
        var storages: [String: ByteRegion] = [:]
        for (_, tensor) in found.tensors where storages[tensor.storage.key] == nil {
            storages[tensor.storage.key] = try region(of: tensor.storage)
        }
        return storages
    }

    private func region(
        of reference: StorageReference
    ) throws(ContentError) -> ByteRegion {
        let region = try archive.uncheckedContents(of: entry("data/\(reference.key)"))
        let (size, overflow) = reference.count.multipliedReportingOverflow(
            by: reference.type.size)
        guard !overflow, size == region.count else {
            throw ContentError(
                "zip member '\(folder)data/\(reference.key.prefix(100))'",
                expected: "\(reference.count) elements of \(reference.type.size) bytes",
                found: "\(region.count) bytes")
        }
        return region
    }

    private func isBigEndian() throws(ContentError) -> Bool {
        guard archive[folder + "byteorder"] != nil else { return false }
        let order = String(decoding: try contents("byteorder").copy(), as: UTF8.self)
        guard order == "little" || order == "big" else {
            throw ContentError(
                "zip member '\(folder)byteorder'", expected: "little or big",
                found: "'\(order.prefix(40))'")
        }
        return order == "big"
    }

    private func contents(_ name: String) throws(ContentError) -> ByteRegion {
        try archive.contents(of: entry(name))
    }

    private func entry(_ name: String) throws(ContentError) -> ZIPEntry {
        guard let entry = archive[folder + name] else {
            throw ContentError(
                expected: "a zip member '\(folder)\(name.prefix(100))'", found: "none")
        }
        return entry
    }
}
