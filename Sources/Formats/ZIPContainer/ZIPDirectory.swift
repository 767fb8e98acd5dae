import FormatInterface
import Tensors

/// Reads the central directory, header by header, and the local header that each points to.
struct ZIPDirectory {
    private let storage: ByteStorage
    private let range: Range<Int>
    private let prefixLength: Int
    private var position: Int

    init(_ storage: ByteStorage, _ end: ZIPEnd) {
        self.storage = storage
        range = end.directory
        prefixLength = end.prefixLength
        position = end.directory.lowerBound
    }

    /// Checks that nothing follows the last header.
    func finish() throws(ContentError) {
        if position != range.upperBound {
            throw ContentError(
                byte: position, expected: "the end of the central directory",
                found: "\(range.upperBound - position) bytes more")
        }
    }

    mutating func next() throws(ContentError) -> ZIPEntry {
        guard let header = Header(at: position, in: storage), header.end <= range.upperBound,
            header.signature == ZIPLayout.directorySignature
        else {
            throw ContentError(
                byte: position, expected: "a header of the central directory", found: "none")
        }
        let name = try Self.name(ByteRegion(storage, header.nameRange), at: position)
        guard header.flags & ZIPLayout.refusedFlags == 0 else {
            throw ContentError(member: name, expected: "plain data", found: "an encrypted member")
        }
        guard let method = ZIPEntry.Method(rawValue: header.method) else {
            throw ContentError(
                member: name, expected: "method 0 (stored) or 8 (deflated)",
                found: "method \(header.method)")
        }
        let sizes = try wideNumbers(of: header, name)
        guard method == .deflated || sizes.size == sizes.compressedSize else {
            throw ContentError(
                member: name, expected: "equal sizes of a stored member",
                found: "\(sizes.compressedSize) bytes for \(sizes.size)")
        }
        position = header.end
        let (start, data) = try dataRange(header, sizes, name)
        return ZIPEntry(
            name: name, method: method, checksum: header.checksum, size: sizes.size,
            dataRange: data, headerOffset: start)
    }

    private struct Header {
        var signature: UInt32
        var flags, method: UInt16
        var checksum: UInt32
        var compressedSize, size, offset: UInt32
        var disk: UInt16
        var nameRange, extraRange: Range<Int>
        var end: Int

        init?(at position: Int, in storage: ByteStorage) {
            func short(_ offset: Int) -> UInt16 {
                storage.integer(at: position + offset, as: UInt16.self) ?? 0
            }
            func word(_ offset: Int) -> UInt32 {
                storage.integer(at: position + offset, as: UInt32.self) ?? 0
            }
            let fixed = ZIPLayout.directoryHeaderSize
            guard position <= storage.count - fixed else { return nil }
            (signature, flags, method) = (word(0), short(8), short(10))
            (checksum, compressedSize, size) = (word(16), word(20), word(24))
            (disk, offset) = (short(34), word(42))
            nameRange = position + fixed..<position + fixed + Int(short(28))
            extraRange = nameRange.upperBound..<nameRange.upperBound + Int(short(30))
            end = extraRange.upperBound + Int(short(32))
            if end > storage.count { return nil }
        }
    }

    private struct WideNumbers {
        var size, compressedSize, offset: Int
    }

    /// The sizes and the offset, from the zip64 extra field where they do not fit the header.
    private func wideNumbers(of header: Header, _ name: String) throws(ContentError) -> WideNumbers
    {
        var wide = zip64Field(header.extraRange)
        func number(_ narrow: UInt32) throws(ContentError) -> Int {
            guard narrow == .max else { return Int(narrow) }
            guard wide.count >= 8,
                let value = storage.integer(at: wide.lowerBound, as: UInt64.self),
                let number = Int(exactly: value)
            else {
                throw ContentError(
                    member: name, expected: "64-bit numbers in a zip64 field",
                    found: wide.isEmpty ? "none" : "others")
            }
            wide.removeFirst(8)
            return number
        }
        let size = try number(header.size)
        let compressedSize = try number(header.compressedSize)
        let offset = try number(header.offset)
        guard header.disk == 0 || header.disk == .max else {
            throw ContentError(member: name, expected: "an archive in one file", found: "several")
        }
        return WideNumbers(size: size, compressedSize: compressedSize, offset: offset)
    }

    /// Where the contents of the zip64 extra field lie; empty when there is none.
    private func zip64Field(_ extra: Range<Int>) -> Range<Int> {
        var position = extra.lowerBound
        while position + 4 <= extra.upperBound,
            let id = storage.integer(at: position, as: UInt16.self),
            let length = storage.integer(at: position + 2, as: UInt16.self)
        {
            let end = position + 4 + Int(length)
            if end > extra.upperBound { break }
            if id == ZIPLayout.zip64Extra { return position + 4..<end }
            position = end
        }
        return extra.upperBound..<extra.upperBound
    }

    /// The data behind the local header, which must agree with the directory.
    private func dataRange(
        _ header: Header, _ numbers: WideNumbers, _ name: String
    ) throws(ContentError) -> (start: Int, data: Range<Int>) {
        let (start, overflow) = numbers.offset.addingReportingOverflow(prefixLength)
        guard !overflow, start <= storage.count - ZIPLayout.localHeaderSize,
            storage.integer(at: start, as: UInt32.self) == ZIPLayout.localSignature,
            let flags = storage.integer(at: start + 6, as: UInt16.self),
            let method = storage.integer(at: start + 8, as: UInt16.self),
            let nameLength = storage.integer(at: start + 26, as: UInt16.self),
            let extraLength = storage.integer(at: start + 28, as: UInt16.self)
        else {
            throw ContentError(
                member: name, expected: "its header at byte \(numbers.offset)", found: "none")
        }
        let nameStart = start + ZIPLayout.localHeaderSize
        let data = nameStart + Int(nameLength) + Int(extraLength)
        guard data <= storage.count, numbers.compressedSize <= storage.count - data else {
            throw ContentError(
                member: name, expected: "\(numbers.compressedSize) bytes inside the file",
                found: "the end of the file at byte \(storage.count)")
        }
        let localName = ByteRegion(storage, nameStart..<nameStart + Int(nameLength)).copy()
        guard method == header.method, flags & ZIPLayout.refusedFlags == 0,
            localName == ByteRegion(storage, header.nameRange).copy()
        else {
            throw ContentError(
                member: name, expected: "the name and method of the central directory",
                found: "others in its own header")
        }
        return (start, data..<data + numbers.compressedSize)
    }

    /// A name in UTF-8, which every writer of model files uses.
    private static func name(_ bytes: ByteRegion, at position: Int) throws(ContentError) -> String {
        let bytes = bytes.copy()
        guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
            throw ContentError(
                byte: position, expected: "a member name in UTF-8",
                found: bytes.isEmpty ? "none" : "other bytes")
        }
        guard ZIPArchive.isMemberName(name) else {
            throw ContentError(
                member: name, expected: "a relative name inside the archive", found: "another")
        }
        return name
    }
}

extension ZIPArchive {
    /// Whether a member may have this name: a relative path of UTF-8 text that leads nowhere else.
    package static func isMemberName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return !name.isEmpty && name.utf8.count <= 0xFFFF && !name.hasPrefix("/")
            && !parts.contains("..") && !name.utf8.contains(0x5C) && !name.utf8.contains(0)
    }
}
