import FormatInterface
package import Foundation
import Tensors
import ZIPContainer

/// A good file, copied where a test damages it.
package struct DamagedFile: Sendable {
    package let path: String

    /// What the good file does not hold: the test's own mistake.
    package struct Absent: Error {
        package let what: String

        package init(_ what: String) { self.what = what }
    }

    package init(path: String) { self.path = path }

    /// Copies a recorded file into a folder.
    package init(copying source: URL, into folder: TemporaryFolder) throws {
        path = folder.path(source.lastPathComponent)
        try Data(contentsOf: source).write(to: URL(fileURLWithPath: path))
    }

    /// Another file of its folder.
    package func beside(_ name: String) -> DamagedFile {
        DamagedFile(
            path: URL(fileURLWithPath: path).deletingLastPathComponent()
                .appendingPathComponent(name).path)
    }

    package func remove() throws { try FileManager.default.removeItem(atPath: path) }

    /// Changes its bytes.
    package func change(_ body: (inout [UInt8]) throws -> Void) throws {
        let url = URL(fileURLWithPath: path)
        var bytes = [UInt8](try Data(contentsOf: url))
        try body(&bytes)
        try Data(bytes).write(to: url)
    }

    /// Replaces the first place where it holds `old`.
    package func replace(_ old: String, with new: String) throws {
        try change { try $0.replace(old, with: new) }
    }

    package func replace(_ old: [UInt8], with new: [UInt8]) throws {
        try change { try $0.replace(old, with: new) }
    }

    package func append(_ bytes: [UInt8]) throws { try change { $0 += bytes } }

    package func cut(_ count: Int) throws { try change { $0.removeLast(count) } }

    /// Changes the header of a safetensors file, whose length follows.
    package func changeHeader(_ old: String, _ new: String) throws {
        try change { bytes in
            try bytes.replace(old, with: new)
            let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
            let count = length + new.utf8.count - old.utf8.count
            for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: count >> (8 * place)) }
        }
    }

    // MARK: Zip archives

    /// A zip archive's member.
    package typealias Member = (name: String, contents: [UInt8])

    /// Changes an archive's members, and writes it again with sound sizes and checksums.
    package func changeMembers(_ body: (inout [Member]) throws -> Void) throws {
        let archive = try ZIPArchive(InputFile(path: path).storage)
        var members: [Member] = try archive.entries.map {
            ($0.name, try archive.contents(of: $0).copy())
        }
        try body(&members)
        try OutputFile.write(to: path, replacing: true) { file in
            var writer = ZIPWriter()
            for member in members { try writer.append(member.name, member.contents, to: file) }
            try writer.finish(to: file)
        }
    }

    /// Changes the contents of the member whose name ends so.
    package func changeMember(
        _ ending: String, _ body: (inout [UInt8]) throws -> Void
    ) throws {
        try changeMembers { members in
            guard let place = members.firstIndex(where: { $0.name.hasSuffix(ending) }) else {
                throw Absent(ending)
            }
            try body(&members[place].contents)
        }
    }

    package func removeMember(_ ending: String) throws {
        try changeMembers { members in
            guard let place = members.firstIndex(where: { $0.name.hasSuffix(ending) }) else {
                throw Absent(ending)
            }
            members.remove(at: place)
        }
    }
}

extension [UInt8] {
    /// Replaces the first place that holds `old`.
    package mutating func replace(_ old: [UInt8], with new: [UInt8]) throws {
        guard let place = firstRange(of: old) else { throw DamagedFile.Absent("\(old)") }
        replaceSubrange(place, with: new)
    }

    package mutating func replace(_ old: String, with new: String) throws {
        guard let place = firstRange(of: Array(old.utf8)) else { throw DamagedFile.Absent(old) }
        replaceSubrange(place, with: new.utf8)
    }

    /// Replaces the last place that holds `old`.
    package mutating func replaceLast(_ old: String, with new: String) throws {
        guard let place = ranges(of: Array(old.utf8)).last else { throw DamagedFile.Absent(old) }
        replaceSubrange(place, with: new.utf8)
    }
}
