import CHDF5
import FormatInterface
import HDF5Format
import IR
import Tensors
import TestSupport
import Testing

@Suite struct Refusals {
    @Test(arguments: Foreign.allCases)
    func `what leads outside the file or is no tensor is refused`(_ foreign: Foreign) throws {
        let scratch = try Scratch()
        let file = try scratch.make { foreign.fill($0) }
        let message = try #require(refusal { _ = try StateDictHDF5Format.read(file) })
        #expect(message.contains(foreign.words), "\(message)")
        #expect(message.hasPrefix("\(file.path): hdf5: "))
        #expect(!message.contains("crash"))
    }

    @Test func `a truth value that is neither 0 nor 1 is refused`() throws {
        let scratch = try Scratch()
        let checkpoint = Checkpoint(
            convention: .pytorch,
            tensors: [NamedTensor(name: "mask", tensor: seededTensor(.bool, [3]))])
        let path = try scratch.write(checkpoint, as: StateDictHDF5Format.self)
        let contents = try HDF5File.contents(of: InputFile(path: path))
        guard case .contiguous(let offset) = contents.datasets[0].storage else {
            Issue.record("not contiguous")
            return
        }
        var bytes = try InputFile(path: path).bytes(at: 0, count: .max)
        bytes[offset] = 2
        let file = try scratch.write(bytes, name: "b.h5")
        #expect(throws: InputError.self) { try StateDictHDF5Format.read(file) }
    }

    @Test func `a wrong checksum is refused`() throws {
        let scratch = try Scratch()
        let file = try makeChunked(scratch)
        var bytes = file.bytes(at: 0, count: file.count)
        bytes[bytes.count - 3] ^= 1
        let damaged = try scratch.write(bytes, name: "b.h5")
        let message = try #require(refusal { _ = try StateDictHDF5Format.read(damaged) })
        #expect(message.contains("Fletcher32"))
    }

    @Test func `a path and a dotted name that mean one parameter are refused`() throws {
        let scratch = try Scratch()
        let file = try scratch.make { file in
            makeDataset("a.b", in: file)
            makeDataset("b", in: unsafe H5Gcreate2(file, "a", 0, 0, 0))
        }
        let message = try #require(refusal { _ = try StateDictHDF5Format.read(file) })
        #expect(message.contains("two datasets for a.b"))
    }

    @Test(arguments: ["", ".", "a/b", "a\0b", "a/./b"])
    func `a name that HDF5 would change is refused`(_ name: String) throws {
        let scratch = try Scratch()
        let checkpoint = Checkpoint(
            convention: .pytorch, tensors: [NamedTensor(name: name, tensor: Tensor([Float(1)]))])
        #expect(throws: OutputError.self) {
            try scratch.write(checkpoint, as: StateDictHDF5Format.self)
        }
    }

    @Test func `bfloat16 is refused by name`() throws {
        let scratch = try Scratch()
        let checkpoint = Checkpoint(
            convention: .pytorch,
            tensors: [NamedTensor(name: "w", tensor: seededTensor(.bfloat16, [2]))])
        let message = refusal { _ = try scratch.write(checkpoint, as: StateDictHDF5Format.self) }
        #expect(
            message?.hasSuffix("expected an element type that HDF5 has, found bfloat16") == true)
    }

    @Test(arguments: [["a", "a"], ["a", "a/b"]])
    func `two tensors in one place are refused`(_ names: [String]) throws {
        let scratch = try Scratch()
        let tensors = names.map {
            NamedTensor(name: $0, layer: "layer", tensor: Tensor([Float(1)]))
        }
        let checkpoint = Checkpoint(convention: .keras, tensors: tensors)
        #expect(throws: OutputError.self) {
            try scratch.write(checkpoint, as: KerasWeightsHDF5Format.self)
        }
    }
}
