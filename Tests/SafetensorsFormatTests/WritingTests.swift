import FormatInterface
import IR
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite struct Writing {
    private func write(
        _ checkpoint: Checkpoint, in folder: TemporaryFolder, as name: String = "a.safetensors"
    ) throws -> InputFile {
        try OutputFile.write(to: folder.path(name), replacing: true) { file in
            try SafetensorsFormat.write(checkpoint, to: file)
        }
        return try InputFile(path: folder.path(name))
    }

    @Test(arguments: RecordedCheckpoint.files(endingIn: ".safetensors"))
    func `what is written is read the same, and written again the same`(_ name: String) throws {
        let folder = try TemporaryFolder()
        let before = try SafetensorsFormat.read(InputFile(path: RecordedCheckpoint.path(name)))
        let first = try write(before, in: folder)
        let after = try SafetensorsFormat.read(first)
        #expect(difference(after.tensors, before.tensors) == nil)
        #expect(after.metadata == before.metadata)
        #expect(try write(after, in: folder, as: "b").allBytes == first.allBytes)
    }

    @Test func `every tensor is aligned to its elements, the data to 64 bytes`() throws {
        let folder = try TemporaryFolder()
        let file = try write(
            SafetensorsFormat.read(InputFile(path: RecordedCheckpoint.path("types.safetensors"))),
            in: folder)
        for tensor in try SafetensorsFormat.read(file).tensors {
            #expect(tensor.tensor.byteOffset % tensor.tensor.elementType.size == 0)
        }
        #expect((file.storage.integer(at: 0, as: UInt64.self) ?? 1) % 64 == 56)
    }

    @Test func `names and metadata of any text come back`() throws {
        let folder = try TemporaryFolder()
        let names = ["", "a\"b\\c", "\u{1}\n\t\u{7F}", "größe 😀", "../x"]
        let tensors = names.enumerated().map { index, name in
            NamedTensor(name: name, tensor: Tensor([Float(index)]))
        }
        let metadata = ["format": "np", "": "\u{0}\r\"", "ä": "/"]
        let before = Checkpoint(convention: .pytorch, tensors: tensors, metadata: metadata)
        let after = try SafetensorsFormat.read(write(before, in: folder))
        #expect(difference(after.tensors, before.tensors) == nil)
        #expect(after.metadata == metadata)
    }

    @Test func `the files say that PyTorch's names are used`() throws {
        let folder = try TemporaryFolder()
        let file = try write(Checkpoint(convention: .pytorch, tensors: []), in: folder)
        let text = String(decoding: file.bytes(at: 8, count: 100), as: UTF8.self)
        #expect(text.hasPrefix("{\"__metadata__\":{\"format\":\"pt\"}}"))
        #expect(try SafetensorsFormat.read(file).metadata.isEmpty)
    }

    @Test(arguments: [["a", "a"], ["__metadata__"]])
    func `names that the format cannot hold are refused`(_ names: [String]) throws {
        let folder = try TemporaryFolder()
        let tensors = names.map { NamedTensor(name: $0, tensor: Tensor([1] as [Float])) }
        #expect(throws: OutputError.self) {
            try write(Checkpoint(convention: .pytorch, tensors: tensors), in: folder)
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
