import FormatInterface
import Tensors
import TestSupport
import Testing
import ZIPContainer

@Suite struct Writing {
    /// Writes members and returns the file.
    private func write(
        _ members: [(name: String, contents: [[UInt8]])], alignment: Int = 1,
        comment: [UInt8] = [], in folder: TemporaryFolder, as name: String = "a.zip"
    ) throws -> InputFile {
        try OutputFile.write(to: folder.path(name), replacing: true) { file in
            var writer = ZIPWriter()
            for member in members {
                try writer.append(
                    member.name, member.contents.map { ByteRegion($0).tensor },
                    alignment: alignment,
                    to: file)
            }
            try writer.finish(comment: comment, to: file)
        }
        return try InputFile(path: folder.path(name))
    }

    @Test(arguments: [1, 2, 16, 64, 4096])
    func `members come back, aligned as asked`(_ alignment: Int) throws {
        let folder = try TemporaryFolder()
        let members: [(name: String, contents: [[UInt8]])] = (0..<70).map { index in
            let bytes = (0..<index * 7).map { UInt8(truncatingIfNeeded: $0) }
            return ("archive/größe/\(index)", [bytes, [], [UInt8(index)]])
        }
        let file = try write(
            members, alignment: alignment, comment: [1, 2], in: folder)
        let archive = try ZIPArchive(file.storage)
        #expect(archive.comment == [1, 2])
        #expect(archive.entries.map(\.name) == members.map(\.name))
        for (entry, member) in zip(archive.entries, members) {
            #expect(entry.dataRange.lowerBound % alignment == 0)
            #expect(try archive.contents(of: entry).copy() == Array(member.contents.joined()))
        }
    }

    @Test func `an empty archive is written and read`() throws {
        let folder = try TemporaryFolder()
        let file = try write([], in: folder)
        #expect(file.count == 22)
        #expect(try ZIPArchive(file.storage).entries.isEmpty)
    }

    @Test func `more members than 16 bits count take a zip64 record`() throws {
        let folder = try TemporaryFolder()
        let members = (0..<0xFFFF).map { (name: "\($0)", contents: [[UInt8]]()) }
        let file = try write(members, in: folder)
        #expect(file.storage.integer(at: file.count - 42, as: UInt32.self) == 0x0706_4B50)
        #expect(try ZIPArchive(file.storage).entries.count == 0xFFFF)
    }

    @Test func `checksums are those of the definition, for every length and for parts`() throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: 3)
        let bytes = (0..<600).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let members = (0..<600).map { length in
            let cut = length * 2 / 3
            return (
                name: "\(length)",
                contents: [Array(bytes[0..<cut]), Array(bytes[cut..<length])]
            )
        }
        let archive = try ZIPArchive(write(members, in: folder).storage)
        for (length, entry) in archive.entries.enumerated() {
            #expect(entry.checksum == crc32(Array(bytes.prefix(length))), "\(length)")
        }
    }

    @Test func `the same members give the same bytes`() throws {
        let folder = try TemporaryFolder()
        let members = [(name: "b", contents: [[1 as UInt8]]), (name: "a", contents: [[2]])]
        let first = try write(members, alignment: 64, in: folder, as: "first").allBytes
        let second = try write(members, alignment: 64, in: folder, as: "other name").allBytes
        #expect(first == second)
    }

    @Test(arguments: [["a", "a"], [""], [String(repeating: "x", count: 0x10000)]])
    func `names that an archive cannot have are refused`(_ names: [String]) throws {
        let folder = try TemporaryFolder()
        #expect(throws: OutputError.self) {
            try write(names.map { ($0, [[1]]) }, in: folder)
        }
    }

    @Test func `a comment over 65535 bytes is refused`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: OutputError.self) {
            try write([], comment: [UInt8](repeating: 0, count: 0x10000), in: folder)
        }
    }
}
