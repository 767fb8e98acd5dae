import FormatInterface
import IR
import PyTorchFormat
import Tensors
import TestSupport
import Testing

@Suite struct LegacyStreams {
    @Test func `a stream made by hand loads`() throws {
        #expect(try MadeStream().values() == [1, 2, 3, 4, 5, 6])
    }

    @Test func `a big-endian writer's numbers are turned`() throws {
        var made = MadeStream()
        made.system = [0x80, 2, 0x7D] + Pickle.text("little_endian") + [0x89, 0x73, 0x2E]
        made.numbers = stride(from: 0, to: 24, by: 4).flatMap {
            made.numbers[$0..<$0 + 4].reversed()
        }
        #expect(try made.values() == [1, 2, 3, 4, 5, 6])
    }

    @Test func `views of PyTorch 0.3 and before are parts of their storage`() throws {
        var made = MadeStream()
        let view = Pickle.tuple([Pickle.text("v"), Pickle.number(2), Pickle.number(4)])
        let storage = Pickle.storage(view: view)
        made.pickle = Pickle.stateDict(Pickle.tensor(storage, offset: 1, shape: [3], strides: [1]))
        #expect(try made.values() == [4, 5, 6])
    }

    @Test func `bytes behind the last storage are nobody's`() throws {
        var made = MadeStream()
        made.numbers += [0]
        #expect(try made.values() == [1, 2, 3, 4, 5, 6])
    }

    static let defects: [(String, String, @Sendable (inout MadeStream) -> Void)] = [
        ("another magic number", "a pickle of PyTorch's magic number", { $0.magic[6] = 0 }),
        (
            "protocol 1002", "protocol 1001",
            { $0.version = [0x80, 2] + Pickle.number(1002) + [0x2E] }
        ),
        ("a system that is no dictionary", "little_endian", { $0.system = [0x80, 2, 0x4E, 0x2E] }),
        ("a system of no byte order", "little_endian", { $0.system = [0x80, 2, 0x7D, 0x2E] }),
        ("keys that are no list", "a list of storages' keys", { $0.keys = [0x80, 2, 0x7D, 0x2E] }),
        (
            "a key that no tensor names", "each once",
            { $0.keys = [0x80, 2, 0x5D] + Pickle.text("9") + [0x61, 0x2E] }
        ),
        (
            "a key twice", "each once",
            { made in
                let key = Pickle.text("0") + [0x61]
                made.keys = [0x80, 2, 0x5D] + key + key + [0x2E]
                made.numbers += made.count + made.numbers
            }
        ),
        ("a storage without a key", "its storage '0'", { $0.keys = [0x80, 2, 0x5D, 0x2E] }),
        ("another count than the tensor's", "the count of a storage, 6", { $0.count[0] = 7 }),
        ("a negative count", "the count of a storage, 6", { $0.count[7] = 0x80 }),
        ("a storage one byte short", "6 elements of 4 bytes", { $0.numbers.removeLast() }),
    ]

    @Test(arguments: defects.indices)
    func `a stream with a defect is refused`(_ index: Int) throws {
        let (name, words, make) = Self.defects[index]
        var made = MadeStream()
        make(&made)
        let message = try made.refusal()
        #expect(message?.contains(words) == true, "\(name): \(message ?? "none")")
    }
}

@Suite struct Damage {
    static let files = ["plain.pth", "plain.legacy.pth", "training.pth", "views.legacy.pth"]

    @Test(arguments: files)
    func `a file cut anywhere is refused`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path(name)).allBytes
        for cut in 0..<bytes.count {
            let file = try folder.file(Array(bytes.prefix(cut)))
            #expect(throws: InputError.self, "cut at \(cut) of \(bytes.count)") {
                try PyTorchFormat.read(file)
            }
        }
    }

    @Test func `a flipped bit in a storage shows when checksums are compared`() throws {
        let folder = try TemporaryFolder()
        var bytes = try InputFile(path: RecordedCheckpoint.path("plain.pth")).allBytes
        try bytes.replace([0xB0, 0x31, 0x77, 0x3D], with: [0xB0, 0x31, 0x77, 0x3C])
        let file = try folder.file(bytes)
        let found = try PyTorchFormat.readUnchecked(file)
        #expect(found.checkpoint.tensors.count == 8)
        let message = refusal { try found.check() }
        #expect(message?.contains("'plain/data/0': expected contents with the CRC-32") == true)
        #expect(refusal { _ = try PyTorchFormat.read(file) } == message)
    }

    @Test(arguments: files)
    func `two thousand seeded bit flips are read or refused`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path(name)).allBytes
        for seed in 0..<2_000 as Range<UInt64> {
            let file = try folder.file(Mutation.flippingOneBit(of: bytes, seed: seed))
            do {
                for tensor in try PyTorchFormat.read(file).tensors { _ = tensor.tensor.doubles() }
            } catch is InputError {
            }
        }
    }
}
