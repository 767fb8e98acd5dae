import FormatInterface
import IR
import Tensors

/// A model in several safetensors files: an index in JSON says which file each tensor lies in.
///
/// `{"metadata": {…}, "weight_map": {"TENSOR": "FILE", …}}`; files lie in the index's own folder.
enum SafetensorsIndex {
    private static let mapKey = "weight_map"
    /// Bytes of an index; a tensor takes about 100.
    private static let sizeLimit = 64 << 20
    private static let fileLimit = 4096

    /// Whether the file is a JSON object in whose first part the map's key stands.
    static func recognizes(_ file: InputFile) -> Bool {
        let start = file.bytes(at: 0, count: 16).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard start.first == UInt8(ascii: "{"), file.count <= sizeLimit else { return false }
        let text = String(decoding: file.bytes(at: 0, count: 1 << 16), as: UTF8.self)
        return text.contains("\"\(mapKey)\"")
    }

    static func read(_ file: InputFile) throws -> Checkpoint {
        let map: [(tensor: String, file: String)]
        do throws(JSONError) {
            map = try entries(file)
        } catch {
            throw InputError(
                file: file.path, format: SafetensorsFormat.name, place: "byte \(error.offset)",
                expected: error.expected, found: error.found)
        }
        let shards = try Shards(map.map(\.file), of: file)
        var checkpoint = Checkpoint(convention: SafetensorsFormat.convention, tensors: [])
        for (name, shard) in map {
            checkpoint.tensors.append(
                NamedTensor(name: name, tensor: try shards.tensor(name, in: shard)))
        }
        checkpoint.metadata = shards.metadata
        checkpoint.notes = shards.notes(namedTensors: map.count)
        return checkpoint
    }

    /// The map in the order of the index.
    private static func entries(
        _ file: InputFile
    ) throws(JSONError) -> [(tensor: String, file: String)] {
        var reader = JSONReader(file.bytes(at: 0, count: file.count))
        var map: [(tensor: String, file: String)]?
        try reader.object { reader, key throws(JSONError) in
            guard key == mapKey else { return try reader.skip() }
            var entries: [(tensor: String, file: String)] = []
            try reader.object { reader, tensor throws(JSONError) in
                let start = reader.position
                let name = try reader.string()
                guard !name.contains("/"), !name.isEmpty else {
                    throw JSONError(
                        offset: start, expected: "the name of a file beside the index",
                        found: "'\(name.prefix(100))'")
                }
                entries.append((tensor, name))
            }
            map = entries
        }
        try reader.end()
        guard let map else {
            throw JSONError(offset: 0, expected: "the key \(mapKey)", found: "none")
        }
        return map
    }

    /// The files of an index, each read once.
    private struct Shards {
        private var shards: [String: [String: NamedTensor]] = [:]
        private(set) var metadata: [String: String] = [:]
        private let index: InputFile

        init(_ names: [String], of index: InputFile) throws {
            self.index = index
            let folder = try ModelFolder(of: index, format: SafetensorsFormat.name)
            for name in Set(names).sorted() {
                guard shards.count < fileLimit else {
                    throw InputError(
                        file: index.path, format: SafetensorsFormat.name,
                        expected: "at most \(fileLimit) files", found: "more")
                }
                guard ![".bin", ".pt", ".pth"].contains(where: name.hasSuffix) else {
                    throw InputError(
                        file: index.path, format: SafetensorsFormat.name,
                        expected: "files of safetensors",
                        found: "'\(name.prefix(100))', PyTorch's; save the model with "
                            + "safe_serialization=True")
                }
                let file = try folder.file(name)
                guard !SafetensorsIndex.recognizes(file) else {
                    throw InputError(
                        file: file.path, format: SafetensorsFormat.name,
                        expected: "a file of tensors", found: "an index")
                }
                let shard = try SafetensorsFormat.read(file)
                metadata.merge(shard.metadata) { first, _ in first }
                shards[name] = Dictionary(
                    shard.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            }
        }

        func tensor(_ name: String, in shard: String) throws(InputError) -> Tensor {
            guard let tensor = shards[shard]?[name]?.tensor else {
                throw InputError(
                    file: index.path, format: SafetensorsFormat.name,
                    place: "tensor '\(name.prefix(100))'", expected: "it in '\(shard)'",
                    found: "no such tensor")
            }
            return tensor
        }

        func notes(namedTensors: Int) -> [String] {
            let more = shards.values.reduce(0) { $0 + $1.count } - namedTensors
            return more > 0
                ? [
                    "\(counted(more, "tensor")) of its files left out: the index does not name them there"
                ]
                : []
        }
    }
}
