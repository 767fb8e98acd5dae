import Foundation
import IR
import Tensors
import TestSupport
import Testing

private func photograph(_ name: String) -> String { Fixtures.url("images/\(name)").path }

/// PyTorch's answers by protocol (`Fixtures/generate/prove_protocols.py`).
private struct RecordedProtocols: Decodable, Sendable {
    struct Answer: Decodable, Sendable, CustomTestStringConvertible {
        let picture: String
        let options: [String]
        let answer: [Double]

        var testDescription: String { "\(picture) \(options.joined(separator: " "))" }
    }

    let network: String
    /// What the last layer's weights are multiplied by, so that scores lie a few units apart.
    let factor: Float
    let answers: [Answer]

    static let shared: RecordedProtocols? = try? JSONDecoder().decode(
        RecordedProtocols.self, from: Data(contentsOf: Fixtures.url("protocols/answers.json")))
}

/// The recorded network.
private func network(in folder: TemporaryFolder) throws -> String {
    let recorded = try #require(RecordedProtocols.shared)
    return try altered(
        model("\(recorded.network).state.h5"), as: "network.h5", in: folder
    ) { tensors in
        for index in tensors.indices where tensors[index].name.hasPrefix("classifier.6.") {
            let tensor = tensors[index].tensor
            tensors[index].tensor = Tensor(
                tensor.floats().map { $0 * recorded.factor }, shape: tensor.shape)
        }
    }
}

private func answer(_ ferry: Ferry, _ words: [String]) throws -> Tensor {
    expectSuccess(try ferry.run(["run"] + words + ["--output", "y.npy", "--force"]))
    return try RecordedArray.read(URL(filePath: ferry.folder.path("y.npy")))
}

@Test func `PyTorch's answers by protocol are recorded`() throws {
    let recorded = try #require(RecordedProtocols.shared)
    #expect(Set(recorded.answers.map(\.picture)).count >= 4)
    #expect(Set(recorded.answers.map(\.options)).count >= 8)
}

@Test(arguments: RecordedProtocols.shared?.answers ?? [])
private func `a protocol's answer is PyTorch's`(_ recorded: RecordedProtocols.Answer) throws {
    let folder = try TemporaryFolder()
    let file = try network(in: folder)
    let found = try answer(
        Ferry(in: folder), [file, photograph(recorded.picture)] + recorded.options)
    #expect(found.shape == [1, 10])
    #expect(
        isClose(found.doubles(), recorded.answer),
        "\(found.doubles()), expected \(recorded.answer)")
}

@Test func `the protocol and its views are told`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("vgg11_narrow.onnx")
    let words = ["run", name, photograph("chelsea_422_odd.jpg"), "--json"]
    let outcome = try ferry.run(words + ["--protocol", "ten-crop", "--scales", "256,300"])
    expectSuccess(
        outcome, #""protocol" : "ten-crop""#, #""part" : "bottom-left""#, #""shortSide" : 300"#)
    #expect(
        outcome.errors.contains(
            "note: protocol ten-crop: 20 views a picture, short side 256, 300; "
                + "softmax averaged over views\n"))
    let report = try #require(try outcome.json() as? [[String: Any]])
    let views = try #require(report[0]["views"] as? [[String: Any]])
    #expect(views.count == 20)
    #expect(views.count { $0["mirrored"] as? Bool == true } == 10)
    let plain = try ferry.run(words)
    expectSuccess(plain, #""protocol" : "center""#)
    #expect(plain.errors == "ferry: preprocess: torchvision\n")
}

@Test func `float64 answers by the same views`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let words = [try network(in: folder), photograph("coffee_420.jpg"), "--protocol", "dense"]
    let fast = try answer(ferry, words).doubles()
    let truth = try answer(ferry, words + ["--float64"])
    #expect(truth.elementType == .float64)
    #expect(isClose(fast, truth.doubles()))
}

/// The pass line of every comparison with another framework.
private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
    let largest = expected.map(abs).max() ?? 0
    return found.count == expected.count
        && zip(found, expected).allSatisfy { found, expected in
            abs(found - expected) <= 1e-4 * abs(expected) + 1e-5 * largest
        }
}

// MARK: Pictures of any size

@Test func `a fully convolutional network takes whole pictures`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = try network(in: folder)
    let picture = photograph("chelsea_444.jpg")
    expectSuccess(
        try ferry("edit", source, "-o", "maps.onnx", "--fully-convolutional"))
    // 451×300, the short side at 256: 384×256, which VGG's five pools make 12×8, 7×7 windows 6×2.
    #expect(try answer(ferry, ["maps.onnx", picture]).shape == [1, 10, 2, 6])
    #expect(try answer(ferry, ["maps.onnx", picture, "--scale", "224"]).shape == [1, 10, 1, 4])
    let dense = ["--protocol", "dense"]
    let same = try answer(ferry, ["maps.onnx", picture] + dense)
    #expect(isClose(same.doubles(), try answer(ferry, [source, picture] + dense).doubles()))
    let outcome = try ferry("run", "maps.onnx", picture)
    expectSuccess(outcome)
    #expect(
        outcome.errors.contains(
            "protocol whole: 1 view a picture, short side 256; scores averaged over positions"))
}

@Test func `digits of any size go through a fully convolutional LeNet`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("edit", model("lenet5.onnx"), "-o", "maps.onnx", "--fully-convolutional"))
    let name = digit("718_1")
    let (maps, whole) = (["maps.onnx", name], [model("lenet5.onnx"), name])
    let map = try answer(ferry, maps)
    #expect(map.shape == [1, 10, 1, 1])
    #expect(isClose(map.doubles(), try answer(ferry, whole).doubles()))
    #expect(try answer(ferry, maps + ["--scale", "56"]).shape == [1, 10, 8, 8])
    let small = try ferry("run", "maps.onnx", name, "--scale", "8")
    #expect(small.status == 3)
    #expect(small.errors.contains("718_1.png: as 8×8: maps.onnx: onnx: node "), "\(small.errors)")
}

@Test func `a softmax at the end is taken behind the mean over positions`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let picture = photograph("coffee_420.jpg")
    // Keras' file of the same network ends in a softmax, and has another recipe.
    let words = [picture, "--protocol", "dense", "--preprocess", "torchvision"]
    let scores = try answer(ferry, [model("vgg11_narrow.onnx")] + words).doubles()
    let softmax = try answer(ferry, [model("vgg11_narrow.keras.h5")] + words).doubles()
    #expect(isClose(softmax, scores))
    // A network's own output, where there is one view, keeps its softmax.
    expectSuccess(
        try ferry(
            "edit", model("vgg11_narrow.keras.h5"), "-o", "maps.onnx", "--fully-convolutional"))
    let map = try answer(ferry, ["maps.onnx", picture, "--preprocess", "torchvision"])
    let positions = map.elementCount / 10
    #expect(map.shape == [1, 10, 2, 6])
    for position in 0..<positions {
        let sum = (0..<10).reduce(0) { $0 + map.doubles()[$1 * positions + position] }
        #expect(abs(sum - 1) < 1e-6)
    }
}

@Test func `answers of different shapes are not stacked`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("edit", model("vgg11_narrow.onnx"), "-o", "maps.onnx", "--fully-convolutional"))
    let pictures = ["chelsea_444.jpg", "astronaut_progressive.jpg"].map(photograph)
    let outcome = try ferry.run(["run", "maps.onnx"] + pictures + ["--output", "y.npy"])
    #expect(outcome.status == 2)
    #expect(
        outcome.errors.contains(
            "expected answers of one shape to stack, found [1, 10, 2, 6] and [1, 10, 2, 2]"))
    #expect(try folder.names() == ["maps.onnx"])
}

// MARK: Refusals

@Test(arguments: [
    (["--protocol", "tencrop"], "did you mean 'ten-crop'?"),
    (["--scale", "0"], "--scale: expected 1 to 8192, found 0"),
    (["--scale", "200"], "--scale: expected at least 224, the side of a crop, found 200"),
    (
        ["--protocol", "ten-crop", "--scales", "256,200"],
        "--scale: expected at least 224, the side of a crop, found 200"
    ),
    (["--scales", "256,,384"], "--scales: expected up to 16 different sides of 1 to 8192"),
    (["--scales", "256,256"], "such as 256,384,512, found '256,256'"),
    (["--scales", "256,9000"], "found '256,9000'"),
    (["--scale", "256", "--scales", "256,384"], "exclude each other"),
])
func `views that make no sense are wrong usage`(_ words: [String], _ problem: String) throws {
    let picture = photograph("chelsea_444.jpg")
    let ferry = Ferry(in: try TemporaryFolder())
    expectRefusal(try ferry.run(["run", model("vgg11_narrow.onnx"), picture] + words), 2, problem)
}

@Test func `grey pictures have no crops, and open sizes none either`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let lenet = model("lenet5.onnx")
    for name in ["ten-crop", "ten-crop-square", "dense", "multi-scale", "whole"] {
        expectRefusal(
            try ferry("run", lenet, digit("718_1"), "--protocol", name), 2,
            "--protocol: expected center for a network of grey pictures", "found \(name)")
    }
    expectRefusal(
        try ferry("run", lenet, digit("718_1"), "--scale", "32"), 2, "--scale: expected none")
    expectRefusal(
        try ferry("run", lenet, "--input", "x.npy", "--output", "y.npy", "--protocol", "dense"), 2,
        "--protocol: expected pictures, found --input")
    expectSuccess(
        try ferry("edit", model("vgg11_narrow.onnx"), "-o", "maps.onnx", "--fully-convolutional"))
    for name in ["center", "ten-crop"] {
        expectRefusal(
            try ferry(
                "run", "maps.onnx", photograph("chelsea_444.jpg"), "--protocol", name), 2,
            "--protocol \(name): expected a network whose pictures have one size")
    }
}

@Test func `a network that no change makes fully convolutional is named`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("edit", model("vgg11_narrow.onnx"), "-o", "part.onnx", "--features-only"))
    expectRefusal(
        try ferry("run", "part.onnx", photograph("chelsea_444.jpg"), "--protocol", "dense"), 3,
        "part.onnx: onnx: as convolutions: expected dense layers behind a flattening")
}
