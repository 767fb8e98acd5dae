import FormatInterface
import Foundation
import IR
import ONNXFormat
import TestSupport
import Testing

@Test(arguments: [
    "lenet5.onnx", "lenet5_tanh.onnx", "alexnet_narrow.onnx", "vgg11_narrow.dynamo.onnx",
    "vgg16_bn_narrow.onnx", "vgg16_bn_narrow.folded.onnx",
])
func `weights come back bit-equal through every format`(name: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("convert", model(name), "1.h5", "--to", "hdf5"), "hdf5", "read back bit-equal")
    expectSuccess(
        try ferry("convert", "1.h5", "2.h5", "--to", "keras-weights-h5"), "keras-weights-h5")
    expectSuccess(try ferry("convert", "2.h5", "3.onnx"), "onnx")
    #expect(try folder.names() == ["1.h5", "2.h5", "3.onnx"])
    for file in ["1.h5", "2.h5", "3.onnx"] {
        let outcome = try ferry("verify", file, model(name), "--json")
        expectSuccess(outcome)
        // Folded exports keep what they are; nothing is lost from any of the others.
        #expect(outcome.output.contains(#""verdict" : "equal""#), "\(file): \(outcome.output)")
    }
}

@Test func `what Ferry wrote is the same every time`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    for format in ["onnx", "hdf5", "keras-weights-h5"] {
        for name in ["a", "b"] {
            expectSuccess(
                try ferry("convert", model("alexnet_narrow.onnx"), name, "--to", format, "--force"))
        }
        #expect(try folder.bytes("a") == folder.bytes("b"), "\(format)")
    }
}

@Test func `a file says what it is after a conversion`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry(
        "convert", model("lenet5.state.h5"), "k.h5", "--to", "keras-weights-h5", "--arch",
        "lenet5_tanh", "--json")
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    #expect(report["architecture"] as? String == "lenet5_tanh")
    #expect(report["format"] as? String == "keras-weights-h5")
    #expect(report["tensors"] as? Int == 10)
    expectSuccess(try ferry("inspect", "k.h5"), "keras-weights-h5, lenet5_tanh")
}

@Test func `tensors without a meaning move between files of one convention`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try altered(model("lenet5.state.h5"), as: "odd.h5", in: folder) { tensors in
        for index in tensors.indices { tensors[index].name = "layer\(index).kernel" }
    }
    let outcome = try ferry("convert", "odd.h5", "copy.h5", "--to", "hdf5")
    expectSuccess(outcome)
    #expect(outcome.errors.contains("an unknown network"))
    expectRefusal(try ferry("convert", "odd.h5", "x.onnx"), 3, "odd.h5: ", "expected")
    #expect(try folder.names() == ["copy.h5", "odd.h5"])
}

@Test(arguments: ["onnx/lrn_5_torchscript.onnx", "keras/lrn/lrn.keras"])
func `an unknown network's tensors go into every file of weights`(path: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    for format in ["hdf5", "pth", "safetensors", "npz", "keras-weights-h5", "keras3-weights-h5"] {
        let outcome = try ferry("convert", Fixtures.url(path).path, format, "--to", format)
        expectSuccess(outcome, format, "read back bit-equal")
        #expect(outcome.errors.contains("the network cannot be rebuilt"))
        expectRefusal(try ferry("convert", format, "x.onnx"), 3, "ferry.architecture", "'unknown'")
    }
}

@Test func `tensors do not make a known network of one with other operators`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let file = try InputFile(path: model("alexnet_narrow.onnx"))
    var checkpoint = try ONNXFormat.read(file)
    var graph = try #require(checkpoint.graph)
    for index in graph.nodes.indices where graph.nodes[index].op is Relu {
        graph.nodes[index].op = Tanh()
    }
    checkpoint.graph = graph
    try OutputFile.write(to: folder.path("tanh.onnx"), replacing: false) { output in
        try ONNXFormat.write(checkpoint, to: output)
    }
    expectSuccess(try ferry("convert", "tanh.onnx", "tanh.pth"), "16 tensors")
    let inspection = try ferry("inspect", "tanh.pth")
    #expect(inspection.status == 3)
    #expect(inspection.errors.contains("(ferry.architecture 'unknown')"))
    #expect(inspection.output.contains("16 tensors of an unknown network"))
    expectSuccess(try ferry("inspect", "tanh.pth", "--arch", "alexnet"), "alexnet")
}

@Test func `branches that Keras lists in another order are read back as what they are`() throws {
    var network = BranchNetwork(channels: 9)
    // Keras has no such gate: several layers stand for it.
    network.graph.nodes.insert(
        Node(name: "gate", op: HardSigmoid(alpha: 0.3), inputs: ["stem"], outputs: ["gate"]), at: 1)
    for index in network.graph.nodes.indices.dropFirst(2)
    where network.graph.nodes[index].inputs[0] == "stem" {
        network.graph.nodes[index].inputs[0] = "gate"
    }
    let folder = try TemporaryFolder()
    try OutputFile.write(to: folder.path("a.onnx"), replacing: false) { output in
        try ONNXFormat.write(network.checkpoint, to: output)
    }
    let ferry = Ferry(in: folder)
    for format in ["keras", "keras-h5"] {
        expectSuccess(try ferry("convert", "a.onnx", format, "--to", format), "read back bit-equal")
        expectSuccess(try ferry("verify", format, "a.onnx"), "verdict: the same")
        expectSuccess(try ferry("convert", format, "b.onnx", "--force"), "read back bit-equal")
        expectSuccess(try ferry("verify", "b.onnx", "a.onnx"), "verdict")
    }
}

// MARK: Destinations

@Test func `an existing destination is kept without force and replaced with it`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], as: "dst.onnx")
    let ferry = Ferry(in: folder)
    expectRefusal(
        try ferry("convert", model("lenet5.onnx"), "dst.onnx"), 2, "dst.onnx: exists already",
        "--force")
    expectRefusal(try ferry("init", "lenet5", "-o", "dst.onnx"), 2, "dst.onnx: exists already")
    #expect(try folder.bytes("dst.onnx") == [1, 2, 3])
    expectSuccess(try ferry("convert", model("lenet5.onnx"), "dst.onnx", "--force"))
    expectSuccess(try ferry("inspect", "dst.onnx"))
    #expect(try folder.names() == ["dst.onnx"])
}

@Test func `the source is not its own destination`() throws {
    let folder = try TemporaryFolder()
    let bytes = try [UInt8](Data(contentsOf: URL(filePath: model("lenet5.onnx"))))
    try folder.write(bytes, as: "a.onnx")
    let files = FileManager.default
    try files.linkItem(atPath: folder.path("a.onnx"), toPath: folder.path("hard.onnx"))
    try files.createSymbolicLink(
        atPath: folder.path("soft.onnx"), withDestinationPath: "a.onnx")
    let ferry = Ferry(in: folder)
    for (source, destination) in [
        ("a.onnx", "a.onnx"), ("a.onnx", "./a.onnx"), ("soft.onnx", "a.onnx"),
        ("soft.onnx", "soft.onnx"), ("a.onnx", "hard.onnx"), (folder.path("a.onnx"), "a.onnx"),
    ] {
        expectRefusal(
            try ferry("convert", source, destination, "--force"), 2,
            "\(destination): expected another file than the source")
    }
    #expect(try folder.bytes("a.onnx") == bytes)
    #expect(try folder.names() == ["a.onnx", "hard.onnx", "soft.onnx"])
}

@Test func `a destination that is a link is replaced itself`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], as: "target")
    try FileManager.default.createSymbolicLink(
        atPath: folder.path("dst.onnx"), withDestinationPath: "target")
    let ferry = Ferry(in: folder)
    expectRefusal(try ferry("convert", model("lenet5.onnx"), "dst.onnx"), 2, "exists already")
    expectSuccess(try ferry("convert", model("lenet5.onnx"), "dst.onnx", "--force"))
    #expect(try folder.bytes("target") == [1, 2, 3])
    #expect(
        (try? FileManager.default.destinationOfSymbolicLink(atPath: folder.path("dst.onnx"))) == nil
    )
}

@Test(arguments: [[], ["--force"]])
func `folders, pipes and devices are never replaced`(force: [String]) throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createDirectory(atPath: folder.path("d.onnx"), withIntermediateDirectories: false)
    try files.createSymbolicLink(atPath: folder.path("l.onnx"), withDestinationPath: "d.onnx")
    #expect(unsafe mkfifo(folder.path("p.onnx"), 0o600) == 0)
    let ferry = Ferry(in: folder)
    let source = model("lenet5.onnx")
    for (name, kind) in [("d.onnx", "folder"), ("l.onnx", "folder"), ("p.onnx", "pipe")] {
        for words in [["convert", source, name], ["init", "lenet5", "-o", name]] {
            expectRefusal(
                try ferry.run(words + force), 2,
                "\(name): expected a file to write, found a \(kind)"
            )
        }
    }
    // Never with --force: were the refusal missing, the device itself would be lost.
    expectRefusal(try ferry("convert", source, "/dev/null", "--to", "onnx"), 2, "found a device")
    #expect(try folder.names() == ["d.onnx", "l.onnx", "p.onnx"])
}

@Test(arguments: ["nowhere/x.onnx", "/nowhere/at/all/x.onnx", "file/x.onnx"])
func `a destination in a missing folder is exit 4`(path: String) throws {
    let folder = try TemporaryFolder()
    try folder.write([1], as: "file")
    let ferry = Ferry(in: folder)
    for words in [["convert", model("lenet5.onnx"), path], ["init", "lenet5", "-o", path]] {
        expectRefusal(
            try ferry.run(words), 4, "\(path): expected a folder to write in, found no")
    }
    #expect(try folder.names() == ["file"])
}

@Test func `a folder that cannot be written is exit 4`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    #if os(Linux)
        // Refuses even the superuser.
        let path = "/proc/self/x.onnx"
    #else
        let path = "/System/x.onnx"
    #endif
    expectRefusal(
        try ferry("convert", model("lenet5.onnx"), path), 4,
        "\(path): expected a folder to write in, found ")
}

@Test(arguments: ["with space.onnx", "line\nbreak.onnx", "-dash.onnx", "Ünï 💾.onnx", "--.onnx"])
func `odd file names work after two dashes`(name: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("init", "lenet5", "-o", "seed.onnx"))
    let outcome = try ferry("convert", "--", "seed.onnx", name)
    expectSuccess(outcome)
    #expect(outcome.output.split(separator: "\n").count == 1)
    expectSuccess(try ferry("inspect", "--", name))
    expectSuccess(try ferry("verify", "--", name, "seed.onnx"))
    #expect(try folder.names().contains(name))
}

@Test(arguments: [200, 255])
func `a long file name works as long as the system takes it`(length: Int) throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: length - 5) + ".onnx"
    expectSuccess(try Ferry(in: folder)("convert", model("lenet5.onnx"), name))
    #expect(try folder.names() == [name])
}

@Test func `a file name too long for the system is exit 4`() throws {
    let folder = try TemporaryFolder()
    let name = String(repeating: "n", count: 5000) + ".onnx"
    let outcome = try Ferry(in: folder)("convert", model("lenet5.onnx"), name)
    expectRefusal(outcome, 4, "name too long")
    #expect(try folder.names().isEmpty)
}

@Test func `a destination may have a name of one letter`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("init", "lenet5", "-o", "a", "--to", "onnx"))
    expectSuccess(try ferry("convert", "a", "b", "--to", "hdf5"))
    expectSuccess(try ferry("verify", "a", "b"), "equal to the last bit")
    #expect(try folder.names() == ["a", "b"])
}

@Test func `a name that is no UTF-8 is refused, not repaired into another`() throws {
    let folder = try TemporaryFolder()
    var ferry = Ferry(in: folder)
    ferry.start = #"exec "$0" "$@" "$(printf 'bad\377.onnx')" --to onnx"#
    expectRefusal(
        try ferry("convert", model("lenet5.onnx")), 2, "expected arguments in UTF-8, found 'bad")
    #expect(try folder.names().isEmpty)
}

@Test(arguments: ["padded_pool", "operand_axis"])
func `what exporters put beside layers goes to Keras and to other opsets`(name: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let folder = Fixtures.url("onnx/small/\(name)").path
    let source = "\(folder)/\(name).onnx"
    expectSuccess(try ferry("verify", source, "--fixture", folder), "within the tolerance")
    expectSuccess(try ferry("convert", source, "m.onnx"), "read back bit-equal")
    expectSuccess(try ferry("verify", "m.onnx", "--fixture", folder), "within the tolerance")
    for format in ["keras", "keras-h5"] {
        expectSuccess(try ferry("convert", source, format, "--to", format), "bit-equal")
        expectSuccess(try ferry("verify", format, source), "verdict")
    }
}

@Test func `rectifiers that no layer of Keras has are refused by name`() throws {
    let source = Fixtures.url("keras/thresholds/thresholds.keras").path
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(try ferry("convert", source, "m.onnx"), "read back bit-equal")
    expectRefusal(try ferry("convert", source, "m.keras"), 4, "Greater")
}

@Test func `a file of weights alone is not written without weights`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = try RecordedOperators.unpack("relu", into: folder).appending(path: "model.onnx")
        .path
    for destination in ["m.pth", "m.safetensors", "m.npz"] {
        expectRefusal(try ferry("convert", source, destination), 3, "found one without weights")
    }
    expectSuccess(try ferry("convert", source, "m.onnx"), "0 tensors")
    try folder.write([8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8), as: "none.safetensors")
    expectRefusal(
        try ferry("convert", "none.safetensors", "m.npz"), 3, "none.safetensors", "no tensors")
    #expect(try folder.names() == ["m.onnx", "none.safetensors", "relu"])
}
