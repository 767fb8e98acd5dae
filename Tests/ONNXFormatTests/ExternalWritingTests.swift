import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

private func write(
    _ checkpoint: Checkpoint, to path: String, replacing: Bool = false, beside: Bool = true,
    check: (String) throws -> Void = { _ in }
) throws {
    var options = ONNXFormat.WritingOptions()
    options.keepsDataBeside = beside
    try OutputFile.write(to: path, replacing: replacing) { file in
        try ONNXFormat.write(checkpoint, to: file, options: options)
    } check: { file in
        try check(file.temporaryPath)
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
    let digest = try SHA256()
    unsafe data.storage.withUnsafeBytes { buffer in
        unsafe digest.update(RawSpan(_unsafeBytes: buffer))
    }
    #expect(files[1] == "weights.\(try digest.hexadecimal().prefix(8)).data")
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
    try folder.write([1], as: "weights.12345678.dat")
    try folder.write([1], as: "weights.1234567G.data")
    try write(sample(channels: 32), to: folder.path("m.onnx"), replacing: true)
    let second = try names(in: folder)
    #expect(second.count == 4 && !second.contains(first[1]))
    try write(sample(channels: 32), to: folder.path("m.onnx"), replacing: true, beside: false)
    #expect(
        try names(in: folder) == ["m.onnx", "weights.12345678.dat", "weights.1234567G.data"])
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
func `SHA-256 is that of the standard's examples`(_ text: String, _ digest: String) throws {
    let whole = try SHA256()
    let parts = try SHA256()
    let bytes = Array(text.utf8)
    whole.update(unsafe bytes.span.bytes)
    for byte in bytes { parts.update(unsafe [byte].span.bytes) }
    #expect(try whole.hexadecimal() == digest)
    #expect(try parts.hexadecimal() == digest)
}

@Test func `SHA-256 of a million letters, in pieces of any size`() throws {
    let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    for size in [1, 63, 64, 65, 1000, 1_000_000] {
        let digest = try SHA256()
        var left = 1_000_000
        while left > 0 {
            let piece = [UInt8](repeating: UInt8(ascii: "a"), count: min(size, left))
            digest.update(unsafe piece.span.bytes)
            left -= piece.count
        }
        #expect(try digest.hexadecimal() == expected, "pieces of \(size)")
    }
}
