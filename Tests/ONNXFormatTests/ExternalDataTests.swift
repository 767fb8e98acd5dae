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
        let words = ["onnx: tensor 't': ", "expected"] + defect.words
        return error is InputError && !message.contains("\n")
            && words.allSatisfy { message.contains($0) }
    }
}
