import Foundation
import Tensors
import TestSupport
import Testing

private func outputs(_ ferry: Ferry, _ file: String, _ input: String, _ words: String...) throws
    -> [Float]
{
    expectSuccess(
        try ferry.run(["run", file, "--input", input, "--output", "y.npy", "--force"] + words))
    return try RecordedArray.read(URL(fileURLWithPath: ferry.folder.path("y.npy"))).floats()
}

@Test func `another head, features and a part are files that Ferry knows or runs`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let source = model("vgg16_narrow.onnx")
    expectSuccess(
        try ferry("edit", source, "-o", "head.pth", "--head", "3", "--seed", "2"),
        "head.pth: pth, vgg16, 32 tensors")
    expectSuccess(try ferry("inspect", "head.pth"), "[N, 3]")
    expectSuccess(
        try ferry("edit", source, "-o", "features.safetensors", "--features-only"),
        "safetensors, vgg16, 26 tensors")
    expectSuccess(
        try ferry("edit", source, "-o", "part.onnx", "--until", "block2_conv1"),
        "part.onnx: onnx, 6 tensors")
    expectSuccess(try ferry("inspect", "part.onnx"), "[N, 4, 112, 112]", "a network of its own")
}

@Test func `a fully convolutional network answers as before, and in maps`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let source = model("lenet5.onnx")
    let input = Fixtures.url("models/lenet5/golden/input_0.npy").path
    let wanted = try outputs(ferry, source, input)
    let largest = wanted.map(abs).max() ?? 0
    for words in [[], ["--average"]] {
        expectSuccess(
            try ferry.run(
                ["edit", source, "-o", "a.onnx", "--fully-convolutional", "--force"] + words))
        let found = try outputs(ferry, "a.onnx", input)
        expectSuccess(try ferry("inspect", "a.onnx"), "[N, 1, height, width] NCHW")
        #expect(found.count == wanted.count)
        #expect(
            zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-4 * abs($1) + 1e-5 * largest })
    }
}

@Test func `towers give the same bits apart and together`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = try RecordedOperators.unpack("conv_groups_2", into: folder)
    let input = source.appending(path: "test_data_set_0/input_0.pb").path
    let whole = source.appending(path: "model.onnx").path
    expectSuccess(try ferry("edit", whole, "-o", "split.onnx", "--split-towers"))
    expectSuccess(try ferry("edit", "split.onnx", "-o", "merged.onnx", "--merge-towers"))
    let strict = ["--numerics", "strict"]
    let wanted = try outputs(ferry, whole, input, strict[0], strict[1])
    #expect(try outputs(ferry, "split.onnx", input, strict[0], strict[1]) == wanted)
    #expect(try outputs(ferry, "merged.onnx", input, strict[0], strict[1]) == wanted)
    expectSuccess(try ferry("inspect", "split.onnx"), "Split", "Concat", ".tower2")
}

@Test func `an edit that cannot be made leaves nothing behind`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("lenet5.onnx")
    expectRefusal(
        try ferry("edit", source, "-o", "a.onnx", "--split-towers"), 3,
        "lenet5.onnx: onnx: expected a convolution of several groups, found none")
    expectRefusal(
        try ferry("edit", source, "-o", "a.onnx", "--until", "conv9"), 3,
        "expected a layer of the network, found 'conv9'; did you mean")
    #expect(try folder.names().isEmpty)
}
