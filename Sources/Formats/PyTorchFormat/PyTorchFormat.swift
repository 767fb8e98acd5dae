package import FormatInterface
package import IR
import Tensors
import ZIPContainer

/// PyTorch's state dicts, alone or in a training checkpoint: read in the zip form and in the legacy
/// form, written in the zip form.
///
/// A pickle is interpreted over a closed set of values; nothing of Python is run. Tensors that are
/// stored in order are ranges of the mapping. Source: PyTorch's documentation of `torch.save`, and
/// files that PyTorch 0.4 to 2.13 write.
package enum PyTorchFormat: ModelFormat {
    package static let name = "pth"
    package static let fileExtensions = ["pth", "pt"]
    package static let convention = Convention.pytorch

    /// What `torch.save` aligns storages to.
    private static let alignment = 64

    package static func recognizes(_ file: InputFile) -> Bool {
        PyTorchArchive.recognizes(file.storage) || LegacyStream.recognizes(file.storage)
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let found = try readUnchecked(file)
        try found.check()
        return found.checkpoint
    }

    package static func readUnchecked(_ file: InputFile) throws -> UncheckedCheckpoint {
        do throws(ContentError) {
            if file.storage.integer(at: 0, as: UInt16.self) == 0x4B50 {
                let archive = try PyTorchArchive(file.storage)
                let found = try archive.checkpoint()
                return UncheckedCheckpoint(found.checkpoint) {
                    try archive.check(found.storages, in: file.path)
                }
            }
            guard LegacyStream.recognizes(file.storage) else {
                throw ContentError(
                    "byte 0", expected: "a zip archive or a pickle of PyTorch's magic number",
                    found: file.count == 0 ? "an empty file" : "other bytes")
            }
            var stream = LegacyStream(file.storage)
            return UncheckedCheckpoint(try stream.checkpoint())
        } catch {
            throw error.inputError(file: file.path, format: name)
        }
    }

    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        var names: Set<String> = []
        for tensor in checkpoint.tensors where !names.insert(tensor.name).inserted {
            throw OutputError(
                file: file.destination, problem: "two tensors are named '\(tensor.name)'")
        }
        for tensor in checkpoint.tensors where tensor.tensor.elementType.torchName == nil {
            throw OutputError(
                file: file.destination,
                problem: "tensor '\(tensor.name)': expected elements that PyTorch has a type for, "
                    + "found \(tensor.tensor.elementType)")
        }
        let pickle = PickleWriter.stateDict(checkpoint.tensors.map { ($0.name, $0.tensor) })
        var members = [
            ("data.pkl", ByteRegion(pickle).tensor),
            ("byteorder", ByteRegion(Array("little".utf8)).tensor),
        ]
        for (key, tensor) in checkpoint.tensors.enumerated() {
            members.append(("data/\(key)", tensor.tensor))
        }
        members.append(("version", ByteRegion(Array("3\n".utf8)).tensor))
        var writer = ZIPWriter()
        for (name, contents) in members {
            try writer.append("archive/\(name)", [contents], alignment: alignment, to: file)
        }
        try writer.finish(comment: ArchiveMetadata.comment(checkpoint.metadata), to: file)
    }
}
