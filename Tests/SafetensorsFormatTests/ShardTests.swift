import FormatInterface
import Foundation
import IR
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite struct Shards {
    private static let one =
        safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", data: 2)

    private func index(_ map: String) -> [UInt8] {
        Array(
            "{\"metadata\":{\"total_size\":2,\"x\":[1.5e3,null,true]},\"weight_map\":\(map)}".utf8)
    }

    private func message(_ folder: TemporaryFolder, _ text: [UInt8]) throws -> String? {
        let file = try folder.file(text, as: "model.safetensors.index.json")
        #expect(SafetensorsFormat.recognizes(file))
        return refusal { _ = try SafetensorsFormat.read(file) }
    }

    @Test func `tensors come from the files that the index names`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.one, as: "one.safetensors")
        #expect(try message(folder, index("{\"a\":\"one.safetensors\"}")) == nil)
        let file = try InputFile(path: folder.path("model.safetensors.index.json"))
        let checkpoint = try SafetensorsFormat.read(file)
        #expect(checkpoint.tensors.map(\.name) == ["a"])
        #expect(checkpoint.metadata.isEmpty)
    }

    @Test func `tensors that the index does not name are stated`() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.one, as: "one.safetensors")
        let file = try folder.file(index("{}"), as: "i.json")
        #expect(try SafetensorsFormat.read(file).tensors.isEmpty)
        let two = safetensors(
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", data: 2)
        try folder.write(two, as: "two.safetensors")
        let other = try folder.file(index("{\"a\":\"two.safetensors\"}"), as: "j.json")
        #expect(
            try SafetensorsFormat.read(other).notes
                == ["1 tensor of its files left out: the index does not name them there"])
    }

    @Test(arguments: [
        ("{\"a\":\"none.safetensors\"}", "found no such file"),
        ("{\"a\":\"../one.safetensors\"}", "the name of a file beside the index"),
        ("{\"a\":\"/etc/passwd\"}", "the name of a file beside the index"),
        ("{\"a\":\"sub/one.safetensors\"}", "the name of a file beside the index"),
        ("{\"a\":\"..\"}", "a name inside the model's folder"),
        ("{\"a\":\".\"}", "a name inside the model's folder"),
        ("{\"a\":\"\"}", "the name of a file beside the index"),
        ("{\"a\":\"x\\u0000y\"}", "a name inside the model's folder"),
        ("{\"b\":\"one.safetensors\"}", "expected it in 'one.safetensors', found no such tensor"),
        ("{\"a\":\"link.safetensors\"}", "a symbolic link"),
        ("{\"a\":\"folder\"}", "expected a regular file, found a folder"),
        ("{\"a\":\"pipe\"}", "expected a regular file, found a pipe"),
        ("{\"a\":\"model.safetensors.index.json\"}", "expected a file of tensors, found an index"),
        ("{\"a\":\"text\"}", "at most 0 bytes"),
        ("{\"a\":\"pytorch_model-1.bin\"}", "PyTorch's; save the model with safe_serialization"),
        ("{\"a\":1}", "'\"'"), ("[]", "'{'"),
        ("{\"a\":\"one.safetensors\",\"a\":\"one.safetensors\"}", "each key once"),
    ])
    func `an index with a defect is refused`(_ map: String, _ words: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.one, as: "one.safetensors")
        try folder.write(Array("8 bytes!".utf8), as: "text")
        let manager = FileManager.default
        try manager.createDirectory(
            atPath: folder.path("folder"), withIntermediateDirectories: false)
        try manager.createSymbolicLink(
            atPath: folder.path("link.safetensors"), withDestinationPath: "one.safetensors")
        try #require(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
        let message = try message(folder, index(map))
        #expect(message?.contains(words) == true, "\(message ?? "none")")
    }

    @Test(arguments: ["", ",", "{", "}}"])
    func `an index that is no JSON is refused`(_ rest: String) throws {
        let folder = try TemporaryFolder()
        let text = Array("{\"weight_map\":{}\(rest)".utf8)
        #expect(try message(folder, text) != nil)
    }
}
