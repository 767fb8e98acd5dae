import IR
import PyTorchFormat
import Tensors
import TestSupport
import Testing

private typealias P = Pickle

@Suite struct HostileTensors {
    static let defects: [PickleDefect] = [
        PickleDefect("an offset outside", "inside a storage", P.tensor(offset: 1)),
        PickleDefect("a negative offset", "inside a storage", P.tensor(offset: -1)),
        PickleDefect("an offset of 2⁶³−1", "inside a storage", P.tensor(offset: .max)),
        PickleDefect("a shape outside", "inside a storage", P.tensor(shape: [3, 3])),
        PickleDefect("a stride outside", "inside a storage", P.tensor(strides: [4, 1])),
        PickleDefect(
            "a negative stride", "inside a storage", P.tensor(offset: 3, strides: [-3, 1])),
        PickleDefect("strides that overflow", "inside a storage", P.tensor(strides: [.max, .max])),
        PickleDefect("a negative size", "bytes can be counted", P.tensor(shape: [-2, 3])),
        PickleDefect(
            "sizes that overflow", "bytes can be counted", P.tensor(shape: [1 << 40, 1 << 40])),
        PickleDefect(
            "an expansion to terabytes", "the file's own justifies",
            P.tensor(shape: [1 << 40], strides: [0])),
        PickleDefect(
            "a negation that was put off", "save tensor.resolve_neg() instead",
            P.tensor(metadata: [0x7D] + P.text("neg") + [0x88, 0x73])),
        PickleDefect(
            "a conjugation that was put off", "save tensor.resolve_conj() instead",
            P.tensor(metadata: [0x7D] + P.text("conj") + [0x88, 0x73])),
        PickleDefect("fewer strides than axes", "a stride for each", P.tensor(strides: [1])),
        PickleDefect(
            "sixty-five axes", "at most 64 axes",
            P.tensor(
                shape: [Int](repeating: 1, count: 65), strides: [Int](repeating: 1, count: 65))),
        PickleDefect(
            "a storage that is missing", "a zip member 'a/data/9'", P.tensor(P.storage("9"))),
        PickleDefect(
            "a storage of another path", "a zip member", P.tensor(P.storage("../version"))),
        PickleDefect(
            "more elements than the storage has", "7 elements", P.tensor(P.storage(count: 7))),
        PickleDefect(
            "fewer elements than the storage has", "5 elements",
            P.tensor(P.storage(count: 5), shape: [5], strides: [1])),
        PickleDefect("a negative count", "the id of a storage", P.tensor(P.storage(count: -1))),
        PickleDefect(
            "elements of another size", "6 elements of 8 bytes",
            P.tensor(P.storage(type: P.global("torch", "DoubleStorage")))),
        PickleDefect(
            "an untyped storage in a typed tensor", "UntypedStorage",
            P.tensor(P.storage(type: P.global("torch.storage", "UntypedStorage"), count: 24))),
        PickleDefect(
            "a view outside its storage", "a part of the storage",
            P.tensor(P.storage(view: P.tuple([P.text("v"), P.number(4), P.number(3)])))),
    ]

    @Test(arguments: defects)
    func `a tensor with a defect is refused`(_ defect: PickleDefect) throws {
        var made = MadeCheckpoint()
        made.pickle = P.stateDict(defect.pickle)
        let message = try made.refusal()
        #expect(message?.contains(defect.words) == true, "\(message ?? "none")")
    }

    @Test func `one storage of two sizes is refused`() throws {
        var made = MadeCheckpoint()
        let second = P.tensor(P.storage(count: 3), shape: [3], strides: [1])
        made.pickle =
            [0x80, 2, 0x7D] + P.text("v") + second + [0x73] + P.text("w") + P.tensor() + [
                0x73, 0x2E,
            ]
        #expect(try made.refusal()?.contains("one size of storage '0'") == true)
    }

    @Test func `a thousand names of one storage are refused where they are far more than the file`()
        throws
    {
        var made = MadeCheckpoint()
        made.members[0].contents = [UInt8](repeating: 0, count: 1 << 20)
        var pickle: [UInt8] = [0x80, 2, 0x7D]
        for index in 0..<1000 {
            let tensor = P.tensor(P.storage(count: 1 << 18), shape: [1 << 18], strides: [1])
            pickle += P.text("w\(index)") + tensor + [0x73]
        }
        made.pickle = pickle + [0x2E]
        #expect(try made.refusal()?.contains("the file's own justifies") == true)
    }

    @Test func `strides, offsets and views are followed`() throws {
        var made = MadeCheckpoint()
        made.pickle = P.stateDict(P.tensor(offset: 1, shape: [2, 2], strides: [1, 3]))
        #expect(try made.values() == [2, 5, 3, 6])
        made.pickle = P.stateDict(P.tensor(shape: [2, 3], strides: [0, 2]))
        #expect(try made.values() == [1, 3, 5, 1, 3, 5])
        let view = P.tuple([P.text("v"), P.number(2), P.number(4)])
        made.pickle = P.stateDict(
            P.tensor(P.storage(view: view), offset: 1, shape: [3], strides: [1]))
        #expect(try made.values() == [4, 5, 6])
    }

    @Test func `names are told apart by their bytes, as in Python`() throws {
        var made = MadeCheckpoint()
        let items = ["\u{E9}", "e\u{301}", "\u{E9}"].enumerated().map { index, name in
            P.text(name) + P.tensor(offset: index, shape: [1], strides: [1]) + [0x73]
        }
        made.pickle = [0x80, 2, 0x7D] + items.joined() + [0x2E]
        let folder = try TemporaryFolder()
        let tensors = try PyTorchFormat.read(made.file(in: folder)).tensors
        #expect(tensors.map { Array($0.name.utf8) } == [[0xC3, 0xA9], [0x65, 0xCC, 0x81]])
        #expect(tensors.map { $0.tensor.floats() } == [[3], [2]])
    }

    @Test(arguments: [
        ("version", "a zip member 'a/version'"), ("data/0", "a zip member 'a/data/0'"),
    ])
    func `a missing member is named`(_ name: String, _ words: String) throws {
        var made = MadeCheckpoint()
        made.members.removeAll { $0.name == "a/\(name)" }
        #expect(try made.refusal()?.contains(words) == true)
    }

    @Test func `a byte order that is neither is refused`() throws {
        var made = MadeCheckpoint()
        made.members.append(("a/byteorder", Array("middle".utf8)))
        #expect(try made.refusal()?.contains("little or big, found 'middle'") == true)
    }
}
