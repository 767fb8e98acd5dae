/// A member of a zip archive, as the central directory describes it.
package struct ZIPEntry: Equatable, Sendable {
    package enum Method: UInt16, Sendable {
        case stored = 0
        case deflated = 8
    }

    /// A relative path without ".." and "\\"; unique in its archive.
    package let name: String
    package let method: Method
    /// CRC-32 of the contents.
    package let checksum: UInt32
    /// Bytes of the contents once they are inflated.
    package let size: Int
    /// Where the data, stored or deflated, lies in the archive's bytes.
    package let dataRange: Range<Int>
    /// Where the local header begins.
    let headerOffset: Int
}

/// Numbers of the format. Source: PKWARE's APPNOTE 6.3, sections 4.3 to 4.5.
enum ZIPLayout {
    static let localSignature: UInt32 = 0x0403_4B50
    static let directorySignature: UInt32 = 0x0201_4B50
    static let endSignature: UInt32 = 0x0605_4B50
    static let zip64EndSignature: UInt32 = 0x0606_4B50
    static let zip64LocatorSignature: UInt32 = 0x0706_4B50

    static let localHeaderSize = 30
    static let directoryHeaderSize = 46
    static let endSize = 22
    static let zip64EndSize = 56
    static let zip64LocatorSize = 20
    static let commentLimit = 0xFFFF

    /// The extra field that holds what does not fit into 32 bits.
    static let zip64Extra: UInt16 = 1
    /// The extra field, PyTorch's "FB", that moves data to a multiple of the alignment.
    static let paddingExtra: UInt16 = 0x4246
    static let isUTF8: UInt16 = 1 << 11
    /// Encryption (bits 0, 6 and 13) and patches (bit 5).
    static let refusedFlags: UInt16 = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 13
}
