import Foundation

/// The folder that a model lies in, and the only place from which files that it names are opened.
///
/// Every folder and file on the way is opened by descriptor and may be no symbolic link, so a name
/// leads nowhere else, whatever another process does meanwhile. Nor may the file have a second
/// name, which could be anywhere.
package struct ModelFolder: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private let model: String
    private let format: String

    /// - Parameter format: the model's format, for messages.
    /// - Throws: `InputError` when the folder cannot be opened.
    package init(of model: InputFile, format: String) throws(InputError) {
        self.model = model.path
        self.format = format
        let folder = model.path.utf8.lastIndex(of: UInt8(ascii: "/")).map {
            String(model.path[...$0])
        }
        path = folder ?? "./"
        descriptor = unsafe Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputError(
                file: model.path, format: format, expected: "a folder to read",
                found: lastSystemError())
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Opens the file of a relative name: parts divided by "/", none of them empty, "." or "..".
    ///
    /// - Throws: `InputError`, naming the file, for other names, links, and what is no regular file.
    package borrowing func file(_ name: String) throws(InputError) -> InputFile {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { ["", ".", ".."].contains($0) }), !name.utf8.contains(0),
            !name.contains("\\")
        else {
            throw InputError(
                file: model, format: format, place: "file '\(name.prefix(100))'",
                expected: "a name inside the model's folder", found: "another path")
        }
        var folder = descriptor
        defer { if folder != descriptor { close(folder) } }
        for part in parts.dropLast() {
            let next = unsafe openat(
                folder, String(part), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard next >= 0 else { throw failure(name) }
            if folder != descriptor { close(folder) }
            folder = next
        }
        // Not blocking, so that a pipe is refused instead of waited for.
        let file = unsafe openat(
            folder, String(parts[parts.count - 1]),
            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw failure(name) }
        var status = stat()
        if unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_nlink > 1
        {
            close(file)
            throw failure(name, found: "one with several names (hard links); copy it")
        }
        do throws(InputError) {
            return try InputFile(descriptor: file, path: path == "./" ? name : path + name)
        } catch {
            throw InputError(
                file: model, format: format, place: "file '\(name.prefix(100))'",
                problem: error.problem)
        }
    }

    private func failure(_ name: String, found: String? = nil) -> InputError {
        let cause =
            errno == ELOOP || errno == ENOTDIR ? "a symbolic link, or no folder" : lastSystemError()
        return InputError(
            file: model, format: format, place: "file '\(name.prefix(100))'",
            expected: "a regular file in the model's folder", found: found ?? cause)
    }
}
