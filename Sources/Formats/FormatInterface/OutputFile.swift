import Foundation
import Synchronization
package import Tensors

/// A file being written beside its destination, which is replaced whole or not at all.
///
/// `write` makes a temporary file in the destination's folder, lets the caller fill it and check it,
/// syncs it, renames it over the destination and syncs the folder. Whatever happens before the
/// rename, the destination stays as it was and the temporary file is removed. A destination that is
/// a symbolic link is replaced itself; what it points to is not touched.
package struct OutputFile: ~Copyable {
    /// The destination, for messages.
    package let destination: String
    /// The file being written; libraries that open files by name write here.
    package let temporaryPath: String
    /// What the kernel copied into the file, and was found equal.
    package let copies: CopiedParts
    private let descriptor: Int32
    private let companion: Companion

    /// Writes `destination` atomically.
    ///
    /// - Parameters:
    ///   - replacing: whether an existing destination may be replaced.
    ///   - fill: writes the content.
    ///   - check: examines the written file; throwing keeps the destination as it was.
    /// - Throws: `OutputError`, or what `fill` and `check` throw.
    package static func write(
        to destination: String, replacing: Bool,
        fill: (borrowing OutputFile) throws -> Void,
        check: (borrowing OutputFile) throws -> Void = { _ in }
    ) throws {
        let file = try OutputFile(destination: destination)
        do {
            try fill(file)
            // The disk writes meanwhile.
            try check(file)
            try file.synchronize()
            // From here on a signal may come before or after the rename: the data must stay.
            file.companion.release()
            let older = file.companion.named(by: destination)
            try file.moveIntoPlace(replacing: replacing)
            file.companion.remove(unnamed: older)
        } catch {
            unsafe unlink(file.temporaryPath)
            file.companion.remove()
            PendingFile.clear()
            throw error
        }
        PendingFile.clear()
    }

    /// Writes a file that belongs to the destination, synced before the destination is renamed.
    ///
    /// It is removed again when the destination is not written; companions of the file that the
    /// destination replaces are removed afterwards, unless another file of the folder names them.
    ///
    /// - Returns: its name in the destination's folder.
    package func writeCompanion(
        _ fill: (inout CompanionFile) throws -> Void
    ) throws -> String {
        try companion.write(fill)
    }

    private init(destination: String) throws(OutputError) {
        self.destination = destination
        let (folder, name) = Self.parts(of: destination)
        if let kind = Self.irreplaceable(destination) {
            throw OutputError(file: destination, problem: "expected a file to write, found \(kind)")
        }
        // Short enough for any name the destination itself may have.
        let unique = "\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let path = "\(folder)/.\(name.prefix(60)).\(unique).part"
        PendingFile.set(path)
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let descriptor = unsafe open(path, flags, 0o666)
        guard descriptor >= 0 else {
            PendingFile.clear()
            throw OutputError(
                file: destination,
                problem: "expected a folder to write in, found \(lastSystemError())")
        }
        temporaryPath = path
        self.descriptor = descriptor
        copies = CopiedParts(of: descriptor)
        companion = Companion(destination: destination, folder: folder, name: name)
    }

    deinit {
        copies.wait()
        close(descriptor)
    }

    /// What a destination is that no file may replace: a folder, or a link to one, a pipe, a
    /// socket or a device; nil for everything else and for nothing.
    package static func irreplaceable(_ path: String) -> String? {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                return nil
            }
        }
        return status.st_mode & S_IFMT == S_IFREG ? nil : kind(ofMode: status.st_mode)
    }

    /// Appends a tensor's elements, which are moved piece by piece where its axes were reordered.
    ///
    /// - Parameter visit: sees the pieces while they are in the cache, in any order and from several
    ///   threads, each with its offset from the first element.
    package func write(
        _ tensor: Tensor, visit: (@Sendable (Int, RawSpan) -> Void)? = nil
    ) throws(OutputError) {
        let start = Int(lseek(descriptor, 0, SEEK_CUR))
        try tensor.write(
            to: descriptor, at: start, for: destination, copies: copies, visit: visit)
        _ = lseek(descriptor, off_t(start + tensor.byteCount), SEEK_SET)
    }

    /// Writes a tensor's elements where a library that wrote the file by name left room for them.
    package func write(_ tensor: Tensor, at offset: Int) throws(OutputError) {
        try tensor.write(to: descriptor, at: offset, for: destination, copies: copies)
    }

    /// Replaces bytes that were written.
    package func write(_ bytes: [UInt8], at offset: Int) throws(OutputError) {
        copies.forget(offset..<offset + bytes.count)
        guard unsafe bytes.withUnsafeBytes({ unsafe writeAll($0, to: descriptor, at: offset) })
        else {
            throw OutputError(
                file: destination, problem: "could not write: \(lastSystemError())")
        }
    }

    package func write(_ bytes: [UInt8]) throws(OutputError) {
        try unsafe writeAll(bytes.span.bytes, to: descriptor, for: destination)
    }

    private func synchronize() throws(OutputError) {
        // A library may have written by name: sync what the name now holds.
        let named = unsafe open(temporaryPath, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        defer { if named >= 0 { close(named) } }
        guard named >= 0, fsync(named) == 0 else {
            throw OutputError(
                file: destination, problem: "could not write: \(lastSystemError())")
        }
    }

    private func moveIntoPlace(replacing: Bool) throws(OutputError) {
        if replacing {
            guard unsafe rename(temporaryPath, destination) == 0 else {
                throw OutputError(
                    file: destination, problem: "could not replace: \(lastSystemError())")
            }
        } else {
            // A link refuses an existing name in the same step, which rename does not.
            guard unsafe link(temporaryPath, destination) == 0 else {
                throw OutputError(
                    file: destination,
                    problem: errno == EEXIST
                        ? "exists already; give --force to replace it"
                        : "could not create: \(lastSystemError())")
            }
            unsafe unlink(temporaryPath)
        }
        syncFolder(Self.parts(of: destination).folder)
    }

    /// A path's folder and the name in it; Foundation's own functions trap on names of one letter.
    static func parts(of path: String) -> (folder: String, name: Substring) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            return (".", path[...])
        }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/" : String(folder), path[path.utf8.index(after: slash)...])
    }
}

/// Makes the names in a folder lasting.
func syncFolder(_ path: String) {
    let folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
        fsync(folder)
        close(folder)
    }
}

/// The unfinished files to remove when a signal ends the process.
package enum PendingFile {
    enum Role {
        case destination, companion
    }

    private static let destination = Atomic<UInt>(0)
    private static let companion = Atomic<UInt>(0)

    static func set(_ file: String, _ role: Role = .destination) {
        let address = UInt(bitPattern: unsafe strdup(file))
        switch role {
        case .destination: destination.store(address, ordering: .releasing)
        case .companion: companion.store(address, ordering: .releasing)
        }
    }

    /// The old name is not freed: a signal handler may be reading it.
    static func clear(_ role: Role = .destination) {
        switch role {
        case .destination: destination.store(0, ordering: .releasing)
        case .companion: companion.store(0, ordering: .releasing)
        }
    }

    /// The last part of an unfinished folder: a pair of the address of its name and of the pair
    /// before it.
    private static let parts = Atomic<UInt>(0)

    /// Adds a file or folder that an unfinished folder consists of, itself first.
    static func addPart(_ path: String) {
        let pair = UnsafeMutablePointer<UInt>.allocate(capacity: 2)
        unsafe pair[0] = UInt(bitPattern: strdup(path))
        unsafe pair[1] = parts.load(ordering: .relaxed)
        parts.store(UInt(bitPattern: pair), ordering: .releasing)
    }

    /// Pairs are not freed, like names.
    static func clearParts() { parts.store(0, ordering: .releasing) }

    /// Removes the files; safe inside a signal handler.
    package static func removeInSignalHandler() {
        remove(destination.load(ordering: .acquiring))
        remove(companion.load(ordering: .acquiring))
        var address = parts.load(ordering: .acquiring)
        while let pair = unsafe UnsafePointer<UInt>(bitPattern: address) {
            if let name = unsafe UnsafePointer<CChar>(bitPattern: pair[0]),
                unsafe unlink(name) != 0
            {
                unsafe _ = rmdir(name)
            }
            address = unsafe pair[1]
        }
    }

    private static func remove(_ address: UInt) {
        if let name = unsafe UnsafePointer<CChar>(bitPattern: address) {
            unsafe _ = unlink(name)
        }
    }
}
