import FormatInterface
import Foundation

/// The pictures that arguments name: files, and the JPEG and PNG files in folders and theirs.
struct PictureTree {
    struct Entry {
        let path: String
        /// Its place below the folder that was given, without the file's ending: what outputs are
        /// called after. A file that was given itself has its name alone.
        let stem: String
    }

    private static let endings: Set = ["jpg", "jpeg", "jpe", "png"]
    /// Folders inside each other; links to folders are not followed, so that there are no circles.
    private static let depthLimit = 64

    private(set) var entries: [Entry] = []
    /// Folders that were given.
    private(set) var folders: [String] = []
    /// Files in folders whose names are none of a JPEG or PNG.
    private(set) var skippedCount = 0

    /// - Throws: `InputError` for a folder that cannot be read, or holds no picture.
    init(_ arguments: [String]) throws(InputError) {
        for argument in arguments {
            guard Self.kind(argument, followingLinks: true) == .folder else {
                entries.append(Entry(path: argument, stem: Self.stem(Self.name(of: argument))))
                continue
            }
            let known = entries.count
            let folder = Self.withoutSlashes(argument)
            folders.append(folder)
            try add(folder, below: "", depth: 0)
            if entries.count == known {
                throw InputError(
                    file: argument, expected: "JPEG or PNG files in the folder", found: "none")
            }
        }
    }

    private mutating func add(_ folder: String, below place: String, depth: Int) throws(InputError)
    {
        guard depth < Self.depthLimit else {
            throw InputError(
                file: folder, expected: "at most \(Self.depthLimit) folders inside each other",
                found: "more")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw InputError(
                file: folder, expected: "a readable folder", found: lastSystemError())
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if name.hasPrefix(".") { continue }
            let path = "\(folder)/\(name)"
            if Self.kind(path, followingLinks: false) == .folder {
                try add(path, below: "\(place)\(name)/", depth: depth + 1)
            } else if Self.isPicture(name), Self.kind(path, followingLinks: true) == .file {
                entries.append(Entry(path: path, stem: place + Self.stem(name)))
            } else {
                skippedCount += 1
            }
        }
    }

    // MARK: Names

    private enum Kind { case file, folder, other }

    private static func kind(_ path: String, followingLinks: Bool) -> Kind {
        var status = stat()
        let result =
            followingLinks ? unsafe stat(path, &status) : unsafe lstat(path, &status)
        guard result == 0 else { return .other }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    private static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    private static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    private static func isPicture(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }

    /// The name without the ending of a picture; any other ending stays.
    private static func stem(_ name: String) -> String {
        guard isPicture(name), let dot = name.lastIndex(of: "."), dot > name.startIndex else {
            return name
        }
        return String(name[..<dot])
    }
}
