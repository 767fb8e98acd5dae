import Foundation
import Tensors

/// A file that belongs to a destination and is written before it: the numbers of a model whose
/// messages cannot hold them.
///
/// It is called `NAME.HASH.data`, after the destination and the first 8 hexadecimal digits of its
/// content's SHA-256: it never has the name of a file with other content, so the destination's
/// rename alone decides between an old pair of files and the new one.
package struct CompanionFile: ~Copyable {
    private let descriptor: Int32
    private let destination: String
    private var digest: SHA256

    fileprivate init(descriptor: Int32, destination: String) throws {
        do {
            digest = try SHA256()
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.destination = destination
    }

    deinit { close(descriptor) }

    /// Appends bytes.
    package mutating func write(_ bytes: RawSpan) throws(OutputError) {
        try writeAll(bytes, to: descriptor, for: destination)
        digest.update(bytes)
    }

    package mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        try unsafe write(bytes.span.bytes)
    }

    /// What the content so far is called by.
    fileprivate func tag() throws -> String { String(try digest.hexadecimal().prefix(8)) }

    fileprivate func synchronize() throws(OutputError) {
        guard fsync(descriptor) == 0 else {
            throw OutputError(
                file: destination, problem: "could not write: \(lastSystemError())")
        }
    }
}

/// The companion of one destination, while that is being written.
final class Companion {
    private let destination: String
    private let folder: String
    private let name: String
    /// The companion's name in the folder, once it is written.
    private var current: String?
    /// Whether no file of that name and content was there before.
    private var isNew = false

    init(destination: String, folder: String, name: Substring) {
        self.destination = destination
        self.folder = folder
        self.name = String(name)
    }

    /// Writes the companion and gives it its name.
    ///
    /// - Returns: the name, without the folder.
    func write(
        _ fill: (inout CompanionFile) throws -> Void
    ) throws -> String {
        let temporary =
            "\(folder)/.\(name.prefix(60)).\(getpid()).\(UInt32.random(in: 0 ... .max)).data"
        PendingFile.set(temporary, .companion)
        do {
            let descriptor = unsafe open(
                temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw failure("create") }
            var file = try CompanionFile(descriptor: descriptor, destination: destination)
            try fill(&file)
            try file.synchronize()
            return try place(temporary, as: "\(name).\(file.tag()).data")
        } catch {
            unsafe unlink(temporary)
            PendingFile.clear(.companion)
            guard error is SHA256.OutOfMemory else { throw error }
            throw OutputError(
                file: destination, problem: "expected memory for a checksum, found none")
        }
    }

    private func place(_ temporary: String, as final: String) throws -> String {
        let path = "\(folder)/\(final)"
        if unsafe link(temporary, path) == 0 {
            isNew = true
            PendingFile.set(path, .companion)
        } else {
            guard errno == EEXIST else { throw failure("create") }
            // The same content under the same name: it may belong to the destination as it is.
            let (old, new) = (try InputFile(path: path), try InputFile(path: temporary))
            guard old.hasEqualBytes(to: new) else {
                throw OutputError(
                    file: path, problem: "exists already with other content; remove it first")
            }
            PendingFile.clear(.companion)
        }
        unsafe unlink(temporary)
        syncFolder(folder)
        current = final
        return final
    }

    private func failure(_ action: String) -> OutputError {
        OutputError(
            file: destination, problem: "could not \(action) its data file: \(lastSystemError())")
    }

    /// Leaves the companion to a destination that is about to be renamed.
    func release() {
        PendingFile.clear(.companion)
    }

    /// Takes back a companion whose destination was not written.
    func remove() {
        if isNew, let current { unsafe unlink("\(folder)/\(current)") }
        PendingFile.clear(.companion)
    }

    /// Removes companions that the destination had before.
    func removeOlder() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for other in names where other != current && isCompanion(other) {
            unsafe unlink("\(folder)/\(other)")
        }
    }

    private func isCompanion(_ other: String) -> Bool {
        guard other.hasPrefix("\(name)."), other.hasSuffix(".data") else { return false }
        let tag = other.utf8.dropFirst(name.utf8.count + 1).dropLast(5)
        return tag.count == 8
            && tag.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

extension InputFile {
    fileprivate func hasEqualBytes(to other: InputFile) -> Bool {
        unsafe storage.withUnsafeBytes { mine in
            unsafe other.storage.withUnsafeBytes { theirs in
                guard mine.count == theirs.count else { return false }
                guard let a = mine.baseAddress, let b = theirs.baseAddress else { return true }
                return unsafe memcmp(a, b, mine.count) == 0
            }
        }
    }
}
