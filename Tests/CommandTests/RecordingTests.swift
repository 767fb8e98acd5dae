import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// Writes tensors as an archive that Ferry would take for weights.
private func write(
    _ tensors: [(String, Tensor)], _ metadata: [String: String] = [:], to path: String,
    as format: String? = nil
) throws {
    let format = try FormatRegistry.format(forWriting: path, named: format)
    let checkpoint = Checkpoint(
        convention: .pytorch, tensors: tensors.map { NamedTensor(name: $0.0, tensor: $0.1) },
        metadata: metadata)
    try OutputFile.write(to: path, replacing: true) { try format.write(checkpoint, to: $0) }
}

/// The golden input and output of LeNet-5, as PyTorch recorded them.
private func golden() throws -> (input: Tensor, output: Tensor) {
    let folder = Fixtures.url("models/lenet5/golden")
    return (
        try RecordedArray.read(folder.appending(path: "input_0.npy")),
        try RecordedArray.read(folder.appending(path: "output_0.npy"))
    )
}

@Test(arguments: [("x.safetensors", nil), ("x.npz", nil), ("x.pth", nil), ("x.h5", "hdf5")])
func `archives of inputs and outputs are recordings`(name: String, format: String?) throws {
    let folder = try TemporaryFolder()
    let (input, output) = try golden()
    try write(
        [("input_0", input), ("output_0", output), ("conv1", input)], to: folder.path(name),
        as: format)
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("verify", model("lenet5.onnx"), "--fixture", name), "output  close",
        "verdict: the same within the tolerance\n")
    let other = try ferry(
        "verify", model("lenet5_tanh.onnx"), "--fixture", name, "--arch", "lenet5_tanh")
    #expect(other.status == 1)
}

@Test func `the truth is preferred, in folders and archives`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let (input, output) = try golden()
    let wrong = Tensor([Float](repeating: 0, count: output.elementCount), shape: output.shape)
    try write(
        [("output_0", wrong), ("input_0", input), ("output_0.float64", output)],
        to: folder.path("x.npz"))
    expectSuccess(try ferry("verify", model("lenet5.onnx"), "--fixture", "x.npz"), "close")
    try write(
        [("output_0.float64", wrong), ("input_0", input), ("output_0", output)],
        to: folder.path("x.npz"))
    #expect(try ferry("verify", model("lenet5.onnx"), "--fixture", "x.npz").status == 1)
}

@Test func `recordings with gaps, doubles or nothing in them are refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let (input, output) = try golden()
    func refusal(_ path: String, _ words: String...) throws {
        let outcome = try ferry("verify", model("lenet5.onnx"), "--fixture", path)
        expectRefusal(outcome, 3, words[0], words.count > 1 ? words[1] : words[0])
    }
    try write([("input_0", input), ("output_1", output)], to: folder.path("gap.npz"))
    try refusal("gap.npz", "gap.npz: expected outputs numbered from 0 without a gap", "no output_0")
    try write([("input_0", input)], to: folder.path("inputs.npz"))
    try refusal("inputs.npz", "expected output_0.npy", "found none of them")
    try FileManager.default.createDirectory(
        atPath: folder.path("double"), withIntermediateDirectories: false)
    try write([("conv1", input)], to: folder.path("double/activations.npz"))
    try write([("conv1", input)], to: folder.path("double/activations.safetensors"))
    try refusal(
        "double", "activation 'conv1'", "expected each activation once in double, found two")
}

@Test(arguments: [
    "activations.safetensors", "activations.npz", "activations.h5", "output_0.npy", "conv1.npy",
    "output_0.pb",
])
func `a damaged file of a recording is one clear error`(name: String) throws {
    let folder = try TemporaryFolder()
    let home = Fixtures.url("models/lenet5/golden").path
    try FileManager.default.copyItem(
        atPath: home + "/input_0.npy", toPath: folder.path("input_0.npy"))
    let ferry = Ferry(in: folder)
    // What begins as the format does, cut or flipped.
    let whole: [UInt8]
    switch name {
    case "output_0.pb": whole = [8, 1, 8, 10, 16, 1, 74, 40]
    case "activations.safetensors", "activations.npz", "activations.h5":
        let good = folder.path("good." + name.split(separator: ".")[1])
        try write(
            [("conv1", try golden().output)], to: good, as: name.hasSuffix("h5") ? "hdf5" : nil)
        whole = try InputFile(path: good).allBytes
        try FileManager.default.removeItem(atPath: good)
    default: whole = try InputFile(path: home + "/output_0.npy").allBytes
    }
    for bytes in [Array(whole.dropLast()), Array(whole.prefix(whole.count / 2)), [], [0]] {
        try folder.write(bytes, as: name)
        let outcome = try ferry("verify", model("lenet5.onnx"), "--fixture", ".")
        #expect(outcome.status == 3, "\(bytes.count) bytes: \(outcome.output)")
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(name), "\(outcome.errors)")
    }
}

@Test func `sets of one recording are all compared, in the order of their numbers`() throws {
    let folder = try TemporaryFolder()
    let home = Fixtures.url("models/lenet5/golden").path
    for set in ["test_data_set_10", "test_data_set_2"] {
        try FileManager.default.copyItem(atPath: home, toPath: folder.path(set))
    }
    let outcome = try Ferry(in: folder)("verify", model("lenet5.onnx"), "--fixture", ".")
    expectSuccess(outcome)
    let lines = outcome.output.split(separator: "\n").filter {
        $0.hasPrefix("test_data_set") && !$0.contains("top-1")
    }
    #expect(
        lines.map { $0.prefix { $0 != " " } } == [
            "test_data_set_2/output", "test_data_set_10/output",
        ])
}
