import Foundation

/// The folder a model lies in: the only place from which files that the model names are opened.
///
/// A name is a path of plain parts below the folder. Each part is opened by itself, and none is
/// followed when it is a symbolic link, so that no name leads out of the folder. The last one is a
/// regular file of no other name: a hard link could be to anything.
package struct ModelFolder: Sendable {
    private let path: String

    /// The folder of the model at `path`, as the user gave it.
    package init(of path: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else {
            self.path = "."
            return
        }
        self.path = slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Opens and maps the file that the model calls `name`.
    ///
    /// - Throws: `InputError` when the name leads out of the folder, or to no regular file.
    package func file(_ name: String) throws(InputError) -> InputFile {
        let parts = try parts(of: name)
        var folder = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw refusal(name, lastSystemError()) }
        defer { close(folder) }
        for part in parts.dropLast() {
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
            let next = unsafe openat(folder, part, flags)
            guard next >= 0 else { throw refusal(name, cause(folder, part)) }
            close(folder)
            folder = next
        }
        let last = parts[parts.count - 1]
        let descriptor = unsafe openat(folder, last, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(name, cause(folder, last)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw refusal(name, lastSystemError())
        }
        guard status.st_mode & S_IFMT != S_IFREG || status.st_nlink == 1 else {
            throw refusal(name, "a file with another name elsewhere (a hard link); copy it")
        }
        do {
            return try InputFile(descriptor: descriptor, path: "\(path)/\(name)")
        } catch {
            throw refusal(name, error.problem)
        }
    }

    private func parts(of name: String) throws(InputError) -> [String] {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            .filter { $0 != "." }.map(String.init)
        guard !parts.isEmpty, !name.utf8.contains(0),
            parts.allSatisfy({ !$0.isEmpty && $0 != ".." })
        else {
            throw InputError(
                file: path, expected: "a file in the model's own folder",
                found: "'\(name.prefix(100))'")
        }
        return parts
    }

    /// Why a part could not be opened; links are named as such.
    private func cause(_ folder: Int32, _ part: String) -> String {
        let reason = lastSystemError()
        var status = stat()
        guard unsafe fstatat(folder, part, &status, AT_SYMLINK_NOFOLLOW) == 0,
            status.st_mode & S_IFMT == S_IFLNK
        else { return reason }
        return "a symbolic link"
    }

    private func refusal(_ name: String, _ found: String) -> InputError {
        InputError(
            file: path, expected: "the file '\(name.prefix(100))' in the model's folder",
            found: found)
    }
}
