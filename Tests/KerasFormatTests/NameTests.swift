import Architectures
import FormatInterface
import IR
import KerasFormat
import Tensors
import TestSupport
import Testing

/// Names that Keras does not allow.
struct KerasLayerNames {
    /// A dense layer behind a picture whose rows and columns were exchanged: its columns are those
    /// of channels last, so that the picture is turned once more by a layer of its own.
    private static func network(input: String = "x") -> Checkpoint {
        let weight = Tensor((0..<144).map { Float($0 * 37 % 101) / 64 - 0.75 }, shape: [3, 48])
        let graph = Graph(
            name: "a/b",
            inputs: [
                ValueDeclaration(
                    name: input, elementType: .float32,
                    shape: [.symbolic("N"), .fixed(2), .fixed(4), .fixed(6)])
            ], outputs: [ValueDeclaration(name: "dense/y", elementType: .float32, shape: nil)],
            nodes: [
                Node(
                    name: "turn/Transpose", op: Transpose(permutation: [0, 1, 3, 2]),
                    inputs: [input], outputs: ["turn/y"]),
                Node(
                    name: "flat/Flatten", op: Flatten(axis: 1), inputs: ["turn/y"],
                    outputs: ["flat/y"]),
                Node(
                    name: "dense/Gemm", op: Gemm(transposesB: true),
                    inputs: ["flat/y", "dense/w", "dense/b"], outputs: ["dense/y"]),
            ])
        return Checkpoint(
            convention: .onnx,
            tensors: [
                NamedTensor(name: "dense/w", tensor: weight),
                NamedTensor(name: "dense/b", tensor: Tensor([Float(0.5), -1, 2])),
            ], graph: graph)
    }

    private static let formats: [any ModelFormat.Type] = [
        KerasArchiveFormat.self, KerasH5Format.self,
    ]

    @Test(arguments: formats.indices)
    func `layers are named without slashes, and mean the same`(_ index: Int) throws {
        let network = Self.network()
        let written = try Translation.checkpoint(
            of: try Translation.model(from: network), in: .keras)
        let names = try #require(written.graph).nodes.map(\.name)
        #expect(names.contains { $0.contains("/") }, "\(names)")
        let scratch = try Scratch()
        let file = try scratch.write(written, as: Self.formats[index])
        let again = try Self.formats[index].read(file)
        let layers = Set(again.tensors.compactMap(\.layer))
        #expect(layers.allSatisfy { !$0.contains("/") })
        let text = String(decoding: file.allBytes, as: UTF8.self)
        let named = text.matches(of: /"name": ?"([^"]*)"/).map { String($0.1) }
        #expect(!named.isEmpty && named.allSatisfy { !$0.contains("/") }, "\(named)")
        let input = SeededValues.input(shape: [2, 2, 4, 6], seed: 3)
        let expected = try answer(network, to: input)
        #expect(distance(try answer(again, to: input.permuted([0, 2, 3, 1])), expected) < 1e-6)
    }

    @Test(arguments: formats.indices)
    func `the names that Keras does not allow come back`(_ index: Int) throws {
        let network = Self.network(input: "in/x")
        let format = Self.formats[index]
        let written = try Translation.checkpoint(
            of: try Translation.model(from: network), in: .keras)
        let read = try format.read(Scratch().write(written, as: format))
        let again = try Translation.model(from: read)
        let back = try Translation.checkpoint(of: again, in: .onnx)
        #expect(Set(back.tensors.map(\.name)) == ["dense/w", "dense/b"])
        #expect(back.graph?.inputs.map(\.name) == ["in/x"])
        #expect(back.graph?.outputs.map(\.name) == ["dense/y"])
        #expect(back.graph?.nodes.map(\.name).contains("dense/Gemm") == true)
        #expect(back.metadata["ferry.names"] == nil)
        // Keras' own names are for Keras' files alone.
        #expect(again.layers.allSatisfy { !$0.node.contains("/") })
        let once = try Translation.checkpoint(of: again, in: .keras)
        #expect(once.metadata["ferry.names"] == written.metadata["ferry.names"])
    }

    @Test func `names for parts that are not there, or that are taken, are left alone`() throws {
        var file = try Translation.checkpoint(
            of: try Translation.model(from: Self.network()), in: .keras)
        for names in ["node\tnone\tother\nweight\tGemm", "input\tx\tdense/y", "\t\t\n\u{0}"] {
            file.metadata["ferry.names"] = names
            let model = try Translation.model(from: file)
            let back = try Translation.checkpoint(of: model, in: .onnx)
            #expect(back.graph?.inputs.map(\.name) == ["x"], "\(names)")
        }
    }

    @Test(arguments: formats.indices)
    func `a network whose weights came back keeps them bit for bit`(_ index: Int) throws {
        let model = try Translation.model(from: Self.network())
        let written = try Translation.checkpoint(of: model, in: .keras)
        let format = Self.formats[index]
        let again = try Translation.model(from: format.read(Scratch().write(written, as: format)))
        let pairs = zip(model.layers.flatMap(\.parameters), again.layers.flatMap(\.parameters))
        for (mine, theirs) in pairs {
            let (a, b) = try (
                #require(model.weights[mine.name]), #require(again.weights[theirs.name])
            )
            #expect(a.isBitEqual(to: b), "\(mine.name)")
        }
    }
}
