package import FormatInterface
package import Tensors

/// Writes an archive of stored members, each streamed from where its bytes lie.
///
/// The same members give the same bytes: there are no times, owners or permissions. Numbers take
/// zip64's fields only where they need them.
package struct ZIPWriter: ~Copyable {
    private struct Member {
        var name: [UInt8]
        var checksum: UInt32
        var size: Int
        var offset: Int
    }

    private var members: [Member] = []
    private var names: Set<String> = []
    private var offset = 0

    package init() {}

    /// Writes a member whose contents are `parts`, one behind the other.
    ///
    /// - Parameter alignment: the contents begin at a multiple of it, counted from the file's start.
    /// - Throws: `OutputError` when the file cannot be written, or cannot have a member of this name.
    package mutating func append(
        _ name: String, _ parts: [Tensor], alignment: Int = 1, to file: borrowing OutputFile
    ) throws(OutputError) {
        precondition((1...0x1000).contains(alignment), "members cannot be aligned to \(alignment)")
        guard ZIPArchive.isMemberName(name), names.insert(name).inserted else {
            throw OutputError(
                file: file.destination,
                problem: "expected a new name that a zip archive can hold, "
                    + "found '\(name.prefix(100))'")
        }
        var member = Member(
            name: Array(name.utf8), checksum: 0,
            size: parts.reduce(0) { $0 + $1.byteCount }, offset: offset)
        try file.write(Self.localHeader(member, alignment))
        for part in parts {
            let checksum = PiecewiseChecksum()
            try file.write(part) { start, bytes in checksum.add(bytes, at: start) }
            member.checksum = checksum.value(after: member.checksum)
        }
        // The checksum is known now.
        let header = Self.localHeader(member, alignment)
        try file.write(header, at: offset)
        members.append(member)
        offset += header.count + member.size
    }

    /// Writes a member of few bytes.
    package mutating func append(
        _ name: String, _ bytes: [UInt8], alignment: Int = 1, to file: borrowing OutputFile
    ) throws(OutputError) {
        try append(name, [ByteRegion(bytes).tensor], alignment: alignment, to: file)
    }

    /// Writes the central directory and the end records; nothing can follow.
    ///
    /// - Throws: `OutputError` when the file cannot be written, or the comment has over 65,535 bytes.
    package consuming func finish(
        comment: [UInt8] = [], to file: borrowing OutputFile
    ) throws(OutputError) {
        guard comment.count <= ZIPLayout.commentLimit else {
            throw OutputError(
                file: file.destination,
                problem: "expected at most \(ZIPLayout.commentLimit) bytes of metadata, "
                    + "found \(comment.count)")
        }
        var bytes: [UInt8] = []
        for member in members { bytes += Self.directoryHeader(member) }
        let size = bytes.count
        if members.count >= 0xFFFF || max(size, offset) >= 0xFFFF_FFFF {
            bytes += Self.zip64End(members.count, size, offset)
        }
        bytes.appendNumber(ZIPLayout.endSignature)
        bytes.appendNumber(UInt32(0))
        bytes.appendNumber(UInt16(clamping: members.count))
        bytes.appendNumber(UInt16(clamping: members.count))
        bytes.appendNumber(UInt32(clamping: size))
        bytes.appendNumber(UInt32(clamping: offset))
        bytes.appendNumber(UInt16(comment.count))
        try file.write(bytes + comment)
    }

    private static func localHeader(_ member: Member, _ alignment: Int) -> [UInt8] {
        var extra: [UInt8] = []
        if member.size >= 0xFFFF_FFFF {
            extra.appendNumber(ZIPLayout.zip64Extra)
            extra.appendNumber(UInt16(16))
            extra.appendNumber(UInt64(member.size))
            extra.appendNumber(UInt64(member.size))
        }
        let unpadded =
            member.offset + ZIPLayout.localHeaderSize + member.name.count + extra.count
        var padding = (alignment - unpadded % alignment) % alignment
        if padding > 0 {
            // A field's own header takes four bytes.
            while padding < 4 { padding += alignment }
            extra.appendNumber(ZIPLayout.paddingExtra)
            extra.appendNumber(UInt16(padding - 4))
            extra += [UInt8](repeating: 0, count: padding - 4)
        }
        var header: [UInt8] = []
        header.appendNumber(ZIPLayout.localSignature)
        appendCommon(member, extra: extra.count, to: &header)
        return header + member.name + extra
    }

    private static func directoryHeader(_ member: Member) -> [UInt8] {
        let wide = [member.size, member.size, member.offset].filter { $0 >= 0xFFFF_FFFF }
        var extra: [UInt8] = []
        if !wide.isEmpty {
            extra.appendNumber(ZIPLayout.zip64Extra)
            extra.appendNumber(UInt16(8 * wide.count))
            for number in wide { extra.appendNumber(UInt64(number)) }
        }
        var header: [UInt8] = []
        header.appendNumber(ZIPLayout.directorySignature)
        header.appendNumber(UInt16(45))
        appendCommon(member, extra: extra.count, to: &header)
        // No comment, first disk, no attributes.
        header += [UInt8](repeating: 0, count: 10)
        header.appendNumber(UInt32(clamping: member.offset))
        return header + member.name + extra
    }

    /// What both headers hold from "version needed" to the length of the extra fields.
    private static func appendCommon(_ member: Member, extra: Int, to header: inout [UInt8]) {
        let isWide = max(member.size, member.offset) >= 0xFFFF_FFFF
        header.appendNumber(UInt16(isWide ? 45 : 20))
        header.appendNumber(ZIPLayout.isUTF8)
        header.appendNumber(ZIPEntry.Method.stored.rawValue)
        // Midnight of 1 January 1980, the format's first day.
        header.appendNumber(UInt32(0x0021_0000))
        header.appendNumber(member.checksum)
        header.appendNumber(UInt32(clamping: member.size))
        header.appendNumber(UInt32(clamping: member.size))
        header.appendNumber(UInt16(member.name.count))
        header.appendNumber(UInt16(extra))
    }

    private static func zip64End(_ count: Int, _ size: Int, _ offset: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendNumber(ZIPLayout.zip64EndSignature)
        bytes.appendNumber(UInt64(ZIPLayout.zip64EndSize - 12))
        bytes.appendNumber(UInt16(45))
        bytes.appendNumber(UInt16(45))
        bytes.appendNumber(UInt64(0))
        for number in [count, count, size, offset] { bytes.appendNumber(UInt64(number)) }
        bytes.appendNumber(ZIPLayout.zip64LocatorSignature)
        bytes.appendNumber(UInt32(0))
        bytes.appendNumber(UInt64(offset + size))
        bytes.appendNumber(UInt32(1))
        return bytes
    }
}

extension [UInt8] {
    /// Appends a number, lowest byte first.
    fileprivate mutating func appendNumber(_ number: some FixedWidthInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
