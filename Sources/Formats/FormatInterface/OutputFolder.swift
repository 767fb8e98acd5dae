import Foundation

/// A folder being written beside its destination, which appears whole or not at all.
///
/// Whatever happens before the last rename, the destination stays as it was, and what was written is
/// removed, by a signal too. A folder that is replaced is moved aside just before and removed after.
package struct OutputFolder {
    private let destination: String
    /// Where the folder lies for the time being.
    private let path: String

    /// Fills a new folder and gives it the destination's name.
    ///
    /// - Parameter replacing: whether a folder that is there may be replaced.
    /// - Throws: `OutputError`, or what `fill` throws.
    package static func write(
        to destination: String, replacing: Bool, fill: (OutputFolder) throws -> Void
    ) throws {
        let folder = try OutputFolder(beside: destination)
        defer { PendingFile.clearParts() }
        do {
            try fill(folder)
            syncFolder(folder.path)
            try folder.move(replacing: replacing)
        } catch {
            try? FileManager.default.removeItem(atPath: folder.path)
            throw error
        }
        syncFolder(OutputFile.parts(of: destination).folder)
    }

    private init(beside destination: String) throws(OutputError) {
        self.destination = destination
        let (folder, name) = OutputFile.parts(of: destination)
        let unique = "\(getpid()).\(UInt32.random(in: 0 ... .max))"
        path = "\(folder)/.\(name.prefix(60)).\(unique).part"
        try Self.make(path, for: destination)
    }

    private static func make(_ path: String, for destination: String) throws(OutputError) {
        PendingFile.addPart(path)
        guard unsafe mkdir(path, 0o777) == 0 else {
            throw OutputError(
                file: destination,
                problem: "expected a folder to write in, found \(lastSystemError())")
        }
    }

    /// Makes a folder inside, of a name without "/".
    package func makeFolder(_ name: String) throws(OutputError) {
        try Self.make("\(path)/\(name)", for: "\(destination)/\(name)")
    }

    /// Writes a file inside.
    ///
    /// - Parameter name: relative to the folder.
    package func write(
        _ name: String, fill: (borrowing OutputFile) throws -> Void
    ) throws {
        PendingFile.addPart("\(path)/\(name)")
        do {
            try OutputFile.write(to: "\(path)/\(name)", replacing: false, fill: fill)
        } catch let error as OutputError {
            throw OutputError(file: "\(destination)/\(name)", problem: error.problem)
        }
    }

    private func move(replacing: Bool) throws(OutputError) {
        // Renaming replaces an empty folder and nothing else.
        if unsafe rename(path, destination) == 0 { return }
        guard replacing else {
            throw OutputError(
                file: destination,
                problem: [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno)
                    ? "exists already; give --force to replace it"
                    : "could not create: \(lastSystemError())")
        }
        let older = path + ".old"
        guard unsafe rename(destination, older) == 0 else {
            throw OutputError(
                file: destination, problem: "could not replace: \(lastSystemError())")
        }
        guard unsafe rename(path, destination) == 0 else {
            let failure = lastSystemError()
            _ = unsafe rename(older, destination)
            throw OutputError(file: destination, problem: "could not replace: \(failure)")
        }
        try? FileManager.default.removeItem(atPath: older)
    }
}
