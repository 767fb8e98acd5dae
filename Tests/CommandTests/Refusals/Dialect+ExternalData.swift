import Foundation
import TestSupport

extension Dialect {
    private static let weights = "lenet5_weights.bin"
    private static let shard = "model-00001-of-00002.safetensors"
    private static let entry = "\"conv.bias\": \"\(shard)\""

    /// A model whose weights lie in a file beside it.
    static let onnxExternal = Dialect(
        name: "onnx, external data", formats: ["onnx"],
        files: ["onnx/keras/lenet5_external.onnx", "onnx/keras/\(weights)"],
        destination: ["out.pth"],
        defects: file(weights, links: true) + [
            Defect("a data file one byte short", "found 39") { try $0.beside(weights).cut(1) },
            Defect("an empty data file", "found 0") { try $0.beside(weights).change { $0 = [] } },
            location("an absolute path", "/tmp/5_weights.bin"),
            location("a path above the folder", "../et5_weights.bin"),
            location("a path through the folder above", "a/../5_weights.bin"),
            location("a path with an empty part", "a//et5_weights.bin"),
            location("a URL", "http://weights.bin"),
            Defect("a name in other letters", "no such file") {
                try $0.replace(weights, with: "Lenet5_weights.bin")
            },
            Defect("no location", "location") { try $0.replace("location", with: "lacation") },
            offset("an offset beyond the end", "9804"), offset("a negative offset", "-804"),
            offset("an offset in words", "five"),
            length("a length of another shape", "300 bytes", "304"),
            length("a negative length", "length", "-30"),
        ])

    private static func location(_ name: String, _ path: String) -> Defect {
        Defect(name, "inside the model's folder") { try $0.replace(weights, with: path) }
    }

    private static func offset(_ name: String, _ text: String) -> Defect {
        Defect(name, "offset") { try $0.replace("\u{4}5804", with: "\u{4}\(text)") }
    }

    private static func length(_ name: String, _ words: String, _ text: String) -> Defect {
        Defect(name, words) {
            try $0.replace("length\u{12}\u{3}300", with: "length\u{12}\u{3}\(text)")
        }
    }

    /// What may stand beside a model in the place of a file of its own.
    private static func file(_ name: String, links: Bool) -> [Defect] {
        let files = FileManager.default
        return [
            Defect("a missing file", "no such file") { try $0.beside(name).remove() },
            Defect("a symbolic link for a file", "a symbolic link") {
                let path = $0.beside(name).path
                try files.moveItem(atPath: path, toPath: path + ".real")
                try files.createSymbolicLink(atPath: path, withDestinationPath: path + ".real")
            },
            Defect("a folder for a file", "a folder") {
                try $0.beside(name).remove()
                try files.createDirectory(
                    atPath: $0.beside(name).path, withIntermediateDirectories: false)
            },
            Defect("a pipe for a file", "a pipe") {
                try $0.beside(name).remove()
                unsafe mkfifo($0.beside(name).path, 0o600)
            },
        ]
            + (links
                ? [
                    Defect("a second name of a file elsewhere", "hard links") {
                        let path = $0.beside(name).path
                        try files.linkItem(atPath: path, toPath: path + ".other")
                    }
                ] : [])
    }

    /// An index of files of tensors.
    static let safetensorsIndex = Dialect(
        name: "safetensors, shards", formats: ["safetensors"],
        files: [
            "checkpoints/model.safetensors.index.json", "checkpoints/\(shard)",
            "checkpoints/model-00002-of-00002.safetensors",
        ], destination: ["out.pth"],
        defects: file(shard, links: false) + [
            name("a shard above the folder", "a file beside the index", "../model.safetensors"),
            name("a shard by its whole path", "a file beside the index", "/etc/passwd"),
            name("a shard in a folder", "a file beside the index", "a/\(shard)"),
            name("a shard without a name", "a file beside the index", ""),
            name("a shard with a NUL in its name", "inside the model's folder", "a\\u0000b"),
            name("an index for a shard", "an index", "model.safetensors.index.json"),
            Defect("a number for a shard's name", "'\"'") {
                try $0.replace(entry, with: "\"conv.bias\": 1")
            },
            Defect("a tensor that its shard lacks", "no such tensor") {
                try $0.replace("conv.bias", with: "conv.gone")
            },
            Defect("a tensor twice", "each key once") {
                try $0.replace("conv.bias", with: "conv.weight")
            },
            Defect("a map that is a list", "'{'") {
                try $0.replace("\"weight_map\": {", with: "\"weight_map\": [], \"rest\": {")
            },
            Defect("an index that ends early", "byte") { try $0.cut(3) },
            Defect("a shard that is no safetensors", shard) {
                try $0.beside(shard).change { $0 = Array("some text".utf8) }
            },
            Defect("a shard cut short", "inside") { try $0.beside(shard).cut(4) },
            Defect("an unknown dtype in a shard", "F33") {
                try $0.beside(shard).changeHeader("\"F32\"", "\"F33\"")
            },
        ])

    private static func name(_ name: String, _ words: String, _ shard: String) -> Defect {
        Defect(name, words) { try $0.replace(entry, with: "\"conv.bias\": \"\(shard)\"") }
    }
}
