import FormatInterface
package import Tensors

/// A part of a member's contents.
package enum ZIPPart: Sendable {
    case region(ByteRegion)
    /// A tensor's elements, moved and rounded while they are written.
    case elements(Tensor)

    package static func bytes(_ bytes: [UInt8]) -> ZIPPart { .region(ByteRegion(bytes)) }

    var count: Int {
        switch self {
        case .region(let region): region.count
        case .elements(let tensor): tensor.byteCount
        }
    }

    func checksum(after previous: UInt32) -> UInt32 {
        switch self {
        case .region(let region): return region.checksum(after: previous)
        case .elements(let tensor):
            if tensor.isStored { return ByteRegion(tensor).checksum(after: previous) }
            var checksum = previous
            unsafe tensor.eachPieceInOrder { piece in
                unsafe checksum = crc32(of: piece, after: checksum)
            }
            return checksum
        }
    }

    func write(to file: borrowing OutputFile) throws(OutputError) {
        switch self {
        case .region(let region): try file.write(region.bytes)
        case .elements(let tensor): try file.write(tensor)
        }
    }
}
