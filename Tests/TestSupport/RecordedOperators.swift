import FormatInterface
package import Foundation
import Tensors
import ZIPContainer

/// The single-operator networks of Fixtures/operators, which lie in zip archives by the first word
/// of their names.
package enum RecordedOperators {
    package struct Unknown: Error {
        package let name: String
    }

    /// Every case.
    package static let names: [String] = Set(
        archives.values.flatMap { archive in
            archive.entries.compactMap { $0.name.split(separator: "/").first.map(String.init) }
        }
    ).sorted()

    private static let archives: [String: ZIPArchive] = {
        let folder = Fixtures.url("operators").path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let pairs = files.filter { $0.hasSuffix(".zip") }.compactMap { file in
            (try? ZIPArchive(InputFile(path: "\(folder)/\(file)").storage)).map {
                (String(file.dropLast(4)), $0)
            }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }()

    /// Unpacks a case in the layout of ONNX's own test data, and returns its folder.
    package static func unpack(_ name: String, into folder: TemporaryFolder) throws -> URL {
        guard let archive = archives[String(name.prefix { $0 != "_" })] else {
            throw Unknown(name: name)
        }
        let entries = archive.entries.filter { $0.name.hasPrefix("\(name)/") }
        let place = URL(fileURLWithPath: folder.path).appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: place.appendingPathComponent("test_data_set_0"), withIntermediateDirectories: true)
        for entry in entries {
            try folder.write(archive.contents(of: entry).copy(), as: entry.name)
        }
        return place
    }
}
