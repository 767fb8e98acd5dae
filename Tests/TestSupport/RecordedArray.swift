import FormatInterface
package import Foundation
package import Tensors

/// NumPy's .npy, as the fixtures hold it: version 1, C order, little-endian.
package enum RecordedArray {
    package struct Unreadable: Error {
        package let path: String
    }

    /// The array of a fixture.
    package static func read(_ url: URL) throws -> Tensor {
        let file = try InputFile(path: url.path)
        let start = file.bytes(at: 0, count: 10)
        guard start.count == 10, start.starts(with: [0x93] + Array("NUMPY".utf8)) else {
            throw Unreadable(path: url.path)
        }
        let length = Int(start[8]) | Int(start[9]) << 8
        let header = String(decoding: file.bytes(at: 10, count: length), as: UTF8.self)
        let types: [String: ElementType] = [
            "<f4": .float32, "<f8": .float64, "<i4": .int32, "<i8": .int64, "|u1": .uint8,
        ]
        guard let type = types.first(where: { header.contains("'\($0.key)'") })?.value,
            header.contains("'fortran_order': False"),
            let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")")
        else { throw Unreadable(path: url.path) }
        let shape = header[header.index(after: open)..<close].split(separator: ",")
            .compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard Tensor.byteCount(of: shape, type) == file.count - 10 - length else {
            throw Unreadable(path: url.path)
        }
        return Tensor(
            elementType: type, shape: shape, storage: file.storage, byteOffset: 10 + length)
    }
}
