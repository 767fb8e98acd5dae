package import FormatInterface
package import IR
import Tensors
import ZIPContainer

/// NumPy's archives of arrays: a zip file with one `.npy` member for each, named as a state dict's
/// parameters ("features.0.weight.npy").
///
/// Stored members are read without a copy, deflated ones inflated; members are written stored, each
/// array at a multiple of 64 bytes. Metadata travels as the archive's comment. Source: the
/// documentation of `numpy.savez`.
package enum NPZFormat: ModelFormat {
    package static let name = "npz"
    package static let fileExtensions = ["npz"]
    package static let convention = Convention.pytorch

    private static let suffix = ".npy"
    private static let alignment = 64

    package static func recognizes(_ file: InputFile) -> Bool {
        ZIPArchive.apparentNames(file.storage).contains { $0.hasSuffix(suffix) }
    }

    package static func read(_ file: InputFile) throws -> Checkpoint {
        let archive: ZIPArchive
        var members: [(name: String, contents: ByteRegion)] = []
        do throws(ContentError) {
            archive = try ZIPArchive(file.storage)
            for entry in archive.entries {
                members.append((entry.name, try archive.contents(of: entry)))
            }
        } catch {
            throw error.inputError(file: file.path, format: name)
        }
        return Checkpoint(
            convention: convention,
            tensors: try members.map { try tensor($0.name, $0.contents, of: file) },
            metadata: ArchiveMetadata.read(archive.comment))
    }

    private static func tensor(
        _ member: String, _ contents: ByteRegion, of file: InputFile
    ) throws(InputError) -> NamedTensor {
        guard member.hasSuffix(suffix) else {
            throw InputError(
                file: file.path, format: name, place: "member '\(member.prefix(100))'",
                expected: "members that are arrays (NAME\(suffix))", found: "another")
        }
        let source = NPYSource(
            contents: contents, file: file.path, format: name, member: member)
        return NamedTensor(
            name: String(member.dropLast(suffix.count)), tensor: try NPY.read(source))
    }

    package static func write(_ checkpoint: Checkpoint, to file: borrowing OutputFile) throws {
        var writer = ZIPWriter()
        for tensor in checkpoint.tensors {
            let name = tensor.name + suffix
            guard
                let header = NPY.header(
                    elementType: tensor.tensor.elementType, shape: tensor.tensor.shape)
            else {
                throw OutputError(
                    file: file.destination,
                    problem: "tensor '\(tensor.name)': expected elements that NumPy knows, found "
                        + "\(tensor.tensor.elementType)"
                        + (tensor.tensor.elementType.isFloatingPoint ? "; give --dtype f32" : ""))
            }
            try writer.append(
                name, [ByteRegion(header).tensor, tensor.tensor], alignment: alignment,
                to: file)
        }
        try writer.finish(comment: ArchiveMetadata.comment(checkpoint.metadata), to: file)
    }
}
