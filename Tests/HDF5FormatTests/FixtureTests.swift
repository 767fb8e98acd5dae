import FormatInterface
import HDF5Format
import IR
import Tensors
import Testing

/// Files that h5py and Keras wrote.
@Suite struct Fixtures {
    @Test func `flat and nested state dicts hold the same parameters`() throws {
        let name = "vgg11_narrow/vgg11_narrow"
        let flat = try StateDictHDF5Format.read(fixture("\(name).state.h5"))
        let nested = try StateDictHDF5Format.read(fixture("\(name).nested.h5"))
        #expect(!flat.tensors.isEmpty)
        let byName = Dictionary(uniqueKeysWithValues: nested.tensors.map { ($0.name, $0.tensor) })
        #expect(byName.count == flat.tensors.count)
        for tensor in flat.tensors {
            #expect(byName[tensor.name]?.isBitEqual(to: tensor.tensor) == true, "\(tensor.name)")
        }
    }

    @Test func `batch counters keep their type`() throws {
        let read = try StateDictHDF5Format.read(
            fixture("vgg16_bn_narrow/vgg16_bn_narrow.state.h5"))
        let counters = read.tensors.filter { $0.name.hasSuffix("num_batches_tracked") }
        #expect(counters.count == 13)
        #expect(counters.allSatisfy { $0.tensor.elementType == .int64 && $0.tensor.shape == [] })
    }

    @Test func `layers come in the order of Keras' lists`() throws {
        let file = try fixture("lenet5/lenet5.keras.h5")
        #expect(KerasWeightsHDF5Format.recognizes(file))
        #expect(!StateDictHDF5Format.recognizes(file))
        let read = try KerasWeightsHDF5Format.read(file)
        let layers = ["conv1", "conv2", "fc1", "fc2", "fc3"]
        #expect(read.tensors.map(\.layer) == layers.flatMap { [$0, $0] })
        #expect(read.tensors[0].tensor.shape == [5, 5, 1, 6])
        #expect(read.metadata["keras_version"] == "3.15.1")
    }

    @Test(arguments: [
        "alexnet_narrow", "lenet5", "lenet5_tanh", "vgg11_narrow", "vgg16_bn_narrow",
        "vgg16_narrow",
    ])
    func `a Keras file written again holds the same`(_ model: String) throws {
        let scratch = try Scratch()
        let before = try KerasWeightsHDF5Format.read(fixture("\(model)/\(model).keras.h5"))
        let after = try scratch.roundTrip(before, as: KerasWeightsHDF5Format.self)
        #expect(after.metadata == before.metadata)
        #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
        for (before, after) in zip(before.tensors, after.tensors) {
            #expect(after.tensor.isBitEqual(to: before.tensor))
        }
    }
}
