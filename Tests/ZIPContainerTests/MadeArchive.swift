import FormatInterface
import Tensors
import ZIPContainer

/// A member of an archive made by hand, so that every number in it can be wrong.
struct MadeMember {
    var name: [UInt8]
    var data: [UInt8]
    var method: UInt16 = 0
    var flags: UInt16 = 0x0800
    var checksum: UInt32?
    var size: UInt32?
    var compressedSize: UInt32?
    var offset: UInt32?
    var localName: [UInt8]?
    var localMethod: UInt16?
    var localExtra: [UInt8] = []
    var extra: [UInt8] = []
    var disk: UInt16 = 0
    /// Bytes between the data and the next header.
    var trailer: [UInt8] = []

    init(_ name: String, _ data: [UInt8] = [1, 2, 3]) {
        self.name = Array(name.utf8)
        self.data = data
    }
}

/// A zip archive made by hand.
struct MadeArchive {
    var members = [MadeMember("a/x"), MadeMember("a/y", [9])]
    var prefix: [UInt8] = []
    var comment: [UInt8] = []
    var commentLength: UInt16?
    var count: UInt16?
    var countHere: UInt16?
    var directorySize: UInt32?
    var directoryOffset: UInt32?
    var disks: UInt32 = 0
    /// Writes zip64 end records and leaves the narrow ones saturated.
    var isZIP64 = false
    var zip64Count: UInt64?
    var zip64Locator: UInt64?
    var beforeEnd: [UInt8] = []

    var bytes: [UInt8] {
        var bytes = prefix
        var offsets: [Int] = []
        for member in members {
            offsets.append(bytes.count - prefix.count)
            let name = member.localName ?? member.name
            bytes += le(UInt32(0x0403_4B50)) + le(UInt16(20)) + le(member.flags)
            bytes += le(member.localMethod ?? member.method) + le(UInt32(0))
            bytes += common(member) + le(UInt16(name.count)) + le(UInt16(member.localExtra.count))
            bytes += name + member.localExtra + member.data + member.trailer
        }
        let start = bytes.count - prefix.count
        for (member, offset) in zip(members, offsets) {
            bytes += le(UInt32(0x0201_4B50)) + le(UInt16(20)) + le(UInt16(20)) + le(member.flags)
            bytes += le(member.method) + le(UInt32(0)) + common(member)
            bytes += le(UInt16(member.name.count)) + le(UInt16(member.extra.count))
            bytes += le(UInt16(0)) + le(member.disk) + le(UInt16(0)) + le(UInt32(0))
            bytes += le(member.offset ?? UInt32(offset)) + member.name + member.extra
        }
        let size = bytes.count - prefix.count - start
        bytes += beforeEnd
        if isZIP64 { bytes += zip64(at: bytes.count, start, size) }
        let count = count ?? (isZIP64 ? 0xFFFF : UInt16(members.count))
        bytes += le(UInt32(0x0605_4B50)) + le(disks) + le(countHere ?? count) + le(count)
        bytes += le(directorySize ?? (isZIP64 ? .max : UInt32(size)))
        bytes += le(directoryOffset ?? (isZIP64 ? .max : UInt32(start)))
        return bytes + le(commentLength ?? UInt16(comment.count)) + comment
    }

    private func zip64(at position: Int, _ start: Int, _ size: Int) -> [UInt8] {
        let count = zip64Count ?? UInt64(members.count)
        var bytes = le(UInt32(0x0606_4B50)) + le(UInt64(44)) + le(UInt32(0x002D_002D))
        bytes += le(UInt64(0)) + le(count) + le(count) + le(UInt64(size)) + le(UInt64(start))
        bytes += le(UInt32(0x0706_4B50)) + le(UInt32(0))
        return bytes + le(zip64Locator ?? UInt64(position - prefix.count)) + le(UInt32(1))
    }

    private func common(_ member: MadeMember) -> [UInt8] {
        le(member.checksum ?? crc32(member.data))
            + le(member.compressedSize ?? UInt32(member.data.count))
            + le(member.size ?? UInt32(member.data.count))
    }

    /// The archive's reader, or its refusal.
    func read() throws(ContentError) -> ZIPArchive { try ZIPArchive(ByteStorage(bytes)) }
}

/// A number's bytes, lowest first.
func le(_ number: some FixedWidthInteger) -> [UInt8] {
    stride(from: 0, to: number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// CRC-32 bit by bit.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { checksum, byte in
        (0..<8).reduce(checksum ^ UInt32(byte)) { value, _ in
            value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0)
        }
    }
}
