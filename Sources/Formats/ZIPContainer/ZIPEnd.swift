import FormatInterface
import Tensors

/// What the records at an archive's end say.
struct ZIPEnd {
    var entryCount: Int
    /// Where the central directory lies.
    var directory: Range<Int>
    /// Bytes before the archive, which offsets in it do not count.
    var prefixLength: Int
    var comment: Range<Int>

    /// Finds the end record, whose comment reaches to the last byte, and the zip64 record before it.
    init(of storage: ByteStorage) throws(ContentError) {
        let position = try Self.position(in: storage)
        let end = try Record(at: position, in: storage)
        comment = position + ZIPLayout.endSize..<storage.count
        var directoryEnd = position
        var statement = end.statement
        let wide = try Self.zip64(before: position, in: storage)
        if let wide {
            guard end.statement.mayStandFor(wide.statement) else {
                throw ContentError(
                    byte: position, expected: "the numbers of the zip64 end record",
                    found: "others")
            }
            statement = wide.statement
            directoryEnd = wide.start
        }
        guard let size = Int(exactly: statement.directorySize), size <= directoryEnd,
            let offset = Int(exactly: statement.directoryOffset), offset <= directoryEnd - size
        else {
            throw ContentError(
                byte: position, expected: "a central directory inside the file",
                found: "\(statement.directorySize) bytes at \(statement.directoryOffset)")
        }
        directory = directoryEnd - size..<directoryEnd
        prefixLength = directoryEnd - size - offset
        if let wide, wide.stated != wide.start - prefixLength {
            throw ContentError(
                byte: position - ZIPLayout.zip64LocatorSize,
                expected: "the zip64 end record at byte \(wide.start - prefixLength)",
                found: "its locator pointing to another")
        }
        guard let count = Int(exactly: statement.entries),
            count <= size / ZIPLayout.directoryHeaderSize, count <= ZIPArchive.memberLimit
        else {
            throw ContentError(
                byte: position,
                expected: "at most \(ZIPArchive.memberLimit) members, and as many as "
                    + "\(size) bytes of directory hold", found: "\(statement.entries)")
        }
        entryCount = count
    }

    /// What either end record states.
    private struct Statement {
        var entries: UInt64
        var directorySize: UInt64
        var directoryOffset: UInt64

        /// Whether these narrow numbers are `wide`'s, or say that they do not fit.
        func mayStandFor(_ wide: Statement) -> Bool {
            (entries == wide.entries || entries == 0xFFFF)
                && (directorySize == wide.directorySize || directorySize == 0xFFFF_FFFF)
                && (directoryOffset == wide.directoryOffset || directoryOffset == 0xFFFF_FFFF)
        }
    }

    private struct Record {
        var statement: Statement

        init(at position: Int, in storage: ByteStorage) throws(ContentError) {
            guard let disks = storage.integer(at: position + 4, as: UInt32.self),
                let here = storage.integer(at: position + 8, as: UInt16.self),
                let entries = storage.integer(at: position + 10, as: UInt16.self),
                let size = storage.integer(at: position + 12, as: UInt32.self),
                let offset = storage.integer(at: position + 16, as: UInt32.self)
            else { throw ZIPEnd.missing(storage) }
            guard disks == 0 || disks == 0xFFFF_FFFF, here == entries else {
                throw ContentError(
                    byte: position, expected: "an archive in one file", found: "one of several")
            }
            statement = Statement(
                entries: UInt64(entries), directorySize: UInt64(size),
                directoryOffset: UInt64(offset))
        }
    }

    private static func missing(_ storage: ByteStorage) -> ContentError {
        ContentError(
            byte: storage.count, expected: "the end record of a zip archive",
            found: "none: the file may be cut")
    }

    private static func position(in storage: ByteStorage) throws(ContentError) -> Int {
        let last = storage.count - ZIPLayout.endSize
        let first = max(0, last - ZIPLayout.commentLimit)
        for position in stride(from: last, through: first, by: -1)
        where storage.integer(at: position, as: UInt32.self) == ZIPLayout.endSignature {
            let comment = storage.integer(at: position + 20, as: UInt16.self)
            if comment.map({ Int($0) }) == last - position { return position }
        }
        throw missing(storage)
    }

    /// The zip64 end record that a locator just before `end` points to, and where it begins.
    private static func zip64(
        before end: Int, in storage: ByteStorage
    ) throws(ContentError) -> (statement: Statement, start: Int, stated: Int?)? {
        let locator = end - ZIPLayout.zip64LocatorSize
        guard storage.integer(at: locator, as: UInt32.self) == ZIPLayout.zip64LocatorSignature
        else { return nil }
        let stated = storage.integer(at: locator + 8, as: UInt64.self).flatMap {
            Int(exactly: $0)
        }
        // Bytes before the archive move the record; it ends where the locator begins.
        let candidates = [stated, locator - ZIPLayout.zip64EndSize].compactMap(\.self)
        for start in candidates
        where storage.integer(at: start, as: UInt32.self) == ZIPLayout.zip64EndSignature {
            guard let rest = storage.integer(at: start + 4, as: UInt64.self),
                start + ZIPLayout.zip64EndSize <= locator, rest == UInt64(locator - start - 12),
                let disks = storage.integer(at: start + 16, as: UInt64.self), disks == 0,
                let here = storage.integer(at: start + 24, as: UInt64.self),
                let entries = storage.integer(at: start + 32, as: UInt64.self), here == entries,
                let size = storage.integer(at: start + 40, as: UInt64.self),
                let offset = storage.integer(at: start + 48, as: UInt64.self)
            else { break }
            let statement = Statement(
                entries: entries, directorySize: size, directoryOffset: offset)
            return (statement, start, stated)
        }
        throw ContentError(
            byte: locator, expected: "a zip64 end record of one file before its locator",
            found: "none")
    }
}
