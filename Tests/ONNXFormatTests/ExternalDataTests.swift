import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

private func entry(_ key: String, _ value: String) -> [UInt8] {
    bytes(13, text(1, key) + text(2, value))
}

/// A float tensor of two elements at `location`.
private func external(
    _ location: String, _ more: [UInt8] = [], flag: [UInt8] = integer(14, 1), name: String = "t"
) -> [UInt8] {
    tensor(name, 1, [2], entry("location", location) + more + flag)
}

/// The two floats that every data file here holds, after `before` bytes.
private func data(after before: Int = 0) -> [UInt8] {
    [UInt8](repeating: 0xAA, count: before) + little(Float(1.5).bitPattern)
        + little(Float(-2).bitPattern)
}

private func read(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> Checkpoint {
    try ONNXFormat.read(folder.file(bytes, as: "model.onnx"))
}

@Test(arguments: [0, 1, 2, 3, 5, 4096])
func `external data is read from any byte of a file`(_ offset: Int) throws {
    let folder = try TemporaryFolder()
    try folder.write(data(after: offset) + [9, 9], as: "w.bin")
    let place = entry("offset", "\(offset)") + entry("length", "8") + entry("checksum", "ab")
    let found = try read(model(with: external("w.bin", place)), in: folder)
    #expect(found.tensors.last?.tensor.floats() == [1.5, -2])
}

@Test func `external data is read from several files and folders, and one file serves many`()
    throws
{
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
        atPath: folder.path("a b"), withIntermediateDirectories: false)
    try folder.write(data(), as: "w")
    try folder.write(data(), as: "a b/ü.data")
    let inner = external("a b/ü.data", name: "v")
    let outer = external("./w", name: "u")
    let found = try read(
        model(
            graph(initializers: [
                floats("w", [3, 2, 3, 3]), floats("b", [3]), external("w"), inner, outer,
            ])), in: folder)
    #expect(
        found.tensors.suffix(3).map { $0.tensor.floats() } == [[1.5, -2], [1.5, -2], [1.5, -2]])
}

@Test func `a Constant may lie in another file`() throws {
    let folder = try TemporaryFolder()
    try folder.write(data(), as: "w")
    let holder = text(1, "value") + bytes(5, external("w", name: "")) + integer(20, 4)
    let nodes = [node("Constant", [], ["k"], [holder]), node("Add", ["x", "k"], ["y"])]
    let found = try read(
        model(graph(nodes: nodes, initializers: [], inputs: [value("x", [2])])), in: folder)
    #expect((found.graph?.nodes[0].op as? Constant)?.value.floats() == [1.5, -2])
}

private let defects = [
    Defect("missing file", external("no.bin"), "'no.bin'", "no such file"),
    Defect("absolute path", external("/etc/passwd"), "inside the model's folder", "/etc/passwd"),
    Defect("path above the folder", external("../w"), "inside the model's folder", "'../w'"),
    Defect("path above the folder inside", external("a/../../w"), "inside the model's folder"),
    Defect("path that stays inside by going up", external("a/../w"), "inside the model's folder"),
    Defect("empty location", external(""), "location"),
    Defect("no location", tensor("t", 1, [2], integer(14, 1)), "location"),
    Defect("the folder itself", external("."), "inside the model's folder"),
    Defect("empty part", external("a//w"), "inside the model's folder"),
    Defect("URL", external("https://example.com/w"), "inside the model's folder"),
    Defect("symbolic link", external("link"), "'link'", "a symbolic link"),
    Defect("symbolic link to a folder", external("folderlink/w"), "a symbolic link"),
    Defect("hard link", external("hard"), "hard links"),
    Defect("folder", external("a"), "a folder"),
    Defect("pipe", external("pipe"), "a pipe"),
    Defect("other case", external("W"), "no such file"),
    Defect("offset beyond the end", external("w", entry("offset", "9")), "offset", "9"),
    Defect("negative offset", external("w", entry("offset", "-1")), "offset", "'-1'"),
    Defect("offset in words", external("w", entry("offset", "ten")), "offset", "'ten'"),
    Defect(
        "offset of 2^64", external("w", entry("offset", "18446744073709551616")), "offset"),
    Defect(
        "offset + length overflow",
        external("w", entry("offset", "9223372036854775807") + entry("length", "8")), "offset"),
    Defect("length of another shape", external("w", entry("length", "4")), "8 bytes", "found 4"),
    Defect("negative length", external("w", entry("length", "-8")), "length", "'-8'"),
    Defect("empty length", external("w", entry("length", "")), "length"),
    Defect(
        "file that ends too early", external("w", entry("offset", "4") + entry("length", "8")),
        "8 bytes at 4", "found 4"),
    Defect("file of more than the tensor", external("long"), "8 bytes", "found 10"),
    Defect("two locations", external("w", entry("location", "w")), "once"),
    Defect("elements in both", external("w", bytes(9, data())), "both"),
    Defect("typed elements in both", external("w", bytes(4, data())), "both"),
    Defect("unknown data location", external("w", flag: integer(14, 7)), "EXTERNAL", "7"),
    Defect("entries without the flag", external("no.bin", flag: []), "'no.bin'"),
]

@Test(arguments: defects)
func `external data that is not what the model says is refused by name`(
    _ defect: Defect
) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
        atPath: folder.path("a"), withIntermediateDirectories: false)
    try folder.write(data(), as: "w")
    try folder.write(data(), as: "a/w")
    try folder.write(data() + [0, 0], as: "long")
    try folder.write(data(), as: "other")
    unsafe symlink("w", folder.path("link"))
    unsafe symlink("a", folder.path("folderlink"))
    unsafe link(folder.path("other"), folder.path("hard"))
    unsafe mkfifo(folder.path("pipe"), 0o600)
    #expect {
        _ = try read(model(with: defect.bytes), in: folder)
    } throws: { error in
        let message = "\(error)"
        return error is InputError && message.contains("onnx: tensor 't': ") && message.contains("expected")
            && !message.contains("\n") && defect.words.allSatisfy(message.contains)
    }
}

// MARK: Writing

private func write(
    _ checkpoint: Checkpoint, to path: String, replacing: Bool = false, beside: Bool = true,
    check: (String) throws -> Void = { _ in }
) throws {
    var options = ONNXFormat.WritingOptions()
    options.keepsDataBeside = beside
    try OutputFile.write(to: path, replacing: replacing) { file in
        try ONNXFormat.write(checkpoint, to: file, options: options)
    } check: { temporary in
        try check(temporary)
    }
}

private func names(in folder: TemporaryFolder) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

@Test func `weights written beside a model read back bit for bit`() throws {
    let folder = try TemporaryFolder()
    let original = sample(channels: 64)
    try write(original, to: folder.path("m.onnx")) { temporary in
        let found = try ONNXFormat.read(InputFile(path: temporary))
        #expect(found.tensors.count == original.tensors.count)
    }
    let files = try names(in: folder)
    #expect(files.count == 2 && files[0] == "m.onnx")
    let data = try InputFile(path: folder.path(files[1]))
    var digest = SHA256()
    unsafe data.storage.withUnsafeBytes { buffer in
        unsafe digest.update(RawSpan(_unsafeBytes: buffer))
    }
    #expect(files[1] == "m.onnx.\(digest.hexadecimal().prefix(8)).data")
    let found = try ONNXFormat.read(InputFile(path: folder.path("m.onnx")))
    for (before, after) in zip(original.tensors, found.tensors) {
        #expect(after.name == before.name)
        #expect(after.tensor.isBitEqual(to: before.tensor))
    }
}

@Test func `the same checkpoint gives the same two files`() throws {
    let folders = try [TemporaryFolder(), TemporaryFolder()]
    for folder in folders { try write(sample(channels: 64), to: folder.path("m.onnx")) }
    #expect(try names(in: folders[0]) == names(in: folders[1]))
    for name in try names(in: folders[0]) {
        let bytes = try folders.map { try InputFile(path: $0.path(name)).allBytes }
        #expect(bytes[0] == bytes[1])
    }
}

@Test func `a model that replaces another takes over its data`() throws {
    let folder = try TemporaryFolder()
    try write(sample(channels: 64), to: folder.path("m.onnx"))
    let first = try names(in: folder)
    try folder.write([1], as: "m.onnx.12345678.dat")
    try folder.write([1], as: "m.onnx.1234567G.data")
    try write(sample(channels: 32), to: folder.path("m.onnx"), replacing: true)
    let second = try names(in: folder)
    #expect(second.count == 4 && !second.contains(first[1]))
    try write(sample(channels: 32), to: folder.path("m.onnx"), replacing: true, beside: false)
    #expect(
        try names(in: folder) == ["m.onnx", "m.onnx.12345678.dat", "m.onnx.1234567G.data"])
}

@Test(arguments: [false, true])
func `a model that fails its check leaves the old pair as it was`(_ isSame: Bool) throws {
    struct Refused: Error {}
    let folder = try TemporaryFolder()
    try write(sample(channels: 64), to: folder.path("m.onnx"))
    let before = try names(in: folder)
    let next = sample(channels: isSame ? 64 : 32)
    #expect(throws: Refused.self) {
        try write(next, to: folder.path("m.onnx"), replacing: true) { _ in throw Refused() }
    }
    #expect(try names(in: folder) == before)
    let found = try ONNXFormat.read(InputFile(path: folder.path("m.onnx")))
    #expect(found.tensors[0].tensor.shape == [64, 3, 3, 3])
}

@Test func `other content under the data's name is not replaced`() throws {
    let folder = try TemporaryFolder()
    try write(sample(channels: 64), to: folder.path("m.onnx"))
    let data = try names(in: folder)[1]
    try FileManager.default.removeItem(atPath: folder.path("m.onnx"))
    try folder.write([1, 2, 3], as: data)
    #expect {
        try write(sample(channels: 64), to: folder.path("m.onnx"))
    } throws: {
        "\($0)".contains("other content")
    }
    #expect(try names(in: folder) == [data])
    #expect(try InputFile(path: folder.path(data)).allBytes == [1, 2, 3])
}

@Test func `weights above 2 GiB go to a file beside the model by themselves`() throws {
    let file = try sparseFile(of: (2 << 30) + 4096)
    var large = sample()
    large.tensors.append(
        NamedTensor(
            name: "large",
            tensor: Tensor(elementType: .uint8, shape: [file.count], storage: file.storage)))
    #expect(ONNXFormat.keepsDataBeside(large, options: ONNXFormat.WritingOptions()))
    let folder = try TemporaryFolder()
    try write(large, to: folder.path("m.onnx"), beside: false)
    let found = try ONNXFormat.read(InputFile(path: folder.path("m.onnx")))
    #expect(found.tensors.last?.tensor.shape == [file.count])
    #expect(try InputFile(path: folder.path("m.onnx")).count < 4096)
}

@Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
])
func `SHA-256 is that of the standard's examples`(_ text: String, _ digest: String) {
    var whole = SHA256()
    var parts = SHA256()
    let bytes = Array(text.utf8)
    whole.update(unsafe bytes.span.bytes)
    for byte in bytes { parts.update(unsafe [byte].span.bytes) }
    #expect(whole.hexadecimal() == digest)
    #expect(parts.hexadecimal() == digest)
}

@Test func `SHA-256 of a million letters, in pieces of any size`() {
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    for size in [1, 63, 64, 65, 1000, 1_000_000] {
        var digest = SHA256()
        var left = 1_000_000
        while left > 0 {
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: min(size, left))
            digest.update(unsafe piece.span.bytes)
            left -= piece.count
        }
        #expect(digest.hexadecimal() == expected, "pieces of \(size)")
    }
}
