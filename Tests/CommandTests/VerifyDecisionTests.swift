import Foundation
import IR
import Parity
import Tensors
import TestSupport
import Testing

@Test func `outputs that ignore the input prove nothing`() throws {
    let folder = try TemporaryFolder()
    let source = model("lenet5.state.h5")
    try altered(source, as: "x.h5", in: folder) { tensors in
        for place in tensors.indices where tensors[place].name == "fc3.weight" {
            let shape = tensors[place].tensor.shape
            tensors[place].tensor = Tensor(
                [Float](repeating: 0, count: shape.reduce(1, *)), shape: shape)
        }
    }
    let ferry = Ferry(in: folder)
    let arch = ["--arch", "lenet5"]
    let both = try ferry.run(["verify", "x.h5", "x.h5"] + arch)
    #expect(both.status == 1)
    #expect(both.output.contains("does not depend on the input"))
    #expect(both.output.contains("verdict: NOTHING PROVEN"))
    let one = try ferry.run(["verify", "x.h5", source] + arch)
    #expect(one.status == 1)
    #expect(one.output.contains("the output does not depend on the input"), "\(one.output)")
}

@Test func `NaN on both sides never passes`() throws {
    let folder = try TemporaryFolder()
    try altered(model("lenet5.state.h5"), as: "x.h5", in: folder) { tensors in
        tensors[0].tensor = replacingFirst(tensors[0].tensor, by: .nan)
    }
    let outcome = try Ferry(in: folder)(
        "verify", "x.h5", "x.h5", "--arch", "lenet5", "--layers")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("NaN"))
}

@Test func `tolerances are chosen by name and by number`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let pair = ["vgg16_bn_narrow.folded.onnx", "vgg16_bn_narrow.onnx"].map(model)
    func status(_ words: String...) throws -> Int32 {
        try ferry.run(["verify"] + pair + words).status
    }
    #expect(try status() == 0)
    #expect(try status("--tolerance", "exact") == 1)
    #expect(try status("--rtol", "0", "--atol", "1e-12") == 1)
    #expect(try status("--max-ulp", "0") == 1)
    #expect(try status("--max-ulp", "1000000000") == 0)
    #expect(try status("--min-cosine", "0.999") == 0)
    #expect(try status("--top", "1") == 0)
    let name = model("lenet5.onnx")
    expectSuccess(
        try ferry("verify", name, name, "--tolerance", "exact", "--top", "5", "--max-ulp", "0"),
        "top-1 agrees in 1 of 1, top-5 in 1", "verdict: equal to the last bit")
    expectRefusal(try ferry("verify", name, name, "--tolerance", "fp8"), 2, "exact, fp32, fp16")
    expectRefusal(try ferry("verify", name, name, "--min-cosine", "2"), 2, "--min-cosine")
}

@Test func `weights of 16 bits pass the tolerance made for them`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("vgg11_narrow.onnx")
    expectSuccess(try ferry("convert", name, "half.onnx", "--dtype", "f16"))
    expectSuccess(
        try ferry("verify", "half.onnx", name, "--tolerance", "fp16", "--layers"), "verdict: ")
    #expect(try ferry("verify", "half.onnx", name).status == 1)
}

@Test func `several inputs are compared one after the other`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let (a, b) = (model("lenet5.onnx"), model("lenet5.keras.h5"))
    let arch = ["--arch", "lenet5"]
    expectSuccess(
        try ferry.run(["verify", a, b, "--seeds", "3", "--batch", "2"] + arch), "seed 1/output",
        "seed 3/output", "in 6 of 6")
    expectSuccess(
        try ferry.run(
            ["verify", a, b, "--picture", digit("1575_3"), "--picture", digit("1344_2")] + arch),
        "recipe torchvision", "verdict: equal to the last bit")
    let golden = Fixtures.url("models/lenet5/golden").path
    expectSuccess(
        try ferry.run(["verify", a, b, "--inputs", golden] + arch), "equal to the last bit")
    expectRefusal(
        try ferry.run(["verify", a, b, "--size", "32x32"] + arch), 2, "--size: expected [N, 1, 28")
    expectRefusal(try ferry.run(["verify", a, b, "--size", "32"] + arch), 2, "HEIGHTxWIDTH")
    expectRefusal(
        try ferry.run(["verify", a, golden, "--input", "x.npy"] + arch), 2, "inputs of its own")
}
