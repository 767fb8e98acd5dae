import Foundation
import Tensors

/// The companion of one destination, while that is being written.
///
/// Several processes may write and replace models that share one. Whoever has a destination to
/// rename holds a shared lock on its companion; only who gets an exclusive lock removes it.
final class Companion {
    private let destination: String
    private let folder: String
    /// The destination's own name.
    private let name: String
    /// The companion's name in the folder, once it is written.
    private var current: String?
    /// Whether no file of that name and content was there before.
    private var isNew = false
    /// The open companion, locked; −1 for none.
    private var lock: Int32 = -1

    init(destination: String, folder: String, name: Substring) {
        self.destination = destination
        self.folder = folder
        self.name = String(name)
    }

    deinit { if lock >= 0 { close(lock) } }

    /// Writes the companion and gives it its name.
    ///
    /// - Returns: the name, without the folder.
    func write(_ fill: (inout CompanionFile) throws -> Void) throws -> String {
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
            let final = "\(Self.prefix)\(try file.tag())\(Self.suffix)"
            try place(temporary, as: final)
            return final
        } catch {
            unsafe unlink(temporary)
            PendingFile.clear(.companion)
            throw error
        }
    }

    private func place(_ temporary: String, as final: String) throws {
        let path = "\(folder)/\(final)"
        while true {
            guard hold(temporary) else { throw failure("lock") }
            if unsafe link(temporary, path) == 0 {
                isNew = true
                PendingFile.set(path, .companion)
                break
            }
            guard errno == EEXIST else { throw failure("create") }
            // Another model's, with the same content: it belongs to both.
            guard hold(path) else {
                // A process that replaces the other model has it, and may remove it.
                guard errno == ENOENT || errno == EWOULDBLOCK else { throw failure("lock") }
                usleep(10_000)
                continue
            }
            let (old, new) = (try InputFile(path: path), try InputFile(path: temporary))
            guard old.hasEqualBytes(to: new) else {
                throw OutputError(
                    file: path, problem: "exists already with other content; remove it first")
            }
            PendingFile.clear(.companion)
            // Between opening and locking it may have been removed.
            if isCurrent(path) { break }
        }
        unsafe unlink(temporary)
        syncFolder(folder)
        current = final
    }

    /// Opens a file and takes a shared lock on it, in place of the one held.
    private func hold(_ path: String) -> Bool {
        if lock >= 0 { close(lock) }
        lock = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        return lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) == 0
    }

    /// Whether the path still is the file that is held.
    private func isCurrent(_ path: String) -> Bool {
        var (held, named) = (stat(), stat())
        return unsafe fstat(lock, &held) == 0 && lstat(path, &named) == 0
            && held.st_dev == named.st_dev && held.st_ino == named.st_ino
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
        if isNew, let current, flock(lock, LOCK_EX | LOCK_NB) == 0 {
            unsafe unlink("\(folder)/\(current)")
        }
        PendingFile.clear(.companion)
    }
}

// MARK: Companions of replaced destinations

extension Companion {
    private static let prefix = "weights."
    private static let suffix = ".data"

    /// Names of companions that the destination has before it is replaced.
    func named(by destination: String) -> [String] {
        let companions = names().filter(Self.isCompanion)
        var status = stat()
        guard !companions.isEmpty, unsafe lstat(destination, &status) == 0,
            status.st_mode & S_IFMT == S_IFREG, let file = try? InputFile(path: destination)
        else { return [] }
        return companions.filter { file.mentions($0) }
    }

    /// Removes companions that no file of the folder names any more.
    func remove(unnamed companions: [String]) {
        for companion in companions where companion != current {
            let path = "\(folder)/\(companion)"
            let descriptor = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            // Whoever holds it is writing a model that names it.
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, !isNamed(companion) else { continue }
            unsafe unlink(path)
        }
    }

    private func names() -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// Whether a file of the folder names a companion, or may: one that cannot be read.
    private func isNamed(_ companion: String) -> Bool {
        names().contains { name in
            if Self.isCompanion(name) { return false }
            let path = "\(folder)/\(name)"
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return false }
            // A model in protobuf has less than 2 GiB.
            guard status.st_mode & S_IFMT == S_IFREG, status.st_size <= Int32.max else {
                return false
            }
            guard let file = try? InputFile(path: path) else { return true }
            return file.mentions(companion)
        }
    }

    private static func isCompanion(_ name: String) -> Bool {
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
        let tag = name.utf8.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
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

    /// Whether the bytes of `text` stand somewhere in the file.
    fileprivate func mentions(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return unsafe storage.withUnsafeBytes { bytes in
            var rest = unsafe bytes
            while rest.count >= wanted.count, let base = rest.baseAddress,
                let found = unsafe memchr(
                    base, Int32(wanted[0]), rest.count - wanted.count + 1)
            {
                if unsafe memcmp(found, wanted, wanted.count) == 0 { return true }
                unsafe rest = UnsafeRawBufferPointer(
                    rebasing: rest.dropFirst(UnsafeRawPointer(found) - base + 1))
            }
            return false
        }
    }
}
