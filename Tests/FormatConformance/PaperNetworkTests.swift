import Architectures
import FormatInterface
import Formats
import IR
import Tensors
import TestSupport
import Testing

/// The networks of the papers, in every file that can hold them.
@Suite struct PaperNetworks {
    /// Narrow, but wide enough for LRN's five channels; towers divide by two.
    private func model(_ name: String) throws -> Model {
        let network = try ArchitectureRegistry.architecture(named: name)
        var sizes = network.publishedSizes
        if name != "lenet5_1998" {
            sizes.convs = sizes.convs.indices.map { 6 + 2 * ($0 % 3) }
            sizes.dense = [9, 8, 7]
        }
        return network.seeded(seed: 4, sizes: sizes)
    }

    private static let plain = ["onnx", "pth", "safetensors", "npz", "hdf5"]
    private static let weightsOfKeras = ["keras-weights-h5", "keras3-weights-h5"]

    @Test(arguments: ["alexnet_2012", "caffenet", "vgg11_lrn", "vgg16_c"])
    func `a network comes back from every format`(name: String) throws {
        let folder = try TemporaryFolder()
        let start = try model(name)
        for format in Self.plain + Self.weightsOfKeras + ["keras"] {
            let format = try FormatRegistry.format(named: format)
            expectEqual(try folder.carry(start, through: format), start, format.name)
        }
    }

    @Test func `LeNet-5 of 1998 comes back from all but Keras' files`() throws {
        let folder = try TemporaryFolder()
        let start = try model("lenet5_1998")
        for format in Self.plain {
            let format = try FormatRegistry.format(named: format)
            expectEqual(try folder.carry(start, through: format), start, format.name)
        }
        for format in Self.weightsOfKeras + ["keras", "keras-h5"] {
            let format = try FormatRegistry.format(named: format)
            #expect(throws: TranslationError.self) { try folder.carry(start, through: format) }
        }
    }

    @Test func `whole models of HDF5 hold configuration C, and no normalisation of responses`()
        throws
    {
        let folder = try TemporaryFolder()
        let format = try FormatRegistry.format(named: "keras-h5")
        let start = try model("vgg16_c")
        expectEqual(try folder.carry(start, through: format), start)
        #expect(throws: OutputError.self) {
            try folder.carry(try model("vgg11_lrn"), through: format)
        }
    }
}
