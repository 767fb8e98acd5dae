import Architectures
import FormatInterface
import Formats
import IR
import KerasFormat
import Tensors
import TestSupport
import Testing

/// Files of the frameworks themselves, against the frameworks' answers.
struct KerasFixtures {
    /// float32 sums of a few dozen terms, in another order than PyTorch's.
    private static let tolerance = 2e-6

    @Test(arguments: [
        ("sequential/sequential.keras", "sequential"), ("sequential/sequential.h5", "sequential"),
        ("functional/functional.keras", "functional"), ("functional/functional.h5", "functional"),
        ("nested/nested.keras", "nested"), ("nested/nested.h5", "nested"),
        ("channels_first/channels_first.keras", "channels_first"),
        ("channels_first/channels_first.h5", "channels_first"), ("lrn/lrn.keras", "lrn"),
        ("transfer/transfer.keras", "transfer"), ("transfer/transfer.h5", "transfer"),
        ("functions/functions.keras", "functions"), ("functions/functions.h5", "functions"),
        ("thresholds/thresholds.keras", "thresholds"),
        ("old/keras1_tf.h5", "sequential"), ("old/keras2_split.h5", "sequential"),
        ("old/keras2_lrn.h5", "lrn"),
        ("shared/keras3/shared.keras", "shared/keras3"),
        ("shared/keras3/shared.h5", "shared/keras3"),
        ("shared/tf_keras/shared.keras", "shared/tf_keras"),
        ("shared/tf_keras/shared.h5", "shared/tf_keras"),
        ("trained/keras3/trained.keras", "trained/keras3"),
        ("trained/keras3/trained.h5", "trained/keras3"),
        ("trained/tf_keras/trained.keras", "trained/tf_keras"),
        ("trained/tf_keras/trained.h5", "trained/tf_keras"),
    ])
    func `A whole model answers as its framework did`(_ path: String, _ folder: String) throws {
        let file = try fixture(path)
        let format = try FormatRegistry.format(of: file)
        #expect(format.name == (path.hasSuffix(".keras") ? "keras" : "keras-h5"))
        let input = try RecordedArray.read(Fixtures.url("keras/\(folder)/input_0.npy"))
        let output = try RecordedArray.read(Fixtures.url("keras/\(folder)/output_0.npy"))
        let found = try answer(try format.read(file), to: input)
        #expect(distance(found, output) < Self.tolerance)
    }

    @Test(arguments: [
        "sequential", "functional", "nested", "channels_first", "lrn", "transfer", "functions",
    ])
    func `A model written and read again keeps every bit and answer`(_ name: String) throws {
        let checkpoint = try KerasArchiveFormat.read(fixture("\(name)/\(name).keras"))
        let input = try RecordedArray.read(Fixtures.url("keras/\(name)/input_0.npy"))
        let model = try Translation.model(from: checkpoint)
        let written = try Translation.checkpoint(of: model, in: .keras)
        let formats: [any ModelFormat.Type] =
            name == "lrn"
            ? [KerasArchiveFormat.self] : [KerasArchiveFormat.self, KerasH5Format.self]
        for format in formats {
            let again = try format.read(try Scratch().write(written, as: format))
            #expect(again.tensors.map(\.name) == written.tensors.map(\.name))
            for (mine, theirs) in zip(again.tensors, written.tensors) {
                #expect(mine.tensor.isBitEqual(to: theirs.tensor), "\(mine.name)")
            }
            let turned = name == "channels_first" ? input.permuted([0, 2, 3, 1]) : input
            let change = distance(
                try answer(again, to: turned), try answer(checkpoint, to: input))
            // A hard sigmoid is written as a scaling and bounds: one more rounding each.
            #expect(change <= (name == "functions" ? Self.tolerance : 0))
        }
    }

    @Test(arguments: ["keras3", "tf_keras"], [".keras", ".h5", ".weights.h5"])
    func `What an optimizer keeps is left out`(_ framework: String, _ ending: String) throws {
        let file = try fixture("trained/\(framework)/trained\(ending)")
        let bytes = String(decoding: file.allBytes, as: UTF8.self)
        #expect(bytes.contains("optimizer"))
        let tensors = try FormatRegistry.format(of: file).read(file).tensors
        #expect(tensors.count == 8, "\(tensors.map(\.name))")
        let leaves = Set(tensors.map { $0.name.split(separator: "/").last?.prefix { $0 != ":" } })
        #expect(
            leaves == ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"])
    }

    @Test
    func `Equal models give equal bytes`() throws {
        let checkpoint = try KerasArchiveFormat.read(fixture("lrn/lrn.keras"))
        let written = try Translation.checkpoint(
            of: try Translation.model(from: checkpoint), in: .keras)
        let first = try Scratch().write(written, as: KerasArchiveFormat.self).allBytes
        #expect(try Scratch().write(written, as: KerasArchiveFormat.self).allBytes == first)
    }

    @Test
    func `Response normalisation in layers is one operator`() throws {
        for path in ["lrn/lrn.keras", "old/keras2_lrn.h5"] {
            let file = try fixture(path)
            let graph = try #require(try FormatRegistry.format(of: file).read(file).graph)
            let norm = try #require(graph.nodes.compactMap { $0.op as? LRN }.first)
            #expect(norm.size == 5 && norm.alpha == 0.02 && norm.beta == 0.75 && norm.bias == 2)
            #expect(!graph.nodes.contains { $0.op is Pow })
        }
    }

    @Test
    func `A file for both generations refuses response normalisation by name`() throws {
        let checkpoint = try KerasArchiveFormat.read(fixture("lrn/lrn.keras"))
        let written = try Translation.checkpoint(
            of: try Translation.model(from: checkpoint), in: .keras)
        let message = refusal { _ = try Scratch().write(written, as: KerasH5Format.self) }
        #expect(message?.contains("LRN") == true && message?.contains("--to keras") == true)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func `A number that JSON cannot hold is refused by its layer's name`(_ number: Float) throws {
        var checkpoint = try KerasArchiveFormat.read(fixture("functional/functional.keras"))
        for index in checkpoint.graph?.nodes.indices ?? 0..<0 {
            guard checkpoint.graph?.nodes[index].op is LeakyRelu else { continue }
            checkpoint.graph?.nodes[index].op = LeakyRelu(alpha: number)
        }
        let written = try Translation.checkpoint(
            of: try Translation.model(from: checkpoint), in: .keras)
        let message = refusal { _ = try Scratch().write(written, as: KerasArchiveFormat.self) }
        let words = "LeakyRelu of infinite numbers or NaN"
        #expect(message?.contains(words) == true, "\(message ?? "written")")
    }

    @Test
    func `Kernels in Theano's order need their maker's name`() throws {
        let file = try fixture("old/keras1_th_theano.h5")
        var checkpoint = try KerasH5Format.read(file)
        #expect(throws: TranslationError.unknownKernels) {
            try Translation.model(from: checkpoint)
        }
        let input = try RecordedArray.read(Fixtures.url("keras/sequential/input_0.npy"))
        let output = try RecordedArray.read(Fixtures.url("keras/sequential/output_0.npy"))
        for (name, maker) in [("theano", "theano"), ("tensorflow", "tensorflow")] {
            checkpoint = try KerasH5Format.read(fixture("old/keras1_th_\(name).h5"))
            checkpoint.metadata[MetadataKey.kernels] = maker
            let found = try answer(checkpoint, to: input.permuted([0, 3, 1, 2]))
            #expect(distance(found, output) < Self.tolerance)
        }
    }

    @Test
    func `Weights of Keras 0 are those of Keras 2`() throws {
        let (old, new) = (
            try fixture("old/keras0_lenet5.h5"), try fixture("old/keras2_lenet5.weights.h5")
        )
        var checkpoint = try FormatRegistry.format(of: old).read(old)
        checkpoint.metadata[MetadataKey.kernels] = "theano"
        let mine = try Translation.model(from: checkpoint, architecture: "lenet5")
        let theirs = try Translation.model(
            from: try FormatRegistry.format(of: new).read(new), architecture: "lenet5")
        for (name, tensor) in theirs.weights {
            #expect(mine.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
        }
    }

    @Test(arguments: ["sequential", "nested", "lrn"])
    func `A file of numbered weights has the whole model's`(_ name: String) throws {
        let file = try fixture("\(name)/\(name).weights.h5")
        #expect(try FormatRegistry.format(of: file).name == "keras3-weights-h5")
        let weights = try Keras3WeightsFormat.read(file).tensors
        let model = try KerasArchiveFormat.read(fixture("\(name)/\(name).keras")).tensors
        for tensor in model {
            let same = weights.first { $0.name == tensor.name }
            #expect(same?.tensor.isBitEqual(to: tensor.tensor) == true, "\(tensor.name)")
        }
    }

    @Test
    func `A known network comes back from Keras 3's numbered weights`() throws {
        let model = try Architecture.seeded(
            "vgg11_bn", seed: 1,
            sizes: NetworkSizes(
                inputChannels: 3, convs: [4, 5, 6, 7, 8, 9, 10, 11], dense: [6, 5, 4]))
        let written = try Translation.checkpoint(of: model, in: .keras)
        let again = try Keras3WeightsFormat.read(
            try Scratch().write(written, as: Keras3WeightsFormat.self))
        let back = try Translation.model(from: again, architecture: "vgg11_bn")
        for (name, tensor) in model.weights {
            #expect(back.weights[name]?.isBitEqual(to: tensor) == true, "\(name)")
        }
    }
}
