import Foundation
import IR
import Tensors
import TestSupport
import Testing

private let dialects = [
    "lenet5": ["onnx", "dynamo.onnx", "state.h5", "keras.h5"],
    "lenet5_tanh": ["onnx", "state.h5", "keras.h5"],
    "alexnet_narrow": ["onnx", "dynamo.onnx", "state.h5", "keras.h5"],
    "vgg11_narrow": ["onnx", "dynamo.onnx", "state.h5", "nested.h5", "keras.h5"],
    "vgg16_narrow": ["onnx", "dynamo.onnx", "state.h5", "keras.h5"],
]

private func pairs(of family: String) -> [(String, String)] {
    let files = (dialects[family] ?? []).map { "\(family).\($0)" }
    return files.flatMap { a in files.map { (a, $0) } }
}

@Test(arguments: dialects.keys.sorted())
func `every two dialects of one network are equal to the last bit`(family: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let arch = family.hasPrefix("lenet5") ? ["--arch", family] : []
    for (a, b) in pairs(of: family) {
        let outcome = try ferry.run(["verify", model(a), model(b)] + arch)
        expectSuccess(outcome, "verdict: equal to the last bit\n", "weights bit-equal")
        #expect(outcome.errors.isEmpty)
        // Keras' published ImageNet networks end in a softmax; PyTorch's do not.
        let isOneSided = a.contains("keras") != b.contains("keras") && arch.isEmpty
        #expect(outcome.output.contains("only one side ends in Softmax") == isOneSided)
        if isOneSided {
            let lacking = a.contains("keras") ? b : a
            #expect(outcome.output.contains("applied to the output of \(model(lacking))\n"))
        }
    }
}

@Test(arguments: [
    ("vgg16_bn_narrow.onnx", "vgg16_bn_narrow.folded.onnx"),
    ("vgg16_bn_narrow.folded.onnx", "vgg16_bn_narrow.onnx"),
    ("vgg16_bn_narrow.state.h5", "vgg16_bn_narrow.dynamo.onnx"),
    ("vgg16_bn_narrow.dynamo.onnx", "vgg16_bn_narrow.folded.onnx"),
])
func `folded normalisation is explained`(a: String, b: String) throws {
    let outcome = try Ferry(in: try TemporaryFolder())("verify", model(a), model(b))
    expectSuccess(
        outcome, "explained", "BatchNormalization folded into the convolution",
        "exported from vgg16_bn with batch normalisation folded",
        "verdict: the same within the tolerance\n")
    #expect(!outcome.output.contains("DIFFERENT"))
}

@Test func `a folded network with another weight is different`() throws {
    let folder = try TemporaryFolder()
    try altered(model("vgg16_bn_narrow.state.h5"), as: "x.h5", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.name == "features.0.weight" }) else {
            return
        }
        tensors[place].tensor = replacingFirst(tensors[place].tensor, by: 1.5)
    }
    let outcome = try Ferry(in: folder)("verify", "x.h5", model("vgg16_bn_narrow.folded.onnx"))
    #expect(outcome.status == 1)
    #expect(outcome.output.contains(/features\.0\.weight +DIFFERENT/), "\(outcome.output)")
}

@Test func `a copy of a folded export with one bit changed is different`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let export = model("vgg16_bn_narrow.folded.onnx")
    expectSuccess(try ferry("convert", export, "whole.h5", "--to", "hdf5"))
    try altered(folder.path("whole.h5"), as: "x.h5", in: folder) { tensors in
        guard let place = tensors.firstIndex(where: { $0.name == "features.5.weight" }) else {
            return
        }
        let first = tensors[place].tensor.floats()[0]
        tensors[place].tensor = replacingFirst(tensors[place].tensor, by: first.nextUp)
    }
    expectSuccess(try ferry("verify", "whole.h5", export), "verdict: equal to the last bit\n")
    let outcome = try ferry("verify", "x.h5", export)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains(/features\.5\.weight +DIFFERENT/), "\(outcome.output)")
}

@Test func `another epsilon is a difference and is named`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())(
        "verify", model("vgg16_bn_narrow.keras.h5"), model("vgg16_bn_narrow.onnx"))
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("epsilon"))
    #expect(outcome.output.contains("0.001, Keras' default"))
}

@Test(arguments: ["onnx", "state.h5", "keras.h5"])
func `one different weight is found and named`(dialect: String) throws {
    let folder = try TemporaryFolder()
    let name = "alexnet_narrow.\(dialect)"
    try altered(model(name), as: name, in: folder) { tensors in
        // The smallest change there is.
        let first = tensors[0].tensor.floats()[0]
        tensors[0].tensor = replacingFirst(tensors[0].tensor, by: first.nextUp)
    }
    for words in [[], ["--weights-only"]] {
        let outcome = try Ferry(in: folder).run(["verify", name, model(name)] + words)
        #expect(outcome.status == 1)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output.contains("1 of "), "\(outcome.output)")
        #expect(outcome.output.contains("15 of 16 weights bit-equal"))
        #expect(outcome.output.contains("verdict: DIFFERENT (1 row)\n"))
        #expect(outcome.output.contains("OUTPUT") == words.isEmpty)
    }
}

@Test func `different networks are different, not an error`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry("verify", model("lenet5.onnx"), model("vgg11_narrow.onnx"))
    #expect(outcome.status == 1)
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.contains("not run: inputs of [N, 1, 28, 28]"))
    #expect(
        try ferry("verify", model("vgg11_narrow.onnx"), model("vgg16_narrow.onnx")).status == 1)
    #expect(
        try ferry(
            "verify", model("lenet5.onnx"), model("lenet5_tanh.onnx"), "--json"
        ).status == 1)
}

@Test func `the report as JSON holds the verdict and every weight`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry(
        "verify", model("alexnet_narrow.onnx"), model("alexnet_narrow.keras.h5"), "--json")
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    #expect(report["verdict"] as? String == "equal")
    #expect((report["weights"] as? [Any])?.count == 16)
    #expect((report["outputs"] as? [Any])?.count == 1)
}

@Test func `a report lists all weights when asked to`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let name = model("lenet5.onnx")
    let short = try ferry("verify", name, name)
    let long = try ferry("verify", name, name, "--all")
    #expect(!short.output.contains("fc3.bias"))
    #expect(long.output.contains("fc3.bias"))
}

@Test(arguments: ["lenet5", "lenet5_tanh", "alexnet_narrow"])
func `recorded outputs are met, in the file's own layout`(family: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let arch = family.hasPrefix("lenet5") ? ["--arch", family] : []
    let golden = Fixtures.url("models/\(family)/golden").path
    let recorded = try recordedByKeras(family, in: folder)
    for dialect in dialects[family] ?? [] {
        let isKeras = dialect == "keras.h5"
        let (fixture, other) = isKeras ? (recorded, golden) : (golden, recorded)
        let name = model("\(family).\(dialect)")
        expectSuccess(
            try ferry.run(["verify", name, "--fixture", fixture] + arch), "output  close",
            "verdict: the same within the tolerance\n")
        expectRefusal(
            try ferry.run(["verify", name, "--fixture", other] + arch), 3,
            "input_0.npy: input 'input': expected float32 [N, ", "found float32 [")
    }
}

/// A folder of Keras' record, its input the same as PyTorch's, channels last.
private func recordedByKeras(_ family: String, in folder: TemporaryFolder) throws -> String {
    let place = folder.path("golden_keras")
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    let root = Fixtures.url("models/\(family)")
    try FileManager.default.copyItem(
        atPath: root.appending(path: "golden_keras/output_0.npy").path,
        toPath: place + "/output_0.npy")
    let input = try RecordedArray.read(root.appending(path: "golden/input_0.npy"))
        .permuted([0, 2, 3, 1])
    try write(input.floats(), shape: input.shape, as: "golden_keras/input_0.npy", in: folder)
    return place
}

@Test func `a fixture of ONNX's own kind is met`() throws {
    let place = try TemporaryFolder()
    let ferry = Ferry(in: place)
    let folder = try RecordedOperators.unpack("conv_64_to_64", into: place)
    expectSuccess(
        try ferry("verify", folder.path + "/model.onnx", "--fixture", folder.path), "verdict: ")
}

@Test func `a fixture of another network is different`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry(
        "verify", model("lenet5_tanh.onnx"), "--fixture", Fixtures.url("models/lenet5/golden").path)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("DIFFERENT"))
}

@Test func `a fixture that is none is refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    let input = Fixtures.url("models/lenet5/golden/input_0.npy").path
    expectRefusal(
        try ferry("verify", name, "--fixture", "nowhere"), 3,
        "nowhere: expected recorded tensors (a folder, an archive or an array), found nothing")
    expectRefusal(
        try ferry("verify", name, "--fixture", name), 3, "onnx: expected recorded tensors",
        "found a model")
    expectRefusal(try ferry("verify", name, "--fixture", "."), 3, "expected output_0.npy")
    try FileManager.default.copyItem(atPath: input, toPath: folder.path("input_0.npy"))
    try folder.write([0x93] + Array("NUMPY".utf8), as: "output_0.npy")
    expectRefusal(try ferry("verify", name, "--fixture", "."), 3, "output_0.npy: ", "expected")
}

@Test func `a given input is in the first file's layout`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let (onnx, keras) = (model("lenet5.onnx"), model("lenet5.keras.h5"))
    let nchw = Fixtures.url("models/lenet5/golden/input_0.npy").path
    let nhwc = Fixtures.url("models/lenet5/golden_keras/input_0.npy").path
    let arch = ["--arch", "lenet5"]
    expectSuccess(try ferry.run(["verify", onnx, keras, "--input", nchw] + arch), "equal to the")
    expectSuccess(try ferry.run(["verify", keras, onnx, "--input", nhwc] + arch), "equal to the")
    expectSuccess(
        try ferry.run(["verify", keras, onnx, "--input", "input=\(nhwc)"] + arch), "equal to the")
    expectRefusal(
        try ferry.run(["verify", onnx, keras, "--input", nhwc] + arch), 3, "input_0.npy",
        "expected float32 [N, 1, 28, 28], found float32 [8, 28, 28, 1]")
    expectRefusal(
        try ferry.run(["verify", onnx, keras, "--input", "x=\(nchw)"] + arch), 2, "found 'x'")
}
