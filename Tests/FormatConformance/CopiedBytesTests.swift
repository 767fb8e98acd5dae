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
}
