import Foundation
import IR
import Tensors
import TestSupport
import Testing

private struct Document: Decodable {
    struct Layer: Decodable {
        let name: String
        let op: String
        let outputShape: [Int]
        let parameters: Int
        let multiplyAdds: Int
        let elementType: String
    }

    struct Value: Decodable {
        let name: String
        let shape: String
        let layout: String
    }

    let architecture: String?
    let preprocess: String?
    let producer: String
    let format: String
    let inputs: [Value]
    let outputs: [Value]
    let layers: [Layer]
    let parameters: Int
    let multiplyAdds: Int
    let notes: [String]
}

private func decode<T: Decodable>(_ type: T.Type, _ outcome: ProcessOutcome) throws -> T {
    try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
}

@Test(arguments: [
    ("lenet5.onnx", "lenet5", "onnx", 61_706), ("lenet5.dynamo.onnx", "lenet5", "onnx", 61_706),
    ("lenet5.state.h5", "lenet5", "hdf5", 61_706),
    ("vgg11_narrow.nested.h5", "vgg11", "hdf5", 22_142),
    ("lenet5.keras.h5", "lenet5", "keras-weights-h5", 61_706),
    ("lenet5_tanh.onnx", "lenet5_tanh", "onnx", 61_706),
    ("alexnet_narrow.state.h5", "alexnet", "hdf5", 20_750),
    ("alexnet_narrow.onnx", "alexnet", "onnx", 20_750),
    ("vgg11_narrow.keras.h5", "vgg11", "keras-weights-h5", 22_142),
    ("vgg16_bn_narrow.onnx", "vgg16_bn", "onnx", 27_816),
    ("vgg16_bn_narrow.folded.onnx", "vgg16", "onnx", 27_552),
    ("vgg16_narrow.dynamo.onnx", "vgg16", "onnx", 27_552),
])
func `a model's totals, layers and interface are told`(
    name: String, architecture: String, format: String, parameters: Int
) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let words = name.hasPrefix("lenet5") ? ["--arch", architecture] : []
    let outcome = try ferry.run(["inspect", model(name), "--json"] + words)
    expectSuccess(outcome)
    let document = try decode(Document.self, outcome)
    #expect(document.architecture == architecture)
    #expect(document.format == format)
    #expect(document.parameters == parameters)
    #expect(document.layers.reduce(0) { $0 + $1.parameters } == parameters)
    #expect(document.layers.reduce(0) { $0 + $1.multiplyAdds } == document.multiplyAdds)
    #expect(document.layers.allSatisfy { $0.elementType == "float32" })
    #expect(document.inputs.count == 1)
    #expect(document.outputs.count == 1)
    let isKeras = format == "keras-weights-h5"
    #expect(document.inputs[0].layout == (isKeras ? "NHWC" : "NCHW"))
    let channels = document.inputs[0].shape.contains("224") ? 3 : 1
    #expect(document.inputs[0].shape.hasSuffix(isKeras ? ", \(channels)]" : "]"))
    #expect(document.inputs[0].shape.hasPrefix(isKeras ? "[N, 2" : "[N, \(channels), "))
    #expect(document.layers[0].outputShape.count == 4)
    let first = document.layers[0].outputShape
    #expect(isKeras ? first[1] == first[2] : first[2] == first[3])
}

@Test func `the table names what a layer is and costs`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())("inspect", model("lenet5.onnx"))
    expectSuccess(
        outcome, "lenet5.onnx: onnx, lenet5\n", "written by pytorch",
        "conv1    Conv       [1, 6, 28, 28]         156        117,600  float32\n",
        "total                                   61,706        416,520  241.0 KiB\n",
        "input   input  float32 [N, 1, 28, 28] NCHW\n", "output  output  float32 [N, 10]",
        "recipe  torchvision\n", "note    pictures are made grey and divided by 255\n")
    #expect(!outcome.output.contains("\u{1B}"))
}

@Test func `Keras' layers are shown in Keras' layout`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())(
        "inspect", model("vgg11_narrow.keras.h5"))
    expectSuccess(outcome, "[1, 224, 224, 2]", "[1, 112, 112, 2]", "NHWC", "recipe  keras-caffe\n")
}

@Test func `several files are one array of documents`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let names = ["alexnet_narrow.onnx", "vgg11_narrow.state.h5", "lenet5.onnx"].map(model)
    let outcome = try ferry.run(["inspect", "--json"] + names)
    expectSuccess(outcome)
    let documents = try decode([Document].self, outcome)
    #expect(documents.map(\.architecture) == ["alexnet", "vgg11", "lenet5"])
}

@Test func `all files are tried and the worst status is returned`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1, 2, 3], as: "bad.onnx")
    let words = [model("lenet5.onnx"), "bad.onnx", "missing.onnx", model("alexnet_narrow.onnx")]
    let outcome = try Ferry(in: folder).run(["inspect", "--json"] + words)
    #expect(outcome.status == 3)
    #expect(outcome.errorLines.count == 2)
    #expect(outcome.errorLines[0].hasPrefix("ferry: bad.onnx: expected "))
    #expect(outcome.errorLines[1].hasPrefix("ferry: missing.onnx: expected "))
    #expect(try decode([Document].self, outcome).count == 2)
}

@Test(arguments: ["lenet5.state.h5", "lenet5.keras.h5"])
func `tensors of two architectures are refused with both named`(name: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    for words in [
        ["inspect", model(name)], ["bench", model(name)], ["run", model(name), "x.png"],
    ] {
        expectRefusal(
            try ferry.run(words), 2, name, "expected tensors that fit one architecture",
            "lenet5 and lenet5_tanh", "--arch")
    }
    expectSuccess(try ferry("inspect", model(name), "--arch", "lenet5"), "Relu", "MaxPool")
    expectSuccess(
        try ferry("inspect", model(name), "--arch", "lenet5_tanh"), "Tanh", "AveragePool")
    let other = try ferry("inspect", model(name), "--arch", "vgg16")
    #expect(other.status == 3 && other.output.isEmpty)
    #expect(other.errorLines.allSatisfy { $0.contains(name) })
    #expect(other.errorLines.first?.contains("expected") == true)
}

@Test func `a network that is not the one asked for is refused at the first difference`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectRefusal(
        try ferry("inspect", model("lenet5.onnx"), "--arch", "lenet5_tanh"), 3,
        "lenet5.onnx: onnx: node '", "': expected Tanh (lenet5_tanh), found Relu")
}

@Test(arguments: [Float.nan, .infinity, -.infinity])
func `weights that are no numbers are pointed out`(value: Float) throws {
    let folder = try TemporaryFolder()
    let names = ["lenet5.onnx", "lenet5.state.h5", "lenet5.keras.h5"]
    for name in names {
        try altered(model(name), as: name, in: folder) { tensors in
            tensors[0].tensor = replacingFirst(tensors[0].tensor, by: value)
        }
        let outcome = try Ferry(in: folder)("inspect", name, "--arch", "lenet5")
        let found = value.isNaN ? "holds 1 NaN and 0 infinite" : "holds 0 NaN and 1 infinite"
        expectSuccess(outcome, "note    weight 'conv1.", found)
    }
    let outcome = try Ferry(in: folder)("verify", names[0], names[1], "--arch", "lenet5")
    #expect(outcome.output.contains(value.isNaN ? "1 NaN" : "1 Inf"), "\(outcome.output)")
}

@Test func `a name made to steer the terminal is shown harmlessly`() throws {
    let folder = try TemporaryFolder()
    let name = "a\u{1B}[31m b\nc.onnx"
    try FileManager.default.copyItem(atPath: model("lenet5.onnx"), toPath: folder.path(name))
    let outcome = try Ferry(in: folder)("inspect", name)
    expectSuccess(outcome)
    #expect(!outcome.output.contains("\u{1B}"))
    #expect(outcome.output.split(separator: "\n")[0].hasSuffix(": onnx, lenet5"))
    let missing = try Ferry(in: folder)("inspect", "no" + name)
    expectRefusal(missing, 3, "no such file")
    #expect(!missing.errors.contains("\u{1B}"))
}

private struct PlanDocument: Decodable {
    struct Step: Decodable {
        let algorithm: String
        let live_bytes: Int
        let weight_bytes: Int
    }

    let batch: Int
    let arena_bytes: Int
    let scratch_bytes_per_thread: Int
    let prepared_bytes: Int
    let steps: [Step]
}

@Test(arguments: [1, 3])
func `a plan tells each step's algorithm and the memory of all`(batch: Int) throws {
    let outcome = try Ferry(in: try TemporaryFolder())(
        "inspect", model("vgg11_narrow.onnx"), "--plan", "--batch", "\(batch)", "--json")
    expectSuccess(outcome)
    let plan = try decode(PlanDocument.self, outcome)
    #expect(plan.batch == batch)
    #expect(plan.steps.contains { $0.algorithm == "few channels" })
    // The arena holds what is alive in any step, with gaps of less than a cache line a buffer.
    let largest = plan.steps.map(\.live_bytes).max() ?? 0
    #expect(largest >= batch * (3 * 224 * 224) * 4)
    #expect(plan.arena_bytes >= largest)
    #expect(plan.prepared_bytes > 0)
    #expect(plan.scratch_bytes_per_thread > 0)
}

@Test func `a plan's table ends with its peak, and a batch needs a plan`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let name = model("lenet5.onnx")
    expectSuccess(
        try ferry("inspect", name, "--plan", "--threads", "1"), "batch 1, 1 thread, ",
        "conv1  Conv + Relu", "peak of activations ", " of scratch a thread, ")
    expectRefusal(
        try ferry("inspect", name, "--batch", "2"), 2,
        "--batch: expected together with --plan or --sizes, found alone")
}
