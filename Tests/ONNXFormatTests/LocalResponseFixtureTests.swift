import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

/// Exports of PyTorch's LocalResponseNorm between two convolutions.
private func checkpoint(_ name: String) throws -> Checkpoint {
    try ONNXFormat.read(InputFile(path: Fixtures.url("onnx/\(name).onnx").path))
}

private func recorded(_ name: String) throws -> Tensor {
    try RecordedArray.read(Fixtures.url("onnx/\(name).npy"))
}

@Test(arguments: [5, 4], ["torchscript", "torchscript_batch", "dynamo_batch"])
func `PyTorch's local response normalisation is LRN again where its size is odd`(
    _ size: Int, _ exporter: String
) throws {
    let read = try checkpoint("lrn_\(size)_\(exporter)")
    let constants = Dictionary(uniqueKeysWithValues: read.tensors.map { ($0.name, $0.tensor) })
    let graph = try #require(read.graph)
    #expect(!graph.nodes.contains { $0.op.type == "If" })
    let (folded, kept) = graph.folded(constants: constants)
    if size == 5 {
        #expect(folded.nodes.map(\.op.type) == ["Conv", "Relu", "LRN", "Conv"])
        let lrn = try #require(folded.nodes[2].op as? LRN)
        #expect(lrn.size == 5 && lrn.alpha == 0.3 && lrn.beta == 0.6 && lrn.bias == 2)
    } else {
        #expect(!folded.nodes.contains { $0.op is LRN })
    }
    let found = try folded.evaluate(["x": recorded("lrn_input_0")], constants: kept)["y"]
    let expected = try recorded("lrn_\(size)_output_0")
    let y = try #require(found)
    #expect(y.shape == expected.shape)
    // float32 sums of some 70 terms of size 1 on PyTorch's side.
    for (a, b) in zip(y.doubles(), expected.doubles()) { #expect(abs(a - b) < 1e-5) }
}
