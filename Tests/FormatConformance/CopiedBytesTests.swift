import FormatInterface
import Foundation
import Tensors
import TestSupport
import Testing

/// Where a file lies that tensors are copied from: beside the copy, or in memory, from where the
/// kernel does not copy to a disk.
private let places = ["/dev/shm", ""]

@Suite struct CopiedBytes {
    @Test(arguments: places, [0, 1, 4095])
    func `elements of a file are copied from any byte on, large or small`(
        _ place: String, _ start: Int
    ) throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        let isElsewhere = !place.isEmpty && manager.isWritableFile(atPath: place)
        let source = isElsewhere ? "\(place)/ferry-\(UUID().uuidString)" : folder.path("source")
        defer { try? manager.removeItem(atPath: source) }
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8) }
        try Data(bytes).write(to: URL(filePath: source))
        let file = try InputFile(path: source)
        // What is open or mapped stays readable when its name is gone.
        try manager.removeItem(atPath: source)
        for count in [100, 70_000, bytes.count - start] {
            let tensor = Tensor(
                elementType: .uint8, shape: [count], storage: file.storage, byteOffset: start)
            try OutputFile.write(to: folder.path("copy"), replacing: true) { output in
                try output.write([1, 2, 3])
                try output.write(tensor)
                try output.write(tensor)
            }
            let copy = try InputFile(path: folder.path("copy")).allBytes
            let wanted = Array(bytes[start..<start + count])
            #expect(copy == [1, 2, 3] + wanted + wanted, "\(count)")
        }
    }

    @Test func `a copy is known as one until it is written over`() throws {
        let folder = try TemporaryFolder()
        let (first, second) = try tensors(in: folder)
        try OutputFile.write(to: folder.path("copy"), replacing: false) { output in
            try output.write(first)
            try output.write(second)
        } check: { output in
            let (one, two) = try halves(of: output.temporaryPath)
            #expect(output.copies.isCopy(one, of: first))
            #expect(output.copies.isCopy(two, of: second))
            #expect(!output.copies.isCopy(one, of: second))
            #expect(!output.copies.isCopy(two, of: first))
            try output.write([7], at: one.byteCount - 1)
            #expect(!output.copies.isCopy(one, of: first))
            #expect(output.copies.isCopy(two, of: second))
        }
    }

    @Test func `another file of the same name holds no copy`() throws {
        let folder = try TemporaryFolder()
        let (first, _) = try tensors(in: folder)
        try OutputFile.write(to: folder.path("copy"), replacing: false) { output in
            try output.write(first)
        } check: { output in
            try FileManager.default.removeItem(atPath: output.temporaryPath)
            try Data(repeating: 0, count: 2 * first.byteCount).write(
                to: URL(filePath: output.temporaryPath))
            let (one, _) = try halves(of: output.temporaryPath)
            #expect(!output.copies.isCopy(one, of: first))
        }
    }

    @Test func `a copy that differs from its source is none`() throws {
        let folder = try TemporaryFolder()
        let (first, second) = try tensors(in: folder)
        let path = folder.path("copy")
        let bytes = unsafe first.withUnsafeBytes { unsafe Data($0) }
        try (bytes + bytes).write(to: URL(filePath: path))
        let (one, two) = try halves(of: path)
        let descriptor = try #require(one.storage.fileDescriptor)
        let copies = CopiedParts(of: descriptor)
        copies.follow(first, 0..<first.byteCount, at: 0)
        copies.add(first, at: 0)
        #expect(copies.isCopy(one, of: first))
        copies.follow(second, 0..<second.byteCount, at: first.byteCount)
        copies.add(second, at: first.byteCount)
        #expect(!copies.isCopy(two, of: second))
    }

    /// Two tensors of a file, one behind the other, with other bytes.
    private func tensors(in folder: TemporaryFolder) throws -> (Tensor, Tensor) {
        let path = folder.path("source")
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8) }
        try Data(bytes).write(to: URL(filePath: path))
        return try halves(of: path)
    }

    private func halves(of path: String) throws -> (Tensor, Tensor) {
        let file = try InputFile(path: path)
        let count = file.count / 2
        let parts = [0, count].map {
            Tensor(
                elementType: .uint8, shape: [count], storage: file.storage, byteOffset: $0)
        }
        return (parts[0], parts[1])
    }
}
