import FormatInterface
import Foundation
import HDF5Format
import IR
import Tensors
import Testing

@Suite struct RoundTrips {
    static let kept = ElementType.allCases.filter {
        $0 != .bfloat16 && $0.smallFloat == nil && !$0.isPacked
    }
    static let shapes = [[], [0], [3, 0, 2], [5], [2, 3, 4, 5], [Int](repeating: 1, count: 32)]

    @Test(arguments: kept, shapes)
    func `every element type and shape comes back bit for bit`(
        _ elementType: ElementType, _ shape: [Int]
    ) throws {
        let scratch = try Scratch()
        let tensor = seededTensor(elementType, shape)
        let pytorch = Checkpoint(
            convention: .pytorch, tensors: [NamedTensor(name: "w", tensor: tensor)])
        let keras = Checkpoint(
            convention: .keras,
            tensors: [NamedTensor(name: "l/w:0", layer: "l", tensor: tensor)])
        for (checkpoint, format) in [
            (pytorch, StateDictHDF5Format.self as any ModelFormat.Type),
            (keras, KerasWeightsHDF5Format.self),
        ] {
            let read = try scratch.roundTrip(checkpoint, as: format)
            #expect(read.tensors.count == 1)
            #expect(read.tensors[0].tensor.isBitEqual(to: tensor))
        }
    }

    @Test func `a state dict keeps names and metadata`() throws {
        let scratch = try Scratch()
        let checkpoint = smallStateDict()
        let read = try scratch.roundTrip(checkpoint, as: StateDictHDF5Format.self)
        #expect(read.metadata == checkpoint.metadata)
        #expect(read.convention == .pytorch)
        #expect(
            read.tensors.map(\.name) == [
                "bn.num_batches_tracked", "conv.weight", "fc.bias", "fc.weight",
            ]
        )
    }

    @Test func `a Keras file keeps layers, names, order and metadata`() throws {
        let scratch = try Scratch()
        let checkpoint = smallKeras()
        let read = try scratch.roundTrip(checkpoint, as: KerasWeightsHDF5Format.self)
        #expect(read.metadata == checkpoint.metadata)
        #expect(read.producer == "keras 2.15.0")
        #expect(read.tensors.map(\.name) == checkpoint.tensors.map(\.name))
        #expect(read.tensors.map(\.layer) == checkpoint.tensors.map(\.layer))
        for (before, after) in zip(checkpoint.tensors, read.tensors) {
            #expect(after.tensor.isBitEqual(to: before.tensor))
        }
    }

    @Test func `an empty checkpoint comes back empty`() throws {
        let scratch = try Scratch()
        let pytorch = Checkpoint(convention: .pytorch, tensors: [])
        #expect(try scratch.roundTrip(pytorch, as: StateDictHDF5Format.self).tensors.isEmpty)
        let keras = Checkpoint(convention: .keras, tensors: [])
        #expect(try scratch.roundTrip(keras, as: KerasWeightsHDF5Format.self).tensors.isEmpty)
    }

    @Test func `lists too long for one attribute are split`() throws {
        let scratch = try Scratch()
        let tensors = (0..<1500).map { index in
            let layer = "layer_\(index)_" + String(repeating: "ü", count: 40)
            return NamedTensor(name: "\(layer)/b:0", layer: layer, tensor: Tensor([Float(index)]))
        }
        let checkpoint = Checkpoint(convention: .keras, tensors: tensors)
        let path = try scratch.write(checkpoint, as: KerasWeightsHDF5Format.self)
        let file = try InputFile(path: path)
        let contents = try HDF5File.contents(of: file)
        #expect(contents.attribute("layer_names") == nil)
        #expect(contents.attribute("layer_names2") != nil)
        let read = try KerasWeightsHDF5Format.read(file)
        #expect(read.tensors.map(\.name) == tensors.map(\.name))
    }

    @Test func `elements are used from the mapping`() throws {
        let scratch = try Scratch()
        let file = try InputFile(
            path: scratch.write(smallStateDict(), as: StateDictHDF5Format.self))
        for tensor in try StateDictHDF5Format.read(file).tensors {
            #expect(tensor.tensor.storage === file.storage)
        }
    }

    @Test func `the same checkpoint gives the same bytes at any time`() throws {
        let scratch = try Scratch()
        let write = { (scratch: borrowing Scratch) in
            try [
                scratch.write(smallStateDict(), as: StateDictHDF5Format.self, name: "s.h5"),
                scratch.write(smallKeras(), as: KerasWeightsHDF5Format.self, name: "k.h5"),
            ].map { try Data(contentsOf: URL(filePath: $0)) }
        }
        let first = try write(scratch)
        // HDF5 keeps times in whole seconds.
        Thread.sleep(forTimeInterval: 1.1)
        #expect(try write(scratch) == first)
    }
}
