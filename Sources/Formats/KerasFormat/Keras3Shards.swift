import FormatInterface
import HDF5Format
import Tensors

/// Keras 3's weights in several files of numbered groups: `NAME.weights.json` says which file each
/// group lies in; a group may go on in the next file.
///
/// `{"metadata": {…}, "weight_map": {"/layers/dense/vars": ["NAME_00000.weights.h5"], …}}`
struct Keras3Shards {
    /// What the files hold together.
    private(set) var contents = HDF5Contents()
    /// The file that each dataset lies in.
    private var sources: [String: HDF5Source] = [:]

    private static let mapKey = "weight_map"
    private static let fileLimit = 4096

    /// Whether the file is a JSON object that maps to files of weights in HDF5.
    static func recognizes(_ file: InputFile) -> Bool {
        let start = file.bytes(at: 0, count: 16).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard start.first == UInt8(ascii: "{"), file.count <= JSONValue.textLimit else {
            return false
        }
        let text = String(decoding: file.bytes(at: 0, count: 1 << 16), as: UTF8.self)
        return text.contains("\"\(mapKey)\"") && text.contains(".weights.h5\"")
    }

    /// - Throws: `InputError` for an index that is none, names of files elsewhere, groups that their
    ///   file does not hold, and weights that two files hold.
    init(_ index: InputFile) throws {
        let map: [String: [String]]
        do throws(ContentError) {
            map = try Self.map(index)
        } catch {
            throw error.inputError(file: index.path, format: Keras3WeightsFormat.name)
        }
        let folder = try ModelFolder(of: index, format: Keras3WeightsFormat.name)
        for name in Set(map.values.joined()).sorted() {
            let source = HDF5Source(try folder.file(name))
            let shard = try HDF5File.contents(of: source)
            let missing = map.keys.sorted().first { group in
                map[group]?.contains(name) == true && shard.groups[group] == nil
            }
            if let missing {
                throw ContentError("group \(missing)", expected: "it in '\(name)'", found: "none")
                    .inputError(file: index.path, format: Keras3WeightsFormat.name)
            }
            try add(shard, from: source, name, index)
        }
    }

    /// The files of each group, whose paths lose their leading slash.
    private static func map(_ index: InputFile) throws(ContentError) -> [String: [String]] {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(index.bytes(at: 0, count: index.count))
        } catch {
            throw ContentError(error, in: "index")
        }
        guard case .object(let entries) = value[mapKey], !entries.isEmpty else {
            throw ContentError(mapKey, expected: "groups and their files", found: "none")
        }
        var map: [String: [String]] = [:]
        for (group, files) in entries.sorted(by: { $0.key < $1.key }) {
            let names = (files.array ?? [files]).map(\.string)
            guard !names.isEmpty else {
                throw ContentError("group \(group)", expected: "a file", found: "none")
            }
            map[group.first == "/" ? String(group.dropFirst()) : group] = try names.map {
                name throws(ContentError) in
                guard let name, !name.isEmpty, !name.contains("/") else {
                    throw ContentError(
                        "group \(group)", expected: "the name of a file beside the index",
                        found: name.map { "'\($0.prefix(100))'" } ?? "no text")
                }
                return name
            }
        }
        guard Set(map.values.joined()).count <= fileLimit else {
            throw ContentError(mapKey, expected: "at most \(fileLimit) files", found: "more")
        }
        return map
    }

    private mutating func add(
        _ shard: HDF5Contents, from source: HDF5Source, _ name: String, _ index: InputFile
    ) throws(InputError) {
        for (path, attributes) in shard.groups {
            contents.groups[path, default: [:]].merge(attributes) { first, _ in first }
        }
        for dataset in shard.datasets {
            guard sources.updateValue(source, forKey: dataset.path) == nil else {
                throw ContentError(
                    "dataset \(dataset.path)", expected: "it in one file",
                    found: "another in '\(name)'"
                ).inputError(file: index.path, format: Keras3WeightsFormat.name)
            }
            contents.datasets.append(dataset)
        }
    }

    func tensors(_ datasets: [HDF5Dataset]) throws -> [Tensor] {
        try datasets.flatMap { dataset in
            try sources[dataset.path].map { try HDF5File.tensors([dataset], of: $0) } ?? []
        }
    }
}
