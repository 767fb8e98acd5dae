import Architectures
import FormatInterface
import HDF5Format
import IR
import KerasFormat
import Tensors
import TestSupport
import Testing

/// Keras finds weights by the places of layers in its own list of them, where what is far from the
/// outputs comes first.
struct KerasLayerOrder {
    private static let formats: [any ModelFormat.Type] = [
        KerasArchiveFormat.self, KerasH5Format.self,
    ]

    @Test(arguments: formats.indices)
    func `layers stand in Keras' order`(_ index: Int) throws {
        let network = BranchNetwork(channels: 3).checkpoint
        let written = try Translation.checkpoint(
            of: try Translation.model(from: network), in: .keras)
        let again = try Self.formats[index].read(
            Scratch().write(written, as: Self.formats[index]))
        #expect(again.tensors.map(\.layer) == ["stem", "long1", "short", "long2"])
        let input = SeededValues.input(shape: [2, 3, 4, 5], seed: 3)
        let expected = try answer(network, to: input)
        let found = try answer(again, to: input.permuted([0, 2, 3, 1]))
        #expect(distance(found, expected) < 1e-5)
    }
}

/// What Keras counts when it loads weights into layers.
struct KerasWeightCounts {
    /// A normalisation that its model has with `scale=False`, in a network of its own.
    private static func model() throws -> Model {
        let config = """
            {"class_name":"Sequential","config":{"name":"s","layers":[\
            {"class_name":"InputLayer","config":{"batch_input_shape":[null,2,2,3],"name":"x"}},\
            {"class_name":"BatchNormalization","config":{"name":"bn","axis":[3],"scale":false,\
            "center":true,"epsilon":0.001}}]}}
            """
        let weights = ["beta", "moving_mean", "moving_variance"].enumerated().map { index, leaf in
            ("bn/\(leaf):0", Tensor([1.5, 2.25, 3.125].map { $0 + Float(index) }))
        }
        let file = try Scratch().h5(config, [("bn", weights)])
        return try Translation.model(from: try KerasH5Format.read(file))
    }

    @Test func `a scale that a layer goes without is in whole models alone`() throws {
        let model = try Self.model()
        #expect(model.implied.count == 1)
        let whole = try Translation.checkpoint(of: model, in: .keras)
        #expect(whole.tensors.count == 4)
        let alone = try Translation.checkpoint(of: model, in: .keras, withGraph: false)
        #expect(
            alone.tensors.map { $0.name.split(separator: "/").last }
                == ["beta:0", "moving_mean:0", "moving_variance:0"])
        let read = try KerasWeightsHDF5Format.read(
            try Scratch().write(alone, as: KerasWeightsHDF5Format.self))
        #expect(read.tensors.map(\.name) == alone.tensors.map(\.name))
        #expect {
            try Scratch().write(alone, as: Keras3WeightsFormat.self)
        } throws: {
            "\($0)".contains("layer bn: expected a normalisation with scale")
        }
    }
}

/// Operators that Keras has no layer for, and does without.
struct KerasLayersLeftOut {
    @Test(arguments: [true, false])
    func `a join of one part and the squeezing of one pixel`(_ isArchive: Bool) throws {
        let graph = Graph(
            name: "pooled",
            inputs: [
                ValueDeclaration(
                    name: "x", elementType: .float32,
                    shape: [.symbolic("N"), .fixed(3), .fixed(4), .fixed(5)])
            ], outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)],
            nodes: [
                Node(
                    name: "conv", op: Conv(window: SpatialWindow()), inputs: ["x", "w"],
                    outputs: ["c"]),
                Node(name: "join", op: Concat(axis: 1), inputs: ["c"], outputs: ["j"]),
                Node(name: "mean", op: GlobalAveragePool(), inputs: ["j"], outputs: ["m"]),
                Node(name: "flat", op: Squeeze(), inputs: ["m", "axes"], outputs: ["y"]),
            ])
        let network = Checkpoint(
            convention: .onnx,
            tensors: [
                NamedTensor(
                    name: "w",
                    tensor: Tensor((0..<12).map { Float($0 * 37 % 101) / 64 }, shape: [4, 3, 1, 1])
                ), NamedTensor(name: "axes", tensor: Tensor([Int64(2), 3])),
            ], graph: graph)
        let format: any ModelFormat.Type =
            isArchive ? KerasArchiveFormat.self : KerasH5Format.self
        let written = try Translation.checkpoint(
            of: try Translation.model(from: network), in: .keras)
        let file = try Scratch().write(written, as: format)
        let text = String(decoding: file.allBytes, as: UTF8.self)
        #expect(!text.contains("Concatenate"))
        let input = SeededValues.input(shape: [2, 3, 4, 5], seed: 3)
        let found = try answer(try format.read(file), to: input.permuted([0, 2, 3, 1]))
        #expect(distance(found, try answer(network, to: input)) < 1e-6)
    }
}
