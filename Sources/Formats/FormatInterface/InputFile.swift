import Foundation
package import Tensors

/// A regular file, mapped for reading.
package struct InputFile: Sendable {
    package let path: String
    /// All bytes of the file.
    package let storage: ByteStorage

    package var count: Int { storage.count }

    /// Opens and maps a file.
    ///
    /// - Throws: `InputError` when it is missing, unreadable, or no regular file (a folder, a pipe, a
    ///   device: reading those could block or never end).
    package init(path: String) throws(InputError) {
        // Not blocking, so that a pipe without a writer is refused instead of waited for.
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputError(file: path, expected: "a readable file", found: lastSystemError())
        }
        try self.init(descriptor: descriptor, path: path)
    }

    /// Maps an open file, and closes the descriptor when the last user of the bytes is gone.
    init(descriptor: Int32, path: String) throws(InputError) {
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw InputError(file: path, expected: "a readable file", found: lastSystemError())
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw InputError(
                file: path, expected: "a regular file", found: kind(ofMode: status.st_mode))
        }
        self.path = path
        let size = Int(status.st_size)
        if size == 0 {
            storage = ByteStorage([])
            return
        }
        guard let base = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
            unsafe base != MAP_FAILED
        else {
            throw InputError(file: path, expected: "a file to map", found: lastSystemError())
        }
        let address = UInt(bitPattern: base)
        isKept = true
        unsafe storage = ByteStorage(
            unsafeOwning: UnsafeRawPointer(base), count: size, fileDescriptor: descriptor
        ) {
            unsafe _ = munmap(UnsafeMutableRawPointer(bitPattern: address), size)
            close(descriptor)
        }
    }

    /// Up to `count` bytes from `offset`, fewer at the end of the file.
    package func bytes(at offset: Int, count: Int) -> [UInt8] {
        guard offset >= 0, count > 0, offset < storage.count else { return [] }
        let end = min(storage.count, offset.addingReportingOverflow(count).partialValue)
        return unsafe storage.withUnsafeBytes { unsafe Array($0[offset..<max(offset, end)]) }
    }
}

/// What a file that is not a regular one is, in words for "found …".
func kind(ofMode mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
}

/// What the last failed system call said.
package func lastSystemError() -> String {
    unsafe String(cString: strerror(errno)).lowercased()
}
