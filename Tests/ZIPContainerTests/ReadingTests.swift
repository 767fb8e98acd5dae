import FormatInterface
import Tensors
import TestSupport
import Testing
import ZIPContainer

@Suite struct Reading {
    @Test func `stored members are ranges of the file`() throws {
        let made = MadeArchive()
        let archive = try made.read()
        #expect(archive.entries.map(\.name) == ["a/x", "a/y"])
        let entry = try #require(archive["a/x"])
        let contents = try archive.contents(of: entry)
        #expect(contents.storage === archive.storage)
        #expect(contents.range == entry.dataRange)
        #expect(contents.copy() == [1, 2, 3])
        #expect(archive["x"] == nil)
    }

    @Test func `an archive of no members is one`() throws {
        var made = MadeArchive()
        made.members = []
        #expect(try made.read().entries.isEmpty)
    }

    /// What Python's zlib makes of eight "abc" and forty zeros.
    static let deflated: [UInt8] = [0x4B, 0x4C, 0x4A, 0x4E, 0xC4, 0x86, 0x18, 0x88, 0x04, 0x00]

    @Test func `deflated members are inflated`() throws {
        var made = MadeArchive()
        let plain =
            Array(repeatElement(Array("abc".utf8), count: 8).joined())
            + [UInt8](repeating: 0, count: 40)
        made.members[0].data = Self.deflated
        made.members[0].method = 8
        made.members[0].size = UInt32(plain.count)
        made.members[0].checksum = crc32(plain)
        let archive = try made.read()
        #expect(try archive.contents(of: archive.entries[0]).copy() == plain)
        #expect(try archive.contents(of: archive.entries[1]).copy() == [9])
    }

    @Test func `a deflated member of no bytes is empty`() throws {
        var made = MadeArchive()
        made.members[0].data = [3, 0]
        made.members[0].method = 8
        made.members[0].size = 0
        made.members[0].checksum = 0
        let archive = try made.read()
        #expect(try archive.contents(of: archive.entries[0]).count == 0)
    }

    @Test func `zip64 records, data descriptors, comments and prefixes are understood`() throws {
        var made = MadeArchive()
        made.isZIP64 = true
        made.prefix = Array("#!/bin/sh\n".utf8)
        made.comment = Array("PK\u{5}\u{6} a comment".utf8)
        made.members[0].size = .max
        made.members[0].compressedSize = .max
        made.members[0].extra = le(UInt16(7)) + le(UInt16(1)) + [0]
        made.members[0].extra += le(UInt16(1)) + le(UInt16(16)) + le(UInt64(3)) + le(UInt64(3))
        made.members[0].trailer = Array("PK\u{7}\u{8}".utf8) + [UInt8](repeating: 0, count: 12)
        made.members[0].localExtra = [0x46, 0x42, 2, 0, 90, 90]
        let archive = try made.read()
        #expect(archive.prefixLength == 10)
        #expect(archive.comment == made.comment)
        #expect(try archive.contents(of: archive.entries[0]).copy() == [1, 2, 3])
        #expect(try archive.contents(of: archive.entries[1]).copy() == [9])
    }

    @Test func `a comment of the greatest length is read`() throws {
        var made = MadeArchive()
        made.comment = [UInt8](repeating: 0x50, count: 0xFFFF)
        #expect(try made.read().comment.count == 0xFFFF)
    }

    @Test func `an archive cut anywhere is refused, and still tells its first name`() throws {
        let bytes = MadeArchive().bytes
        for cut in 0..<bytes.count {
            let storage = ByteStorage(Array(bytes.prefix(cut)))
            #expect(throws: ContentError.self, "cut at \(cut)") { try ZIPArchive(storage) }
            let names = ZIPArchive.apparentNames(storage)
            #expect(names == (cut >= 33 ? ["a/x"] : names))
        }
    }

    @Test func `twenty thousand seeded bit flips are read or refused`() {
        var made = MadeArchive()
        made.members[0].data = Self.deflated
        made.members[0].method = 8
        made.members[0].size = 64
        made.isZIP64 = true
        let bytes = made.bytes
        for seed in 0..<20_000 as Range<UInt64> {
            let storage = ByteStorage(Mutation.flippingOneBit(of: bytes, seed: seed))
            guard let archive = try? ZIPArchive(storage) else { continue }
            for entry in archive.entries { _ = try? archive.contents(of: entry) }
        }
    }
}
