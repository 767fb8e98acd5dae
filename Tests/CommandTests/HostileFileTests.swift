import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// Commands that read `path`, each with a destination that must stay as it is.
private func commands(reading path: String) -> [[String]] {
    [
        ["inspect", path], ["convert", path, "dst.onnx", "--force"],
        ["convert", path, "new.h5", "--to", "hdf5"], ["verify", path, model("lenet5.onnx")],
        ["verify", model("lenet5.onnx"), path], ["run", path, digit("718_1")],
        ["bench", path, "--runs", "1"], ["run", path, "--input", "x.npy", "--output", "y.npy"],
        ["verify", path, "--fixture", "nowhere"],
    ]
}

/// Runs every command on `name`, a file in `folder`, and requires that each refuses it.
private func expectRefused(
    _ path: String, in folder: TemporaryFolder, commands words: [[String]]? = nil,
    _ problem: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    try folder.write([9, 9, 9], as: "dst.onnx")
    let before = try folder.names()
    for words in words ?? commands(reading: path) {
        let outcome = try Ferry(in: folder).run(words)
        expectRefusal(
            outcome, 3, path.prefix(40) + ": ", problem, "expected", "found",
            sourceLocation: sourceLocation)
    }
    let destination = try folder.bytes("dst.onnx")
    #expect(destination == [9, 9, 9], sourceLocation: sourceLocation)
    let after = try folder.names()
    #expect(after == before, sourceLocation: sourceLocation)
}

@Test func `files that cannot be opened are refused`() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path("d"), withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: folder.path("loop"), withDestinationPath: "loop")
    try folder.write([1], as: "file")
    #expect(unsafe mkfifo(folder.path("p"), 0o600) == 0)
    try expectRefused("missing.onnx", in: folder, "found no such file or directory")
    try expectRefused("d", in: folder, commands: [["inspect", "d"]], "found a folder")
    try expectRefused("d", in: folder, "found")
    try expectRefused("p", in: folder, "found a pipe")
    try expectRefused("loop", in: folder, "symbolic links")
    try expectRefused("file/x.onnx", in: folder, "not a directory")
    try expectRefused("/dev/null", in: folder, "found a device")
    try expectRefused("/dev/zero", in: folder, "found a device")
    let long = String(repeating: "n", count: 5000)
    expectRefusal(
        try Ferry(in: folder)("inspect", long), 3, "…: expected a readable file", "name too long")
}

@Test func `a file without permission is refused to all but the superuser`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], as: "x.onnx")
    try FileManager.default.setAttributes(
        [.posixPermissions: 0], ofItemAtPath: folder.path("x.onnx"))
    let isRoot = getuid() == 0
    try expectRefused("x.onnx", in: folder, isRoot ? "found unknown content" : "permission denied")
}

@Test(
    arguments: [
        ("empty", [], "found an empty file"), ("byte", [0x42], "found text"),
        ("zeros", [UInt8](repeating: 0, count: 100_000), "found unknown content"),
        ("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "found gzip-compressed data"),
        (
            "zip", Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 60),
            "found a zip archive"
        ),
        ("text", Array("ir_version: 8\ngraph { }\n".utf8), "found ONNX as text"),
        ("prose", Array("Call me Ishmael.\n".utf8), "found text"),
        ("json", Array(#"{"graph": {}}"#.utf8), "found ONNX as JSON"),
        (
            "numpy", Array("\u{93}".unicodeScalars.map { UInt8($0.value) }) + Array("NUMPY".utf8),
            "found"
        ),
        ("magic", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], ""),
        ("half magic", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0B], "found unknown content"),
        ("pickle", [0x80, 2] + Array("}q\0.".utf8), "found a Python pickle"),
    ] as [(String, [UInt8], String)])
func `content that is no model is refused by name`(
    name: String, bytes: [UInt8], problem: String
) throws {
    let folder = try TemporaryFolder()
    for file in ["x.onnx", "x.h5", "x"] {
        try folder.write(bytes, as: file)
        try expectRefused(file, in: folder, commands: [["inspect", file]], problem)
    }
    try expectRefused("x.onnx", in: folder, problem)
}

@Test func `a picture named like a model is refused as a picture`() throws {
    let folder = try TemporaryFolder()
    for (name, kind) in [
        ("digits/718_1.png", "a PNG picture"), ("coffee_420.jpg", "a JPEG picture"),
    ] {
        let bytes = try Data(contentsOf: Fixtures.url("images/\(name)"))
        try folder.write([UInt8](bytes), as: "x.onnx")
        try expectRefused("x.onnx", in: folder, "found \(kind)")
    }
}

@Test(arguments: 1...20)
func `random bytes are refused`(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var generator = SeededGenerator(seed: seed)
    let bytes = (0..<5000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    let name = seed % 2 == 0 ? "x.onnx" : "x.h5"
    try folder.write(bytes, as: name)
    try expectRefused(
        name, in: folder,
        commands: [["inspect", name], ["convert", name, "dst.onnx", "--force"]],
        "")
}

@Test(arguments: ["lenet5.onnx", "lenet5.dynamo.onnx", "lenet5.state.h5", "lenet5.keras.h5"])
func `a model cut anywhere is refused`(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: model(name))))
    let cuts =
        [1, 2, 8, 9, 96, bytes.count - 1] + Mutation.cuts(of: bytes.count, count: 50, seed: 3)
    for cut in cuts {
        try folder.write(Array(bytes[..<cut]), as: "cut")
        try expectRefused(
            "cut", in: folder,
            commands: [["convert", "cut", "dst.onnx", "--force", "--arch", "lenet5"]], "")
    }
}

@Test(arguments: ["lenet5.onnx", "lenet5.state.h5", "lenet5.keras.h5"])
func `a model with a flipped bit is refused or loads, and nothing else`(name: String) throws {
    let folder = try TemporaryFolder()
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: model(name))))
    // Headers stand first; the rest is mostly weights.
    let head = Array(bytes[..<min(6000, bytes.count)])
    for seed in 1...40 as ClosedRange<UInt64> {
        let damaged = Mutation.flippingOneBit(of: head, seed: seed) + bytes[head.count...]
        try folder.write(damaged, as: "flipped")
        let outcome = try Ferry(in: folder)("inspect", "flipped", "--arch", "lenet5", "--json")
        if outcome.status == 0 {
            expectSuccess(outcome)
        } else {
            expectRefusal(outcome, 3, "flipped: ")
        }
    }
}

@Test func `an operator Ferry does not know is refused by name`() throws {
    let folder = try TemporaryFolder()
    try folder.write(oneNodeONNX("Relu"), as: "fine.onnx")
    expectSuccess(try Ferry(in: folder)("inspect", "fine.onnx"), "strange  Relu", "recipe  none")
    try folder.write(oneNodeONNX("Quux"), as: "x.onnx")
    try expectRefused("x.onnx", in: folder, "Quux")
    try expectRefused("x.onnx", in: folder, "strange")
}

@Test func `sizes no memory could hold are refused`() throws {
    let folder = try TemporaryFolder()
    for sizes in [[1_000_000_000, 1_000_000_000], [1, 1 << 40], [1 << 62, 1 << 62]] as [[UInt64]] {
        try folder.write(oneNodeONNX("Relu", sizes: sizes), as: "x.onnx")
        for words in [["bench", "x.onnx"], ["verify", "x.onnx", "x.onnx"]] {
            expectRefusal(try Ferry(in: folder).run(words), 3, "x.onnx: onnx: ", "expected")
        }
    }
}

@Test func `a shape that disagrees with its bytes is refused at the tensor`() throws {
    let folder = try TemporaryFolder()
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: model("lenet5.onnx"))))
    // dims [84, 120] of fc2.weight; its raw data does not follow.
    let dims: [UInt8] = [0x08, 84, 0x08, 120]
    let place = try #require(bytes.firstRange(of: dims))
    var damaged = bytes
    damaged[place.lowerBound + 1] = 85
    try folder.write(damaged, as: "x.onnx")
    try expectRefused("x.onnx", in: folder, "fc2.weight")
}

@Test(arguments: ["alexnet_narrow.state.h5", "alexnet_narrow.keras.h5"])
func `a missing weight is named`(name: String) throws {
    let folder = try TemporaryFolder()
    let missing = try altered(model(name), as: "x.h5", in: folder) { tensors in
        tensors.removeLast()
    }
    #expect(missing == folder.path("x.h5"))
    let convert = [["convert", "x.h5", "dst.onnx", "--force", "--arch", "alexnet"]]
    try expectRefused("x.h5", in: folder, commands: convert, "(alexnet)")
    try expectRefused("x.h5", in: folder, commands: convert, "found no")
}

@Test func `a weight of the wrong shape is named`() throws {
    let folder = try TemporaryFolder()
    try altered(model("alexnet_narrow.state.h5"), as: "x.h5", in: folder) { tensors in
        guard let last = tensors.indices.last else { return }
        tensors[last].tensor = Tensor([1, 2, 3] as [Float], shape: [3])
    }
    try expectRefused(
        "x.h5", in: folder, commands: [["convert", "x.h5", "dst.onnx", "--force"]], "found [3]")
}
