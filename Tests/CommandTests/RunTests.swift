import Foundation
import Parity
import Tensors
import TestSupport
import Testing

private let digits = [
    "27_0", "718_1", "1344_2", "1575_3", "2168_4", "2534_5", "3081_6", "4021_8", "4559_9",
]

/// The class that stands first below a picture's name.
private func winners(_ output: String) -> [Int] {
    let lines = output.split(separator: "\n")
    return lines.indices.dropLast().compactMap { index in
        guard lines[index].hasSuffix(".png") else { return nil }
        return lines[index + 1].split(separator: " ").dropFirst(2).first.flatMap { Int($0) }
    }
}

@Test(arguments: ["lenet5.onnx", "lenet5.dynamo.onnx", "lenet5.state.h5", "lenet5.keras.h5"])
func `LeNet reads handwritten digits`(name: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry.run(
        ["run", model(name), "--arch", "lenet5"] + digits.map(digit))
    expectSuccess(outcome)
    #expect(outcome.errors == "ferry: preprocess: torchvision\n")
    #expect(winners(outcome.output) == digits.map { Int($0.suffix(1)) })
}

@Test func `five likeliest classes are told, likeliest first`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let picture = Fixtures.url("images/chelsea_444.jpg").path
    let outcome = try ferry("run", model("vgg11_narrow.onnx"), picture, "--json")
    expectSuccess(outcome)
    #expect(outcome.errors == "ferry: preprocess: torchvision\n")
    let report = try #require(outcome.json() as? [[String: Any]])
    #expect(report.count == 1)
    #expect(report[0]["picture"] as? String == picture)
    #expect(report[0]["preprocess"] as? String == "torchvision")
    let top = try #require(report[0]["top"] as? [[String: Any]])
    let probabilities = top.compactMap { $0["probability"] as? Double }
    #expect(probabilities.count == 5)
    #expect(probabilities == probabilities.sorted(by: >))
    #expect(probabilities.reduce(0, +) <= 1 + 1e-9)
}

@Test func `the recipe used is named, whoever chose it`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let picture = Fixtures.url("images/chelsea_444.jpg").path
    func recipe(_ words: String...) throws -> String {
        let outcome = try ferry.run(["run"] + words + [picture])
        expectSuccess(outcome)
        return outcome.errors
    }
    #expect(try recipe(model("vgg11_narrow.keras.h5")).contains("preprocess: keras-caffe\n"))
    #expect(try recipe(model("vgg11_narrow.state.h5")) == "ferry: preprocess: torchvision\n")
    for name in ["torchvision", "keras-caffe", "keras-tf", "caffe", "none"] {
        let said = try recipe(model("vgg11_narrow.onnx"), "--preprocess", name)
        #expect(said == "ferry: preprocess: \(name)\n")
    }
}

@Test func `a turned picture is noted and turned when asked`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let picture = Fixtures.url("images/rocket_exif6.jpg").path
    let ignored = try ferry("run", model("vgg11_narrow.onnx"), picture)
    let applied = try ferry("run", model("vgg11_narrow.onnx"), picture, "--exif", "apply")
    expectSuccess(ignored)
    expectSuccess(applied)
    #expect(ignored.errors.contains("rocket_exif6.jpg: EXIF orientation 6 ignored"))
    #expect(!applied.errors.contains("ignored"))
    #expect(ignored.output != applied.output)
}

@Test func `all pictures are tried and the worst status is returned`() throws {
    let folder = try TemporaryFolder()
    let jpeg = try [UInt8](Data(contentsOf: Fixtures.url("images/coffee_420.jpg")))
    try folder.write(Array(jpeg[..<(jpeg.count / 2)]), as: "cut.jpg")
    try folder.write([], as: "empty.png")
    try folder.write(Array("GIF89a".utf8), as: "x.gif")
    #expect(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
    let bad = ["missing.png", "cut.jpg", "empty.png", ".", "pipe", "x.gif", "/dev/zero"]
    let words = ["run", model("lenet5.onnx"), digit("718_1")] + bad + [digit("27_0")]
    let outcome = try Ferry(in: folder).run(words)
    #expect(outcome.status == 3)
    #expect(winners(outcome.output) == [1, 0])
    #expect(outcome.errorLines.count == bad.count + 1)
    for (line, name) in zip(outcome.errorLines.dropFirst(), bad) {
        #expect(line.hasPrefix("ferry: \(name): "), "\(line)")
        #expect(line.contains("expected ") && line.contains("found "), "\(line)")
    }
}

@Test func `nothing is written when one picture fails`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "run", model("lenet5.onnx"), digit("718_1"), "missing.png", "--output", "y.npy")
    #expect(outcome.status == 3)
    #expect(try folder.names().isEmpty)
}

@Test func `a recipe without such an input names the picture`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())(
        "run", model("lenet5.onnx"), digit("718_1"), "--preprocess", "keras-caffe")
    let problem = "preprocessing keras-caffe: expected an input of 3 channels, found 1"
    #expect(outcome.status == 3)
    #expect(outcome.errors.hasSuffix("\nferry: \(digit("718_1")): \(problem)\n"))
}

@Test func `an output goes to an ONNX tensor, which is a record to verify against`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let input = Fixtures.url("models/lenet5/golden/input_0.npy").path
    expectSuccess(
        try ferry("run", model("lenet5.onnx"), "--input", input, "--output", "output_0.pb"))
    try FileManager.default.copyItem(atPath: input, toPath: folder.path("input_0.npy"))
    expectSuccess(try ferry("verify", model("lenet5.onnx"), "--fixture", "."))
    expectRefusal(
        try ferry("run", model("lenet5.onnx"), "--output", "y.npy"), 2, "expected 1 arrays")
}

@Test func `pictures' outputs are stacked along the first axis`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    expectSuccess(try ferry("run", name, digit("27_0"), digit("718_1"), "--output", "y.npy"))
    let both = try RecordedArray.read(URL(filePath: folder.path("y.npy")))
    #expect(both.shape == [2, 10])
    expectSuccess(try ferry("run", name, digit("718_1"), "--output", "output=one.npy"))
    let one = try RecordedArray.read(URL(filePath: folder.path("one.npy")))
    #expect(Array(both.floats()[10...]) == one.floats())
}

// MARK: Arrays

@Test(arguments: [("lenet5.onnx", "golden"), ("lenet5.keras.h5", "golden_keras")])
func `arrays go in as the file declares them`(name: String, golden: String) throws {
    let folder = try TemporaryFolder()
    let record = Fixtures.url("models/lenet5/\(golden)")
    let outcome = try Ferry(in: folder)(
        "run", model(name), "--arch", "lenet5", "--input", record.path + "/input_0.npy",
        "--output", "y.npy")
    expectSuccess(outcome)
    #expect(outcome.output.isEmpty)
    let result = try RecordedArray.read(URL(filePath: folder.path("y.npy")))
    let expected = try RecordedArray.read(record.appending(path: "output_0.npy"))
    #expect(ParityRow.output("y", result, reference: expected).passes)
}

@Test func `pictures come out as the file declares them`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.write(oneNodeONNX("Relu", sizes: [1, 2, 3, 4]), as: "relu.onnx")
    let values = (0..<24).map { Float($0) - 12 }
    try write(values, shape: [1, 2, 3, 4], as: "x.npy", in: folder)
    expectSuccess(try ferry("run", "relu.onnx", "--input", "x.npy", "--output", "y.npy"))
    let result = try RecordedArray.read(URL(filePath: folder.path("y.npy")))
    #expect(result.shape == [1, 2, 3, 4])
    #expect(result.floats() == values.map { max(0, $0) })
}

@Test func `arrays that do not fit are refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    let good = Fixtures.url("models/lenet5/golden/input_0.npy").path
    try folder.write([1], as: "old.npy")
    try write([1, 2], shape: [2], as: "small.npy", in: folder)
    expectRefusal(
        try ferry("run", name, "--input", "small.npy", "--output", "y.npy"), 3,
        "small.npy: input 'input': expected float32 [N, 1, 28, 28], found float32 [2]")
    expectRefusal(
        try ferry("run", name, "--input", "missing.npy", "--output", "y.npy"), 3, "missing.npy: ")
    expectRefusal(
        try ferry("run", name, "--input", "old.npy", "--output", "y.npy"), 3, "old.npy: ")
    expectRefusal(
        try ferry("run", name, "--input", "z=\(good)", "--output", "y.npy"), 2, "found 'z'")
    expectRefusal(
        try ferry("run", name, "--input", good, "--output", "z=y.npy"), 2, "found 'z'")
    expectRefusal(
        try ferry("run", name, "--input", good, "--output", "a.npy", "--output", "b.npy"), 2,
        "expected at most 1, found 2")
    expectRefusal(try ferry("run", name, "--input", good, "--output", "old.npy"), 2, "--force")
    expectRefusal(try ferry("run", name, "--input", good, "--output", "no/y.npy"), 4, "no/y.npy: ")
    #expect(try folder.bytes("old.npy") == [1])
    #expect(try folder.names() == ["old.npy", "small.npy"])
}

@Test func `a network without pictures says so`() throws {
    let folder = try TemporaryFolder()
    try folder.write(oneNodeONNX("Relu"), as: "relu.onnx")
    expectRefusal(
        try Ferry(in: folder)("run", "relu.onnx", digit("718_1")), 3, "relu.onnx: onnx: ",
        "expected one input of shape [1, channels, height, width]")
}
