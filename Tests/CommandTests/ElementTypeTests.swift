import Foundation
import IR
import Tensors
import TestSupport
import Testing

private let destinations = [
    "onnx", "hdf5", "keras-weights-h5", "keras-h5", "keras3-weights-h5", "keras", "pth",
    "safetensors", "npz",
]

@Test(arguments: destinations, ["f16", "f64"])
func `weights are rounded on the way to every format`(_ format: String, _ type: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("vgg16_bn_narrow.onnx")
    let outcome = try ferry(
        "convert", source, "o", "--to", format, "--dtype", type, "--json")
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    let rounding = try #require(report["rounding"] as? [String: Any])
    #expect(rounding["elementType"] as? String == (type == "f16" ? "float16" : "float64"))
    #expect(rounding["tensors"] as? Int == 84)
    #expect(rounding["overflows"] as? Int == 0)
    let error = try #require(rounding["largestError"] as? Double)
    #expect(type == "f16" ? error > 0 && error < 1e-2 : error == 0)
    expectSuccess(
        try ferry("verify", "o", source, "--weights-only"), "0 of 84 weights bit-equal",
        "verdict: equal up to element type")
}

@Test(arguments: ["onnx", "pth", "safetensors"])
func `bfloat16 goes where it has a place`(_ format: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("alexnet_narrow.onnx")
    let extra = format == "onnx" ? ["--opset", "22"] : []
    expectSuccess(
        try ferry.run(["convert", source, "o", "--to", format, "--dtype", "bf16"] + extra))
    expectSuccess(
        try ferry("verify", "o", source, "--weights-only"), "float32 → bfloat16",
        "verdict: equal up to element type")
}

@Test(arguments: [
    "hdf5", "keras-weights-h5", "keras-h5", "keras3-weights-h5", "keras", "npz", "onnx",
])
func `bfloat16 is refused by name elsewhere`(_ format: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "convert", model("alexnet_narrow.onnx"), "o", "--to", format, "--dtype", "bf16")
    #expect(outcome.status == 4)
    #expect(
        outcome.errorLines.last?.contains(format == "onnx" ? "Conv" : "found bfloat16") == true,
        "\(outcome.errors)")
    #expect(try folder.names().isEmpty)
}

@Test func `rounding twice the same way is rounding once`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("alexnet_narrow.onnx")
    expectSuccess(try ferry("convert", source, "a.pth", "--dtype", "f16"))
    expectSuccess(try ferry("convert", "a.pth", "b.h5", "--to", "keras-weights-h5"))
    expectSuccess(try ferry("convert", "b.h5", "wide.pth", "--dtype", "f32"))
    expectSuccess(try ferry("convert", "wide.pth", "c.pth", "--dtype", "f16"), "no value changed")
    expectSuccess(try ferry("verify", "a.pth", "c.pth", "--weights-only"), "equal to the last bit")
}

@Test func `values out of range are refused with the first, or become infinite when asked`() throws
{
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try altered(model("alexnet_narrow.safetensors"), as: "s.safetensors", in: folder) { tensors in
        let index = tensors.firstIndex { $0.name == "classifier.1.bias" } ?? 0
        var values = tensors[index].tensor.floats()
        (values[3], values[5], values[6]) = (-70000, .nan, .infinity)
        tensors[index].tensor = Tensor(values, shape: tensors[index].tensor.shape)
    }
    expectRefusal(
        try ferry("convert", "s.safetensors", "o.pth", "--dtype", "f16"), 3,
        "tensor 'classifier.1.bias' [3]: expected values that float16 can hold", "-70000",
        "--allow-overflow")
    #expect(try folder.names() == ["s.safetensors"])
    expectSuccess(
        try ferry("convert", "s.safetensors", "o.pth", "--dtype", "f16", "--allow-overflow"),
        "1 became infinite")
    expectSuccess(try ferry("inspect", "o.pth"), "1 NaN and 2 infinite values")
    expectSuccess(try ferry("convert", "s.safetensors", "b.pth", "--dtype", "bf16"))
}

@Test func `integers and counts stay as they are`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("vgg16_bn_narrow.state.h5")
    expectSuccess(try ferry("convert", source, "o.pth", "--dtype", "f16"))
    let outcome = try ferry("verify", "o.pth", source, "--weights-only", "--all")
    expectSuccess(outcome, "13 of 97 weights bit-equal")
}

@Test func `an unknown network's tensors are rounded too, but for integers`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let tensors = Fixtures.url("checkpoints/plain.pth").path
    expectSuccess(
        try ferry("convert", tensors, "o.safetensors", "--dtype", "f64"), "rounded to float64")
}

@Test func `outputs of another element type are told apart from weights`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = model("alexnet_narrow.onnx")
    expectSuccess(try ferry("convert", source, "o.onnx", "--dtype", "f16"))
    let outcome = try ferry("verify", "o.onnx", source)
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("every weight is equal up to element type"))
}

@Test(arguments: [
    (["--dtype", "f8"], "--dtype: expected one of f16, bf16, f32, f64"),
    (["--allow-overflow"], "--allow-overflow: expected --dtype too"),
])
func `options for element types are checked`(_ words: [String], _ message: String) throws {
    expectRefusal(
        try Ferry(in: try TemporaryFolder()).run(
            ["convert", model("lenet5.onnx"), "o.onnx"] + words), 2, message)
}
