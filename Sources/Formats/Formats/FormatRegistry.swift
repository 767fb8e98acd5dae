import CaffeFormat
package import FormatInterface
import HDF5Format
import IR
import KerasFormat
import NumPyFormat
import ONNXFormat
import PyTorchFormat
import SafetensorsFormat

/// Every format Ferry knows.
package enum FormatRegistry {
    /// In the order that messages list them.
    package static let all: [any ModelFormat.Type] = [
        ONNXFormat.self,
        StateDictHDF5Format.self,
        KerasWeightsHDF5Format.self,
        KerasH5Format.self,
        Keras3WeightsFormat.self,
        KerasArchiveFormat.self,
        PyTorchFormat.self,
        SafetensorsFormat.self,
        NPZFormat.self,
        CaffeFormat.self,
    ]

    /// The format that a file's content is of, whatever its name.
    ///
    /// - Throws: `InputError` when it is of none, naming the content where it is well known.
    package static func format(of file: InputFile) throws(InputError) -> any ModelFormat.Type {
        if let format = all.first(where: { $0.recognizes(file) }) { return format }
        throw InputError(
            file: file.path, expected: "a model (\(list(names)))",
            found: ForeignContent.describe(file))
    }

    /// The format of a name, as `--to` takes it.
    ///
    /// - Throws: `FormatChoiceError` for an unknown name, and a format that is only read.
    package static func format(
        named name: String
    ) throws(FormatChoiceError) -> any ModelFormat.Type {
        guard let format = all.first(where: { $0.name == name }), format.isWritten else {
            throw .unknownName(name, choices: writtenNames)
        }
        return format
    }

    /// The format to write a file in: the one named, or else the one its extension stands for.
    ///
    /// - Throws: `FormatChoiceError` for an unknown name, an unknown extension, and extensions that
    ///   several formats share.
    package static func format(
        forWriting path: String, named name: String?
    ) throws(FormatChoiceError) -> any ModelFormat.Type {
        if let name { return try format(named: name) }
        let file = path.split(separator: "/").last.map { $0.lowercased() } ?? ""
        var best: (length: Int, format: any ModelFormat.Type)?
        for format in all {
            for fileExtension in format.fileExtensions
            where file.hasSuffix(dotted(fileExtension)) && fileExtension.count > best?.length ?? 0 {
                best = (fileExtension.count, format)
            }
        }
        if let best { return best.format }
        if file.hasSuffix(".h5") || file.hasSuffix(".hdf5") {
            throw .ambiguousExtension(path, choices: writtenNames.filter(isHDF5))
        }
        throw .unknownExtension(path, extensions: extensions, choices: writtenNames)
    }

    package static var names: [String] { all.map { $0.name } }

    /// Names of the formats that `--to` takes.
    package static var writtenNames: [String] { all.filter { $0.isWritten }.map { $0.name } }

    private static var extensions: [String] { all.flatMap { $0.fileExtensions.map(dotted) } }

    private static func dotted(_ fileExtension: String) -> String {
        fileExtension.hasPrefix(".") ? fileExtension : "." + fileExtension
    }

    /// Whether files of the format are usually called ".h5".
    private static func isHDF5(_ name: String) -> Bool {
        name.hasSuffix("h5") || name.hasSuffix("hdf5")
    }
}

/// A format for writing that the command line does not settle.
package enum FormatChoiceError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownName(String, choices: [String])
    /// The extension stands for several formats.
    case ambiguousExtension(String, choices: [String])
    case unknownExtension(String, extensions: [String], choices: [String])

    package var description: String {
        switch self {
        case .unknownName(let name, let choices):
            let hint = nearestName(to: name, among: choices).map { "; did you mean '\($0)'?" } ?? ""
            return "--to: expected one of \(list(choices)), found \(printable(name))\(hint)"
        case .ambiguousExtension(let path, let choices):
            return "\(printable(path)): expected --to with one of \(list(choices)): "
                + "all of them are HDF5"
        case .unknownExtension(let path, let extensions, let choices):
            let endings = extensions.isEmpty ? "" : "a name ending in \(list(extensions)), or "
            return "\(printable(path)): expected \(endings)--to with one of \(list(choices))"
        }
    }
}

private func list(_ names: [String]) -> String { names.joined(separator: ", ") }
