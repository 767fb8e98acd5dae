import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// Files of Keras' own exporter on PyTorch: channels last between all layers, biases and
/// normalisations spelled out.
@Suite struct KerasExports {
    static let files = ["lenet5", "lenet5_batch", "vgg11_bn"]

    private func checkpoint(_ name: String) throws -> Checkpoint {
        let file = try InputFile(path: Fixtures.url("onnx/keras/\(name)").path)
        return try FormatRegistry.format(of: file).read(file)
    }

    private func network(_ file: String) -> String { file.replacing("_batch", with: "") }

    /// Keras' input, as NHWC.
    private func input(_ network: String) throws -> Tensor {
        network == "lenet5"
            ? try RecordedArray.read(Fixtures.url("onnx/tf2onnx/lenet5_input_0.npy"))
            : SeededValues.input(shape: [1, 3, 224, 224], seed: 1).permuted([0, 2, 3, 1])
    }

    @Test(arguments: files)
    func `what Keras exports is recognised, and holds its weights bit for bit`(
        _ file: String
    ) throws {
        let network = network(file)
        let model = try Translation.model(from: try checkpoint("\(file).onnx"))
        #expect(model.architecture?.name == network)
        #expect(model.inputLayout == .nhwc)
        #expect(model.preprocess == model.architecture?.preprocessInKeras)
        let written = try Translation.checkpoint(of: model, in: .pytorch)
        let expected = try checkpoint("\(network).npz")
        #expect(expected.tensors.count == (network == "lenet5" ? 10 : 22 + 4 * 8))
        for tensor in expected.tensors {
            // Their scale and variance are one factor there.
            let isFactor = model.layers.contains {
                $0.kind == .batchNorm
                    && [$0.name(of: .scale), $0.name(of: .variance)].contains(tensor.name)
            }
            if isFactor { continue }
            let found = written.tensors.first { $0.name == tensor.name }?.tensor
            #expect(found?.isBitEqual(to: tensor.tensor) == true, "\(tensor.name)")
        }
    }

    @Test(arguments: files)
    func `what Keras exports gives its outputs, as it is, made canonical, and carried on`(
        _ file: String
    ) throws {
        let network = network(file)
        let read = try checkpoint("\(file).onnx")
        let x = try input(network)
        let picture = x.permuted([0, 3, 1, 2])
        let constants = Dictionary(
            uniqueKeysWithValues: read.tensors.map { ($0.name, $0.tensor) })
        try expectRecorded(
            try output(of: try #require(read.graph), constants, on: x), "keras/\(network)")
        let model = try Translation.model(from: read)
        try expectRecorded(
            try output(of: model.graph, model.weights, on: picture), "keras/\(network)")
        let folder = try TemporaryFolder()
        for name in ["pth", "keras", "onnx"] {
            let again = try folder.carry(model, through: FormatRegistry.format(named: name))
            expectEqualParameters(again, model, "\(network) through \(name)")
        }
    }
}

func output(
    of graph: Graph, _ constants: [String: Tensor], on x: Tensor
) throws -> Tensor {
    let values = try graph.evaluate([graph.inputs[0].name: x], constants: constants)
    return try #require(values[graph.outputs[0].name])
}

func expectRecorded(
    _ found: Tensor, _ network: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let expected = try RecordedArray.read(
        Fixtures.url("onnx/\(network)_output_0.npy"))
    #expect(found.shape == expected.shape, sourceLocation: sourceLocation)
    let references = expected.doubles()
    let largest = references.map(\.magnitude).max() ?? 0
    for (value, reference) in zip(found.doubles(), references) {
        // The pass line of outputs.
        let allowed = 1e-4 * reference.magnitude + 1e-5 * largest
        #expect(abs(value - reference) <= allowed, sourceLocation: sourceLocation)
    }
}
