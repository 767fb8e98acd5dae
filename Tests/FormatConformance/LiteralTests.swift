import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// Formats rename, reorder and change nothing.
@Suite struct Literal {
    @Test func `every format has recorded files, and every file a format`() throws {
        #expect(ModelFile.all.count >= 25)
        var files: [String: Int] = [:]
        for file in ModelFile.all { files[try file.open().0.name, default: 0] += 1 }
        // KerasFormatTests and CaffeFormatTests have files of their own.
        let others = FormatRegistry.all.map { $0.name }.filter { name in
            !["keras", "keras-h5", "keras3-weights-h5", "caffe"].contains(name)
        }
        #expect(files.keys.sorted() == others.sorted())
    }

    @Test(arguments: ModelFile.all)
    func `one format alone recognises a file`(_ model: ModelFile) throws {
        let file = try InputFile(path: model.path)
        #expect(FormatRegistry.all.filter { $0.recognizes(file) }.count == 1)
    }

    @Test(arguments: ModelFile.all)
    func `a file written again holds the same, in the same order`(_ model: ModelFile) throws {
        let folder = try TemporaryFolder()
        let (format, before) = try model.open()
        #expect(!before.tensors.isEmpty)
        let after = try folder.roundTrip(before, as: format)
        #expect(after.convention == before.convention)
        #expect(after.metadata == before.metadata)
        #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
        #expect(after.tensors.map(\.layer) == before.tensors.map(\.layer))
        for (mine, theirs) in zip(after.tensors, before.tensors) {
            #expect(mine.tensor.isBitEqual(to: theirs.tensor), "\(mine.name)")
        }
        #expect(words(after.graph) == words(before.graph))
    }

    @Test(arguments: ModelFile.all)
    func `writing twice gives the same bytes, and so does writing what was read back`(
        _ model: ModelFile
    ) throws {
        let folder = try TemporaryFolder()
        let (format, checkpoint) = try model.open()
        let first = try folder.written(checkpoint, as: format, name: "first")
        let second = try folder.written(checkpoint, as: format, name: "second")
        #expect(first == second)
        let again = try format.read(InputFile(path: folder.path("first")))
        let third = try folder.written(again, as: format, name: "third")
        #expect(first == third)
    }

    @Test(arguments: ModelFile.all)
    func `a file cut at 50 seeded places is refused`(_ model: ModelFile) throws {
        let folder = try TemporaryFolder()
        let bytes = try InputFile(path: model.path).allBytes
        let format = try model.open().0
        for cut in Mutation.cuts(of: bytes.count, count: 50, seed: 1) {
            let file = try folder.file(Array(bytes.prefix(cut)), as: "cut")
            #expect(throws: InputError.self, "cut at \(cut) of \(bytes.count)") {
                try format.read(file)
            }
        }
    }

    @Test(arguments: ModelFile.all)
    func `a file of another format is refused`(_ model: ModelFile) throws {
        let file = try InputFile(path: model.path)
        let own = try FormatRegistry.format(of: file)
        for format in FormatRegistry.all where format.name != own.name {
            // HDF5's two layouts are told apart by `recognizes`; reading one as the other may work.
            guard own.name == "onnx" || format.name == "onnx" else { continue }
            #expect(throws: InputError.self, "\(format.name)") { try format.read(file) }
        }
    }
}
