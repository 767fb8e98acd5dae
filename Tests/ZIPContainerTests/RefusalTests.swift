import FormatInterface
import Tensors
import Testing
import ZIPContainer

/// An archive with one defect, and words of the refusal.
struct Defect: Sendable, CustomTestStringConvertible {
    let name: String
    let words: String
    let make: @Sendable (inout MadeArchive) -> Void

    init(_ name: String, _ words: String, _ make: @escaping @Sendable (inout MadeArchive) -> Void) {
        (self.name, self.words, self.make) = (name, words, make)
    }

    var testDescription: String { name }
}

@Suite struct Refusals {
    static let defects: [Defect] = [
        Defect("no end record", "the end record") {
            $0.comment = Array("cut".utf8); $0.commentLength = 9
        },
        Defect("bytes after the comment", "the end record") {
            $0.comment = [1]; $0.commentLength = 0
        },
        Defect("a spanned archive", "in one file") { $0.disks = 1 },
        Defect("other numbers of members here and in all", "in one file") { $0.countHere = 1 },
        Defect("more members than the directory holds", "at most") { $0.count = 900 },
        Defect("fewer members than the directory holds", "the end of the central directory") {
            $0.count = 1
        },
        Defect("a directory longer than the file", "inside the file") {
            $0.directorySize = 1 << 30
        },
        Defect("a directory beyond the file", "inside the file") { $0.directoryOffset = 1 << 30 },
        Defect("a directory that is too short", "at most") {
            $0.directorySize = 60
        },
        Defect("bytes between directory and end", "a header of the central directory") {
            $0.beforeEnd = [1, 2, 3]
        },
        Defect("a zip64 record elsewhere", "its locator") {
            $0.isZIP64 = true
            $0.zip64Locator = 3
        },
        Defect("2⁶⁴−1 members", "at most") {
            $0.isZIP64 = true; $0.zip64Count = .max
        },
        Defect("zip64 numbers that disagree", "the numbers of the zip64") {
            $0.isZIP64 = true
            $0.count = 1
        },
        Defect("an encrypted member", "encrypted") { $0.members[0].flags |= 1 },
        Defect("a method other than deflate", "method 12") { $0.members[0].method = 12 },
        Defect("a stored member of two sizes", "equal sizes") { $0.members[0].size = 9 },
        Defect("no zip64 field where one is needed", "64-bit numbers") {
            $0.members[0].size = .max
        },
        Defect("a member on another disk", "in one file") { $0.members[0].disk = 3 },
        Defect("a member's offset outside the file", "its header at byte") {
            $0.members[0].offset = 1 << 30
        },
        Defect("an offset at no header", "its header at byte") { $0.members[0].offset = 1 },
        Defect("two members of one header", "the name and method") { $0.members[1].offset = 0 },
        Defect("another name in the local header", "the name and method") {
            $0.members[0].localName = Array("a/z".utf8)
        },
        Defect("another method in the local header", "the name and method") {
            $0.members[0].localMethod = 8
        },
        Defect("members that overlap", "do not overlap") {
            $0.members[0].compressedSize = 20
            $0.members[0].size = 20
        },
        Defect("data that reaches into the directory", "before the central directory") {
            $0.members[1].compressedSize = 20
            $0.members[1].size = 20
        },
        Defect("a name twice", "the name once") { $0.members[1] = $0.members[0] },
        Defect("an absolute name", "a relative name") { $0.members[0] = MadeMember("/etc/passwd") },
        Defect("a name with ..", "a relative name") { $0.members[0] = MadeMember("a/../../x") },
        Defect("a name with a backslash", "a relative name") { $0.members[0] = MadeMember("a\\x") },
        Defect("a name with NUL", "a relative name") { $0.members[0] = MadeMember("a\0x") },
        Defect("an empty name", "in UTF-8") { $0.members[0] = MadeMember("") },
        Defect("a name that is no UTF-8", "in UTF-8") { $0.members[0].name = [0x61, 0xFF] },
        Defect("a deflate bomb", "deflated bytes to hold at most") {
            $0.members[0].method = 8
            $0.members[0].size = 4_000_000_000
        },
    ]

    @Test(arguments: defects)
    func `an archive with a defect is refused`(_ defect: Defect) {
        var made = MadeArchive()
        defect.make(&made)
        do throws(ContentError) {
            _ = try made.read()
            Issue.record("read in spite of \(defect.name)")
        } catch {
            #expect(error.problem.contains(defect.words), "\(error)")
        }
    }

    static let damagedContents: [Defect] = [
        Defect("a wrong checksum", "CRC-32") { $0.members[0].checksum = 0xDEAD_BEEF },
        Defect("damaged deflated data", "damaged data") {
            $0.members[0].data = [0xFF, 0xFF]
            $0.members[0].method = 8
        },
        Defect("deflated data that is cut", "fewer") {
            $0.members[0].data = Array(Reading.deflated.dropLast(2))
            $0.members[0].method = 8
            $0.members[0].size = 64
        },
        Defect("fewer bytes than stated", "fewer") {
            $0.members[0].data = Reading.deflated
            $0.members[0].method = 8
            $0.members[0].size = 65
        },
        Defect("more bytes than stated", "more") {
            $0.members[0].data = Reading.deflated
            $0.members[0].method = 8
            $0.members[0].size = 63
        },
        Defect("bytes behind the deflated data", "other bytes") {
            $0.members[0].data = Reading.deflated + [1]
            $0.members[0].method = 8
            $0.members[0].size = 64
        },
        Defect("more than deflate can shrink", "1032") {
            $0.members[0].data = Reading.deflated
            $0.members[0].method = 8
            $0.members[0].size = 60 << 20
        },
    ]

    @Test(arguments: damagedContents)
    func `damaged contents are refused`(_ defect: Defect) throws {
        var made = MadeArchive()
        defect.make(&made)
        let archive = try made.read()
        do throws(ContentError) {
            _ = try archive.contents(of: archive.entries[0])
            Issue.record("read in spite of \(defect.name)")
        } catch {
            #expect(error.problem.contains(defect.words), "\(error)")
            #expect(error.place == "zip member 'a/x'")
        }
    }
}
