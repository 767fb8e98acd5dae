import FormatInterface
import Formats
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

private func contents(of folder: String) -> [String] {
    (FileManager.default.subpaths(atPath: folder) ?? []).sorted()
}

@Test(arguments: ["lenet5.onnx", "lenet5.keras.h5", "vgg16_bn_narrow.onnx", "alexnet_narrow.pth"])
func `what was recorded is met again, bit for bit`(name: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let arch = name.hasPrefix("lenet5") ? ["--arch", "lenet5"] : []
    expectSuccess(
        try ferry.run(["record", model(name), "-o", "r", "--layers", "--batch", "2"] + arch),
        " → r: 1 set, ", "float32, fast\n")
    expectSuccess(
        try ferry.run(["verify", model(name), "--fixture", "r", "--layers"] + arch),
        "verdict: equal to the last bit\n")
    #expect(
        contents(of: ferry.folder.path("r")) == [
            "test_data_set_0", "test_data_set_0/activations.safetensors",
            "test_data_set_0/input_0.pb", "test_data_set_0/output_0.pb",
        ])
}

@Test func `a recording in float64 is the truth that float32 is close to`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(
        try ferry("record", model("lenet5.onnx"), "-o", "r", "--float64", "--seed", "4"),
        "float64\n")
    let path = ferry.folder.path("r/test_data_set_0/output_0.pb")
    #expect(try ONNXFormat.readTensor(InputFile(path: path)).elementType == .float64)
    expectSuccess(
        try ferry("verify", model("lenet5.onnx"), "--fixture", "r"), "output  close")
}

@Test func `pictures are recorded as the network sees them, a set each`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let digits = ["2558_5.png", "1344_2.png"].map {
        Fixtures.url("images/digits/\($0)").path
    }.filter { FileManager.default.fileExists(atPath: $0) }
    let outcome = try ferry.run(
        ["record", model("lenet5.onnx")] + digits + ["-o", "r", "--layer", "fc1", "--json"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("preprocess: torchvision"))
    let report = try #require(outcome.json() as? [String: Any])
    #expect((report["sets"] as? [Any])?.count == digits.count)
    let first = InputFileContents(ferry.folder.path("r/test_data_set_0/activations.safetensors"))
    let checkpoint = try first.checkpoint()
    #expect(checkpoint.tensors.count == 1)
    #expect(checkpoint.tensors[0].tensor.shape == [1, 120])
    #expect(checkpoint.metadata["ferry.recording"] == "ferry 0.1.0, float32, fast")
    expectSuccess(
        try ferry("verify", model("lenet5.onnx"), "--fixture", "r"), "equal to the last bit")
}

private struct InputFileContents {
    let path: String
    init(_ path: String) { self.path = path }

    func checkpoint() throws -> Checkpoint {
        let file = try InputFile(path: path)
        return try FormatRegistry.format(of: file).read(file)
    }
}

@Test func `arrays are recorded in the file's own layout, the same bytes each time`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let array = Fixtures.url("models/lenet5/golden_keras/input_0.npy").path
    for name in ["a", "b"] {
        expectSuccess(
            try ferry(
                "record", model("lenet5.keras.h5"), array, "-o", name, "--arch", "lenet5",
                "--layers", "--threads", name == "a" ? "1" : "2"))
    }
    let files = contents(of: ferry.folder.path("a"))
    #expect(files == contents(of: ferry.folder.path("b")))
    for file in files where !file.hasSuffix("set_0") {
        let (a, b) = (ferry.folder.path("a/\(file)"), ferry.folder.path("b/\(file)"))
        #expect(try InputFile(path: a).allBytes == InputFile(path: b).allBytes)
    }
    let input = try ONNXFormat.readTensor(
        InputFile(path: ferry.folder.path("a/test_data_set_0/input_0.pb")))
    #expect(input.isBitEqual(to: try RecordedArray.read(URL(fileURLWithPath: array))))
}

@Test func `only a recording is replaced, and only when asked`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    expectSuccess(try ferry("record", name, "-o", "r", "--seed", "1"))
    expectRefusal(
        try ferry("record", name, "-o", "r"), 2, "r: exists already; give --force to replace it")
    expectSuccess(try ferry("record", name, "-o", "r/", "--seed", "2", "--force", "--layers"))
    #expect(contents(of: folder.path("r")).count == 4)
    try folder.write([1], as: "r/diary.txt")
    expectRefusal(
        try ferry("record", name, "-o", "r", "--force"), 2,
        "r: expected a recording to replace, found something else")
    try folder.write([1], as: "file")
    expectRefusal(
        try ferry("record", name, "-o", "file", "--force"), 2, "expected a recording to replace")
    expectRefusal(try ferry("record", name, "-o", "nowhere/r"), 4, "nowhere/r: expected a folder")
    #expect(contents(of: folder.path).filter { $0.contains(".part") }.isEmpty)
}

@Test func `what cannot be recorded is refused, and leaves nothing`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    expectRefusal(try ferry("record", name), 2, "expected -o DIR, found nothing")
    expectRefusal(
        try ferry("record", name, "-o", "r", "--layer", "con1"), 2,
        "--layer: expected a layer or value of", "found 'con1'")
    expectRefusal(
        try ferry("record", name, "-o", "r", "--layers", "--layer", "conv1"), 2,
        "--layers and --layer exclude each other")
    let nhwc = Fixtures.url("models/lenet5/golden_keras/input_0.npy").path
    expectRefusal(
        try ferry("record", name, nhwc, "-o", "r"), 3, "expected float32 [N, 1, 28, 28]")
    expectRefusal(
        try ferry("record", name, nhwc, "-o", "r", "--seed", "2"), 2, "--seed: expected no inputs")
    expectRefusal(try ferry("record", name, "nowhere.png", "-o", "r"), 3, "nowhere.png: ")
    #expect(contents(of: folder.path).isEmpty)
}
