import Architectures
import FormatInterface
import Formats
import HDF5Format
import IR
import KerasFormat
import Tensors
import TestSupport
import Testing

/// Weights in several files, and in bfloat16, as Keras itself writes them.
struct KerasShards {
    @Test
    func `Weights in several files are those of one`() throws {
        let index = try fixture("sharded/sequential.weights.json")
        #expect(try FormatRegistry.format(of: index).name == "keras3-weights-h5")
        let found = try Keras3WeightsFormat.read(index).tensors
        let whole = try Keras3WeightsFormat.read(fixture("sequential/sequential.weights.h5"))
        #expect(found.map(\.name) == whole.tensors.map(\.name))
        for (mine, theirs) in zip(found, whole.tensors) {
            #expect(mine.tensor.isBitEqual(to: theirs.tensor), "\(mine.name)")
        }
    }

    @Test(arguments: ["bfloat16/sequential.h5", "bfloat16/sequential.weights.h5"])
    func `Weights in bfloat16 are the others rounded`(_ path: String) throws {
        let file = try fixture(path)
        let found = try FormatRegistry.format(of: file).read(file).tensors
        let whole = try Keras3WeightsFormat.read(fixture("sequential/sequential.weights.h5"))
        #expect(found.count == whole.tensors.count)
        for tensor in found {
            let layer = tensor.layer.flatMap { $0.split(separator: "/").last } ?? ""
            let leaf = tensor.name.split(separator: "/").last?.prefix { $0 != ":" } ?? ""
            let full = whole.tensors.first { $0.name.hasPrefix("\(layer)/\(leaf)") }
            #expect(tensor.tensor.elementType == .bfloat16)
            #expect(
                full?.tensor.converted(to: .bfloat16).isBitEqual(to: tensor.tensor) == true,
                "\(tensor.name)")
        }
    }

    private static let first = "sequential_00000.weights.h5"

    @Test(arguments: [
        ("a missing file", #"{"/layers/conv2d/vars": "gone.weights.h5"}"#, "gone.weights.h5"),
        ("a path", #"{"/layers/conv2d/vars": "../\#(first)"}"#, "beside the index"),
        ("an absolute path", #"{"/layers/conv2d/vars": "/\#(first)"}"#, "beside the index"),
        ("an empty name", #"{"/layers/conv2d/vars": "", "/a": "\#(first)"}"#, "beside the index"),
        ("a number for a name", #"{"/layers/conv2d/vars": 3, "/a": "\#(first)"}"#, "no text"),
        ("a group without files", #"{"/a": [], "/b": "\#(first)"}"#, "a file"),
        ("a group its file lacks", #"{"/layers/gone/vars": "\#(first)"}"#, "layers/gone/vars"),
        (
            "one weight in two files",
            #"{"/layers/conv2d/vars": ["\#(first)", "again.weights.h5"]}"#, "it in one file"
        ),
        (
            "a file that is no HDF5",
            #"{"/layers/conv2d/vars": "text.weights.h5"}"#, "text.weights.h5"
        ),
        ("a list for a map", #"["a.weights.h5"]"#, "groups and their files"),
        ("an empty map", #"{}, "note": "a.weights.h5""#, "groups and their files"),
        ("text that ends early", #"{"/a": "a.weights.h5""#, "byte"),
    ])
    func `An index is refused for`(_ defect: String, _ map: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        let shard = try fixture("sharded/\(Self.first)").allBytes
        _ = try folder.file(shard, as: Self.first)
        _ = try folder.file(shard, as: "again.weights.h5")
        _ = try folder.file(Array("text".utf8), as: "text.weights.h5")
        let end = defect == "text that ends early" ? "" : "}"
        let index = try folder.file(
            Array("{\"weight_map\": \(map)\(end)".utf8), as: "m.weights.json")
        #expect(Keras3WeightsFormat.recognizes(index))
        let message = try #require(refusal { _ = try Keras3WeightsFormat.read(index) })
        #expect(message.contains(words), "\(message)")
        #expect(!message.contains("\n"))
    }
}
