import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

// Files of PyTorch's two exporters, and ONNX's own recorded operator cases.

private let models = [
    "lenet5/lenet5.onnx", "lenet5/lenet5.dynamo.onnx", "lenet5_tanh/lenet5_tanh.onnx",
    "alexnet_narrow/alexnet_narrow.onnx", "alexnet_narrow/alexnet_narrow.dynamo.onnx",
    "vgg11_narrow/vgg11_narrow.onnx", "vgg11_narrow/vgg11_narrow.dynamo.onnx",
    "vgg16_narrow/vgg16_narrow.onnx", "vgg16_narrow/vgg16_narrow.dynamo.onnx",
    "vgg16_bn_narrow/vgg16_bn_narrow.onnx", "vgg16_bn_narrow/vgg16_bn_narrow.dynamo.onnx",
    "vgg16_bn_narrow/vgg16_bn_narrow.folded.onnx",
]

private func open(_ path: String) throws -> InputFile {
    try InputFile(path: Fixtures.url(path).path)
}

@Test(arguments: models)
func `a file of PyTorch's exporters is recognised, read without copies and written back`(
    _ path: String
) throws {
    let file = try open("models/\(path)")
    #expect(ONNXFormat.recognizes(file))
    let original = try ONNXFormat.read(file)
    #expect(original.producer.hasPrefix("pytorch"))
    for tensor in original.tensors where tensor.tensor.byteCount > 1024 {
        #expect(tensor.tensor.storage === file.storage, "\(tensor.name)")
    }
    let copy = try read(try written(original))
    #expect(copy.tensors.map(\.name) == original.tensors.map(\.name))
    for (before, after) in zip(original.tensors, copy.tensors) {
        #expect(after.tensor.isBitEqual(to: before.tensor), "\(before.name)")
    }
    #expect(copy.graph?.nodes.map(\.op.type) == original.graph?.nodes.map(\.op.type))
    #expect(copy.graph?.inputs == original.graph?.inputs)
    #expect(try written(copy) == written(original))
}

@Test(arguments: [
    "lenet5/lenet5.onnx", "lenet5/lenet5.dynamo.onnx", "lenet5_tanh/lenet5_tanh.onnx",
])
func `a network that was read computes what PyTorch recorded`(_ path: String) throws {
    let checkpoint = try ONNXFormat.read(open("models/\(path)"))
    let folder = Fixtures.url("models/\(path)").deletingLastPathComponent()
        .appendingPathComponent("golden")
    let x = try RecordedArray.read(folder.appendingPathComponent("input_0.npy"))
    let expected = try RecordedArray.read(folder.appendingPathComponent("output_0.npy")).doubles()
    let graph = try #require(checkpoint.graph)
    let constants = Dictionary(
        uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
    let values = try graph.evaluate([graph.inputs[0].name: x], constants: constants)
    let found = try #require(values[graph.outputs[0].name]).doubles()
    // The product's pass line for outputs, float32 on both sides.
    let largest = expected.map(\.magnitude).max() ?? 0
    #expect(found.count == expected.count)
    for (result, reference) in zip(found, expected) {
        #expect(abs(result - reference) <= 1e-4 * reference.magnitude + 1e-5 * largest)
    }
}
