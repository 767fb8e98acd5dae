import Architectures
import FormatInterface
import Formats
import IR
import Tensors
import TestSupport
import Testing

/// Models carried through files of several formats.
@Suite struct CarriedModels {
    static let graphs = ModelFile.all.filter { $0.name.hasSuffix(".onnx") }
    static let keras = ModelFile.all.filter { $0.name.hasSuffix(".keras.h5") }
    static let nested = ModelFile.all.filter { $0.name.hasSuffix(".nested.h5") }

    @Test(arguments: graphs, ["hdf5", "pth", "safetensors", "npz"])
    func `ONNX comes back from a state dict`(_ file: ModelFile, _ format: String) throws {
        let folder = try TemporaryFolder()
        let onnx = try FormatRegistry.format(named: "onnx")
        let stateDict = try FormatRegistry.format(named: format)
        let start = try file.model()
        let carried = try folder.carry(folder.carry(start, through: stateDict), through: onnx)
        expectEqual(carried, start)
    }

    @Test(arguments: graphs)
    func `ONNX comes back from Keras`(_ file: ModelFile) throws {
        let folder = try TemporaryFolder()
        let onnx = try FormatRegistry.format(named: "onnx")
        let keras = try FormatRegistry.format(named: "keras-weights-h5")
        let start = try file.model()
        let carried = try folder.carry(folder.carry(start, through: keras), through: onnx)
        expectEqual(carried, start)
    }

    @Test(arguments: keras)
    func `Keras comes back from ONNX tensor by tensor`(_ file: ModelFile) throws {
        let folder = try TemporaryFolder()
        let onnx = try FormatRegistry.format(named: "onnx")
        let keras = try FormatRegistry.format(named: "keras-weights-h5")
        let (_, before) = try file.open()
        let start = try file.model()
        let back = try folder.carry(folder.carry(start, through: onnx), through: keras)
        expectEqual(back, start)
        let after = try Translation.checkpoint(of: back, in: .keras)
        #expect(after.tensors.map(\.layer) == before.tensors.map(\.layer))
        for (mine, theirs) in zip(after.tensors, before.tensors) {
            #expect(mine.tensor.isBitEqual(to: theirs.tensor), "\(theirs.name)")
        }
    }

    @Test(arguments: nested)
    func `a state dict in groups is the same model as one of dotted names`(
        _ file: ModelFile
    ) throws {
        let flat = ModelFile(network: file.network, name: "\(file.network).state.h5")
        try expectEqual(file.model(), flat.model())
    }

    @Test(arguments: ModelFile.networks)
    func `all exporters' files of a network hold the same parameters`(_ network: String) throws {
        let files = ModelFile.all.filter { $0.network == network && !$0.isFolded }
        #expect(files.count >= 3)
        let reference = try #require(files.first).model()
        #expect(!reference.layers.isEmpty)
        for file in files.dropFirst() {
            expectEqualParameters(try file.model(), reference, file.name)
        }
    }

    @Test func `folded exports hold biased convolutions in place of normalisations`() throws {
        let folded = ModelFile.all.filter(\.isFolded)
        #expect(folded.count == 2)
        for file in folded {
            let model = try file.model()
            #expect(model.layers.allSatisfy { $0.kind != .batchNorm })
            #expect(model.layers.filter { $0.kind == .conv }.count == 13)
        }
    }
}
