import FormatInterface
import IR
import PyTorchFormat
import Tensors
import TestSupport
import Testing
import ZIPContainer

@Suite struct Writing {
    private func write(
        _ checkpoint: Checkpoint, in folder: TemporaryFolder, as name: String = "a.pth"
    ) throws -> InputFile {
        try OutputFile.write(to: folder.path(name), replacing: true) { file in
            try PyTorchFormat.write(checkpoint, to: file)
        }
        return try InputFile(path: folder.path(name))
    }

    @Test(arguments: ["types.pth", "views.pth", "plain.pth", "dataparallel.pth"])
    func `what is written is read the same`(_ name: String) throws {
        let folder = try TemporaryFolder()
        var before = try PyTorchFormat.read(InputFile(path: RecordedCheckpoint.path(name)))
        before.metadata = ["ferry.architecture": "lenet5", "note": "\"größe\"\n\\"]
        let first = try write(before, in: folder)
        let after = try PyTorchFormat.read(first)
        #expect(difference(after.tensors, before.tensors) == nil)
        #expect(after.metadata == before.metadata)
        #expect(after.tensors.allSatisfy { $0.tensor.storage !== before.tensors[0].tensor.storage })
        let second = try write(after, in: folder, as: "another name.pt")
        #expect(first.allBytes == second.allBytes)
    }

    @Test func `the members are those of PyTorch's own files, storages at multiples of 64`() throws
    {
        let folder = try TemporaryFolder()
        let checkpoint = try PyTorchFormat.read(
            InputFile(path: RecordedCheckpoint.path("plain.pth")))
        let archive = try ZIPArchive(write(checkpoint, in: folder).storage)
        let storages = (0..<8).map { "archive/data/\($0)" }
        #expect(
            archive.entries.map(\.name)
                == ["archive/data.pkl", "archive/byteorder"] + storages + ["archive/version"])
        for entry in archive.entries {
            #expect(entry.dataRange.lowerBound % 64 == 0)
            #expect(entry.method == .stored)
        }
    }

    @Test func `a checkpoint without tensors is written`() throws {
        let folder = try TemporaryFolder()
        let file = try write(Checkpoint(convention: .pytorch, tensors: []), in: folder)
        #expect(PyTorchFormat.recognizes(file))
    }

    @Test func `two tensors of one name are refused`() throws {
        let folder = try TemporaryFolder()
        let tensor = NamedTensor(name: "w", tensor: Tensor([1] as [Float]))
        #expect(throws: OutputError.self) {
            try write(Checkpoint(convention: .pytorch, tensors: [tensor, tensor]), in: folder)
        }
    }

    @Test(arguments: ElementType.allCases.filter(\.isPacked))
    func `elements that the format has no type for are refused by name`(_ type: ElementType) throws
    {
        let folder = try TemporaryFolder()
        let tensor = NamedTensor(name: "w", tensor: Tensor(rounding: [1], to: type, shape: [1]))
        let message = refusal {
            _ = try write(Checkpoint(convention: .pytorch, tensors: [tensor]), in: folder)
        }
        #expect(message?.contains("tensor 'w'") == true, "\(message ?? "")")
        #expect(message?.contains("found \(type)") == true, "\(message ?? "")")
    }
}
