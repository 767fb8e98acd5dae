package import FormatInterface
package import Tensors

/// A zip archive: its members, found through the central directory and checked against each
/// other, and their contents.
///
/// Stored members are ranges of the archive's own bytes. Refused are: members that overlap, lie
/// outside the file or differ between local header and directory; encrypted and spanned archives;
/// methods but "stored" and "deflated"; absolute names, names with ".." or "\\", and equal names.
package struct ZIPArchive: Sendable {
    package static let memberLimit = 1 << 18

    /// Deflate shrinks weights a little; an archive that shrinks this much is made to fill memory.
    static let inflationLimit = (factor: 100, bytes: 64 << 20)

    package let storage: ByteStorage
    /// In the order of the central directory.
    package let entries: [ZIPEntry]
    /// Bytes before the archive.
    package let prefixLength: Int
    package let comment: [UInt8]
    private let places: [String: Int]

    /// Reads the directory of the archive that `storage` holds.
    package init(_ storage: ByteStorage) throws(ContentError) {
        let end = try ZIPEnd(of: storage)
        var directory = ZIPDirectory(storage, end)
        var entries: [ZIPEntry] = []
        var places: [String: Int] = [:]
        entries.reserveCapacity(end.entryCount)
        for _ in 0..<end.entryCount {
            let entry = try directory.next()
            guard places.updateValue(entries.count, forKey: entry.name) == nil else {
                throw ContentError(member: entry.name, expected: "the name once", found: "it again")
            }
            entries.append(entry)
        }
        try directory.finish()
        try Self.checkOverlaps(entries, end.directory.lowerBound)
        try Self.checkInflation(entries)
        self.storage = storage
        self.entries = entries
        self.places = places
        prefixLength = end.prefixLength
        comment = ByteRegion(storage, end.comment).copy()
    }

    /// The member of this name.
    package subscript(name: String) -> ZIPEntry? { places[name].map { entries[$0] } }

    /// A member's contents: stored ones without a copy.
    ///
    /// - Throws: `ContentError` when the checksum differs, or the deflated data is damaged or does not
    ///   give exactly the bytes stated.
    package func contents(of entry: ZIPEntry) throws(ContentError) -> ByteRegion {
        let contents = try uncheckedContents(of: entry)
        try check(contents, of: entry)
        return contents
    }

    /// A member's contents without a look at their checksum, which `check` compares.
    package func uncheckedContents(of entry: ZIPEntry) throws(ContentError) -> ByteRegion {
        let data = ByteRegion(storage, entry.dataRange)
        return entry.method == .stored ? data : try inflated(data, entry)
    }

    /// - Throws: `ContentError` when the checksum of a member's contents is not the stated one.
    package func check(_ contents: ByteRegion, of entry: ZIPEntry) throws(ContentError) {
        let checksum = contents.checksum()
        guard checksum == entry.checksum else {
            throw ContentError(
                member: entry.name, expected: "contents with the CRC-32 \(hex(entry.checksum))",
                found: hex(checksum))
        }
    }

    /// Names of the members that a possibly damaged archive seems to have: all of them, or the one
    /// that its first header names. Tells what an archive is for; `init` tells whether it is sound.
    package static func apparentNames(_ storage: ByteStorage) -> [String] {
        guard storage.integer(at: 0, as: UInt32.self) == ZIPLayout.localSignature else {
            return (try? ZIPArchive(storage))?.entries.map(\.name) ?? []
        }
        if let archive = try? ZIPArchive(storage) { return archive.entries.map(\.name) }
        let length = storage.integer(at: 26, as: UInt16.self).map { Int($0) } ?? 0
        let end = min(storage.count, ZIPLayout.localHeaderSize + length)
        guard end > ZIPLayout.localHeaderSize else { return [] }
        let name = ByteRegion(storage, ZIPLayout.localHeaderSize..<end).copy()
        return [String(decoding: name, as: UTF8.self)]
    }

    /// Members lie one behind the other, before the directory.
    private static func checkOverlaps(
        _ entries: [ZIPEntry], _ directoryStart: Int
    ) throws(ContentError) {
        var end = 0
        for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard entry.headerOffset >= end else {
                throw ContentError(
                    member: entry.name, expected: "members that do not overlap",
                    found: "its header at byte \(entry.headerOffset), inside another")
            }
            end = entry.dataRange.upperBound
            guard end <= directoryStart else {
                throw ContentError(
                    member: entry.name,
                    expected: "data before the central directory at byte \(directoryStart)",
                    found: "data up to byte \(end)")
            }
        }
    }

    /// The members to inflate must not take much more memory than the file itself.
    private static func checkInflation(_ entries: [ZIPEntry]) throws(ContentError) {
        var compressed = 0
        var size = 0
        for entry in entries where entry.method == .deflated {
            compressed += entry.dataRange.count
            let sum = size.addingReportingOverflow(entry.size)
            size = sum.overflow ? .max : sum.partialValue
        }
        let product = compressed.multipliedReportingOverflow(by: inflationLimit.factor)
        let limit = max(inflationLimit.bytes, product.overflow ? .max : product.partialValue)
        if size > limit {
            throw ContentError(
                expected: "\(compressed) deflated bytes to hold at most \(limit)",
                found: "\(size)")
        }
    }

    private func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
