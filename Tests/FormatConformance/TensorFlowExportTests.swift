import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// Files that tf2onnx wrote: NHWC with Transposes at the edges, or NCHW inputs.
@Suite struct TensorFlowExports {
    static let networks = ["lenet5", "vgg11"]
    static let endings = ["", "_nchw"]

    private func url(_ name: String) -> String { Fixtures.url("onnx/tf2onnx/\(name)").path }

    private func checkpoint(_ name: String) throws -> Checkpoint {
        let file = try InputFile(path: url(name))
        return try FormatRegistry.format(of: file).read(file)
    }

    /// TensorFlow's input, as NHWC.
    private func input(_ network: String) throws -> Tensor {
        if network == "vgg11" {
            return SeededValues.input(shape: [1, 3, 224, 224], seed: 3).permuted([0, 2, 3, 1])
        }
        return try RecordedArray.read(Fixtures.url("onnx/tf2onnx/lenet5_input_0.npy"))
    }

    @Test(arguments: networks, endings)
    func `tf2onnx's graphs are recognised, and hold TensorFlow's weights bit for bit`(
        _ network: String, _ ending: String
    ) throws {
        let file = try checkpoint("\(network)\(ending).onnx")
        let transposes = try #require(file.graph).nodes.filter { $0.op is Transpose }
        // Where a picture has one channel, tf2onnx makes the input's Transpose a Reshape.
        #expect(transposes.count == (network == "vgg11" && ending.isEmpty ? 2 : 1))
        let model = try Translation.model(from: file)
        #expect(model.architecture?.name == network)
        #expect(model.inputLayout == (ending.isEmpty ? .nhwc : .nchw))
        #expect(!model.graph.nodes.contains { $0.op is Transpose || $0.op is MatMul })
        let written = try Translation.checkpoint(of: model, in: .pytorch)
        let expected = try checkpoint("\(network).npz")
        #expect(
            Set(written.tensors.map(\.name)) == Set(expected.tensors.map(\.name)))
        for tensor in expected.tensors {
            let found = written.tensors.first { $0.name == tensor.name }?.tensor
            #expect(found?.isBitEqual(to: tensor.tensor) == true, "\(tensor.name)")
        }
    }

    @Test(arguments: networks, endings)
    func `tf2onnx's graphs give TensorFlow's outputs, as they are and made canonical`(
        _ network: String, _ ending: String
    ) throws {
        let file = try checkpoint("\(network)\(ending).onnx")
        let x = try input(network)
        let picture = x.permuted([0, 3, 1, 2])
        let constants = Dictionary(
            uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor) })
        let own = try output(
            of: try #require(file.graph), constants, on: ending.isEmpty ? x : picture)
        try expectRecorded(own, "tf2onnx/\(network)")
        let model = try Translation.model(from: file)
        try expectRecorded(
            try output(of: model.graph, model.weights, on: picture), "tf2onnx/\(network)")
    }

    @Test(arguments: networks, endings)
    func `a tf2onnx file comes back from a state dict with the same bits and outputs`(
        _ network: String, _ ending: String
    ) throws {
        let folder = try TemporaryFolder()
        let start = try Translation.model(from: checkpoint("\(network)\(ending).onnx"))
        let pth = try folder.carry(start, through: FormatRegistry.format(named: "pth"))
        expectEqualParameters(pth, start, network)
        let onnx = try folder.carry(pth, through: FormatRegistry.format(named: "onnx"))
        expectEqual(onnx, start, network)
        let picture = try input(network).permuted([0, 3, 1, 2])
        let before = try output(of: start.graph, start.weights, on: picture)
        #expect(try output(of: onnx.graph, onnx.weights, on: picture).isBitEqual(to: before))
    }
}
