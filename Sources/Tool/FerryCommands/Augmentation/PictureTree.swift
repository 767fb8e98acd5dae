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

    private(set) var entries: [Entry] = []
    /// Folders that were given.
    private(set) var folders: [String] = []
    /// Files in folders whose names are none of a JPEG or PNG.
    private(set) var skippedCount = 0

    /// - Throws: `InputError` for a folder that cannot be read, or holds no picture.
    init(_ arguments: [String]) throws(InputError) {
        for argument in arguments {
            guard FileKind(argument, followingLinks: true) == .folder else {
                entries.append(Entry(path: argument, stem: Self.stem(Self.name(of: argument))))
                continue
            }
            let known = entries.count
            let folder = argument.withoutFinalSlashes
            folders.append(folder)
            let found = try FolderFiles(in: folder)
            skippedCount += found.otherCount
            for file in found.files {
                if Self.isPicture(file.path) {
                    entries.append(
                        Entry(path: "\(folder)/\(file.path)", stem: Self.stem(file.path)))
                } else {
                    skippedCount += 1
                }
            }
            if entries.count == known {
                throw InputError(
                    file: argument, expected: "JPEG or PNG files in the folder", found: "none")
            }
        }
    }

    // MARK: Names

    private static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
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
