import FormatInterface
import Foundation

/// The files in a folder and in the folders below it, sorted by the bytes of their names.
///
/// Names that begin with a dot are passed over, links to folders too, so that there are no circles.
struct FolderFiles {
    struct File {
        /// Relative to the folder.
        let path: String
        let size: Int
    }

    private(set) var files: [File] = []
    /// What is no file: names with a dot, pipes, links to folders and the like.
    private(set) var otherCount = 0

    /// Folders inside each other.
    private static let depthLimit = 64

    /// - Throws: `InputError` when a folder cannot be read, or too many are inside each other.
    init(in folder: String) throws(InputError) {
        try add(folder, below: "", depth: 0)
    }

    private mutating func add(
        _ folder: String, below place: String, depth: Int
    ) throws(InputError) {
        guard depth < Self.depthLimit else {
            throw InputError(
                file: folder, expected: "at most \(Self.depthLimit) folders inside each other",
                found: "more")
        }
        for name in try Self.names(in: folder) {
            let path = "\(folder)/\(name)"
            switch FileKind(path, followingLinks: false) {
            case .folder where !name.hasPrefix("."):
                try add(path, below: "\(place)\(name)/", depth: depth + 1)
            case .file(let size) where !name.hasPrefix("."):
                files.append(File(path: place + name, size: size))
            default: otherCount += 1
            }
        }
    }

    /// Names in a folder, sorted by their bytes.
    ///
    /// - Throws: `InputError` when the folder cannot be read.
    static func names(in folder: String) throws(InputError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        } catch {
            let found = FileKind(folder, followingLinks: true)
            throw InputError(
                file: folder, expected: "a folder that can be read", found: found.words)
        }
    }
}

extension String {
    /// A folder's path without the slashes it may end in.
    var withoutFinalSlashes: String {
        var path = self
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

/// What lies at a path.
enum FileKind: Equatable {
    case file(size: Int)
    case folder
    case other
    case nothing

    /// - Parameter followingLinks: whether a link to a folder is a folder; a link to a file always is
    ///   a file.
    init(_ path: String, followingLinks: Bool) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            self = .nothing
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file(size: Int(status.st_size))
        case S_IFDIR:
            var own = stat()
            let isLink = unsafe lstat(path, &own) != 0 || own.st_mode & S_IFMT == S_IFLNK
            self = isLink && !followingLinks ? .other : .folder
        default: self = .other
        }
    }

    var words: String {
        switch self {
        case .file: "a file"
        case .folder: "one that cannot be read"
        case .other: "something else"
        case .nothing: "no such folder"
        }
    }
}
