import FormatInterface
import IR
import NumPyFormat
import Tensors
import TestSupport
import Testing
import ZIPContainer

@Suite struct Archives {
    @Test(arguments: RecordedCheckpoint.files(endingIn: ".npz"))
    func `NumPy's files hold what NumPy says`(_ name: String) throws {
        let file = try InputFile(path: RecordedCheckpoint.path(name))
        #expect(NPZFormat.recognizes(file))
        let checkpoint = try NPZFormat.read(file)
        #expect(difference(checkpoint.tensors, try RecordedCheckpoint.expected(name)) == nil)
    }

    @Test func `stored arrays lie in the mapping`() throws {
        let file = try InputFile(path: RecordedCheckpoint.path("types.npz"))
        let checkpoint = try NPZFormat.read(file)
        #expect(checkpoint.tensors.allSatisfy { $0.tensor.storage === file.storage })
    }

    private func write(
        _ checkpoint: Checkpoint, in folder: TemporaryFolder, as name: String = "a.npz"
    ) throws -> InputFile {
        try OutputFile.write(to: folder.path(name), replacing: true) { file in
            try NPZFormat.write(checkpoint, to: file)
        }
        return try InputFile(path: folder.path(name))
    }

    @Test(arguments: RecordedCheckpoint.files(endingIn: ".npz"))
    func `what is written is read the same, and written again the same`(_ name: String) throws {
        let folder = try TemporaryFolder()
        var before = try NPZFormat.read(InputFile(path: RecordedCheckpoint.path(name)))
        before.metadata = ["ferry.architecture": "lenet5_tanh"]
        let first = try write(before, in: folder)
        let after = try NPZFormat.read(first)
        #expect(difference(after.tensors, before.tensors) == nil)
        #expect(after.metadata == before.metadata)
        #expect(after.tensors.allSatisfy { $0.tensor.byteOffset % 64 == 0 })
        #expect(try write(after, in: folder, as: "b").allBytes == first.allBytes)
    }

    @Test func `bytes before the archive are passed over`() throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path("orders.npz")).allBytes
        let file = try folder.file(Array("#!/bin/sh\n".utf8) + bytes)
        #expect(NPZFormat.recognizes(file))
        #expect(try NPZFormat.read(file).tensors.count == 2)
    }

    @Test(arguments: ["", "/w", "a/../w", "a\\w", "w\0"])
    func `a name that a zip archive cannot hold is refused`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let tensor = NamedTensor(name: name, tensor: Tensor([1] as [Float]))
        let checkpoint = Checkpoint(convention: .pytorch, tensors: [tensor])
        if name.isEmpty {
            #expect(try NPZFormat.read(write(checkpoint, in: folder)).tensors[0].name == "")
        } else {
            #expect(throws: OutputError.self) { try write(checkpoint, in: folder) }
        }
    }

    @Test func `elements that NumPy does not know are refused`() throws {
        let folder = try TemporaryFolder()
        let tensor = Tensor(rounding: [1], to: .bfloat16, shape: [1])
        #expect(throws: OutputError.self) {
            try write(
                Checkpoint(
                    convention: .pytorch, tensors: [NamedTensor(name: "w", tensor: tensor)]),
                in: folder)
        }
    }

    /// An array of two bytes whose header says what `descr` and `shape` say.
    private static func array(
        descr: String = "'|u1'", shape: String = "(2,)", data: [UInt8] = [1, 2]
    ) -> [UInt8] {
        let text = "{'descr': \(descr), 'fortran_order': False, 'shape': \(shape), }\n"
        return [0x93] + "NUMPY".utf8 + [1, 0, UInt8(text.utf8.count), 0] + text.utf8 + data
    }

    static let defects: [(String, String, [UInt8])] = [
        ("no magic", "member 'w.npy', byte 0: expected the magic", [1, 2, 3]),
        ("no bytes", "found an empty file", []),
        ("a cut header", "expected the header", Array(array().prefix(20))),
        ("version 9", "version 1.0, 2.0 or 3.0", [0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0, 0]),
        ("Python objects", "Python objects", array(descr: "'|O'")),
        ("structured elements", "structured elements", array(descr: "[('a', '<f4')]")),
        ("bfloat16 without a type", "'<V2'", array(descr: "'<V2'")),
        ("text", "'<U2'", array(descr: "'<U2'")),
        ("complex numbers", "'<c8'", array(descr: "'<c8'")),
        ("fewer bytes than the shape has", "2 bytes of uint8", array(data: [1])),
        ("more bytes than the shape has", "2 bytes of uint8", array(data: [1, 2, 3])),
        (
            "a shape that overflows", "bytes can be counted",
            array(shape: "(4611686018427387904, 4)")
        ),
        ("a negative size", "an axis' size", array(shape: "(-2,)")),
        ("a call in the header", "in quotes", array(descr: "exit()")),
    ]

    @Test(arguments: defects.indices)
    func `a member with a defect is refused`(_ index: Int) throws {
        let (name, words, bytes) = Self.defects[index]
        let folder = try TemporaryFolder()
        let file = try archive([("w.npy", bytes)], in: folder)
        let message = refusal { _ = try NPZFormat.read(file) }
        #expect(message?.contains(words) == true, "\(name): \(message ?? "none")")
        #expect(message?.contains(": npz: member 'w.npy'") == true)
    }

    private func archive(
        _ members: [(String, [UInt8])], in folder: TemporaryFolder
    ) throws -> InputFile {
        try OutputFile.write(to: folder.path("made.npz"), replacing: true) { file in
            var writer = ZIPWriter()
            for (name, bytes) in members {
                try writer.append(name, bytes, to: file)
            }
            try writer.finish(to: file)
        }
        return try InputFile(path: folder.path("made.npz"))
    }

    @Test func `a member that is no array is refused`() throws {
        let folder = try TemporaryFolder()
        let file = try archive([("w.npy", Self.array()), ("readme.txt", [1])], in: folder)
        let message = refusal { _ = try NPZFormat.read(file) }
        #expect(message?.contains("member 'readme.txt': expected members that are arrays") == true)
    }

    @Test(arguments: ["types.npz", "compressed.npz"])
    func `a file cut anywhere is refused`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path(name)).allBytes
        for cut in 0..<bytes.count {
            let file = try folder.file(Array(bytes.prefix(cut)))
            #expect(throws: InputError.self, "cut at \(cut)") { try NPZFormat.read(file) }
        }
    }

    @Test(arguments: ["types.npz", "compressed.npz"])
    func `two thousand seeded bit flips are read or refused`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: RecordedCheckpoint.path(name)).allBytes
        for seed in 0..<2_000 as Range<UInt64> {
            let file = try folder.file(Mutation.flippingOneBit(of: bytes, seed: seed))
            do { _ = try NPZFormat.read(file) } catch is InputError {}
        }
    }
}
