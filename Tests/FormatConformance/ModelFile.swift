import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// A recorded model file under Fixtures/models.
struct ModelFile: Sendable, CustomTestStringConvertible {
    /// The network's folder, such as `lenet5`.
    let network: String
    let name: String

    var testDescription: String { name }
    var path: String { Fixtures.url("models/\(network)/\(name)").path }

    /// LeNet's two forms have the same tensors; a bag of weights does not tell which it is.
    var architecture: String? {
        network.hasPrefix("lenet5") && !name.hasSuffix(".onnx") ? network : nil
    }

    /// Whether the exporter multiplied every normalisation into its convolution.
    var isFolded: Bool {
        name.hasSuffix(".folded.onnx") || network.contains("_bn_") && name.hasSuffix(".dynamo.onnx")
    }

    /// Every recorded model file.
    static let all: [ModelFile] = {
        let root = Fixtures.url("models")
        let manager = FileManager.default
        return ((try? manager.contentsOfDirectory(atPath: root.path)) ?? []).sorted().flatMap {
            network in
            let folder = root.appendingPathComponent(network).path
            let names = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
            let endings = [".onnx", ".h5", ".pth", ".safetensors", ".npz"]
            return names.filter { name in endings.contains { name.hasSuffix($0) } }.sorted()
                .map { ModelFile(network: network, name: $0) }
        }
    }()

    static let networks: [String] = Array(Set(all.map(\.network))).sorted()

    func open() throws -> (any ModelFormat.Type, Checkpoint) {
        let file = try InputFile(path: path)
        let format = try FormatRegistry.format(of: file)
        return (format, try format.read(file))
    }

    func model() throws -> Model {
        try Translation.model(from: try open().1, architecture: architecture)
    }
}

extension TemporaryFolder {
    /// Writes a checkpoint and returns the file's bytes.
    func written(
        _ checkpoint: Checkpoint, as format: any ModelFormat.Type, name: String = "model"
    ) throws -> [UInt8] {
        try OutputFile.write(to: path(name), replacing: true) { file in
            try format.write(checkpoint, to: file)
        }
        return try InputFile(path: path(name)).allBytes
    }

    /// Writes a checkpoint in a file of its own and reads it back.
    func roundTrip(
        _ checkpoint: Checkpoint, as format: any ModelFormat.Type, name: String = "model"
    ) throws -> Checkpoint {
        _ = try written(checkpoint, as: format, name: name)
        return try format.read(InputFile(path: path(name)))
    }

    /// Carries a model through a file of `format`.
    func carry(_ model: Model, through format: any ModelFormat.Type) throws -> Model {
        let checkpoint = try Translation.checkpoint(of: model, in: format.convention)
        return try Translation.model(from: roundTrip(checkpoint, as: format, name: format.name))
    }
}

/// A graph in words: everything two equal graphs share.
func words(_ graph: Graph?) -> [String] {
    guard let graph else { return [] }
    let declarations = (graph.inputs + graph.outputs).map {
        "\($0.name) \($0.elementType) \(ValueDeclaration.describe($0.shape))"
    }
    let nodes = graph.nodes.map { node in
        var writer = AttributeWriter()
        node.op.encode(to: &writer)
        return "\(node.name) \(node.op.type) \(node.inputs) \(node.outputs) \(writer.attributes)"
    }
    return [graph.name] + declarations + nodes
}

/// Checks that both models have the same layers with bit-equal parameters, whatever their names.
func expectEqualParameters(
    _ left: Model, _ right: Model, _ context: String,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(left.layers.count == right.layers.count, "\(context)", sourceLocation: sourceLocation)
    for (layer, other) in zip(left.layers, right.layers) {
        #expect(
            layer.parameters.map(\.role) == other.parameters.map(\.role),
            "\(context): \(layer.node)", sourceLocation: sourceLocation)
        for (mine, theirs) in zip(layer.parameters, other.parameters) {
            guard let a = left.weights[mine.name], let b = right.weights[theirs.name] else {
                Issue.record("\(context): \(mine.name)", sourceLocation: sourceLocation)
                continue
            }
            #expect(
                a.isBitEqual(to: b), "\(context): \(mine.name)", sourceLocation: sourceLocation)
        }
    }
}

/// Checks that two models are the same network with the same bits under the same names.
func expectEqual(
    _ left: Model, _ right: Model, _ context: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        left.architecture?.name == right.architecture?.name, "\(context)",
        sourceLocation: sourceLocation)
    #expect(words(left.graph) == words(right.graph), "\(context)", sourceLocation: sourceLocation)
    #expect(
        left.weights.keys.sorted() == right.weights.keys.sorted(), "\(context)",
        sourceLocation: sourceLocation)
    expectEqualParameters(left, right, context, sourceLocation: sourceLocation)
}
