import FormatInterface
import Foundation
import Images

/// Pictures with the classes they are known to show.
struct LabelledPictures: Sendable {
    struct Item: Sendable {
        /// Relative to the folder.
        let path: String
        let label: Int
        /// Bytes of the file; −1 where there is none.
        let size: Int
    }

    let folder: String
    private(set) var items: [Item] = []
    /// Files and folders that are no pictures.
    private(set) var skipped = 0
    /// How the classes were told, in words.
    private(set) var rule = ""

    private static let endings: Set = [
        "jpg", "jpeg", "jpe", "jfif", "png", "gif", "webp", "bmp", "tif", "tiff", "heic", "heif",
        "avif", "jxl", "jp2", "svg", "pdf", "psd",
    ]

    func path(of item: Item) -> String { "\(folder)/\(item.path)" }

    /// A folder that has a folder for each class.
    ///
    /// Pictures are told by the endings of their names, other files by their content. Names that
    /// begin with a dot, pipes and the like are skipped.
    ///
    /// - Throws: `InputError` when the folder cannot be read, or its folders are no classes.
    init(folder: String, classes: ClassNames) throws {
        self.folder = folder
        var folders: [String] = []
        for name in try FolderFiles.names(in: folder) {
            let kind = FileKind("\(folder)/\(name)", followingLinks: true)
            if kind == .folder, !name.hasPrefix(".") {
                folders.append(name)
            } else {
                skipped += 1
            }
        }
        guard !folders.isEmpty else {
            throw InputError(
                file: folder, expected: "a folder for each class, or --labels", found: "none")
        }
        let indices: [Int]
        do throws(ClassNames.Problem) {
            let (found, rule) = try classes.indices(ofFolders: folders)
            indices = found
            self.rule = "folders \(rule.rawValue)"
        } catch {
            throw InputError(file: folder, expected: error.expected, found: error.found)
        }
        for (name, label) in zip(folders, indices) { try add(name, label) }
        guard !items.isEmpty else {
            throw InputError(file: folder, expected: "pictures in its folders", found: "none")
        }
    }

    /// Adds the pictures of a class's folder and of the folders in it.
    private mutating func add(_ classFolder: String, _ label: Int) throws(InputError) {
        let found = try FolderFiles(in: "\(folder)/\(classFolder)")
        skipped += found.otherCount
        for file in found.files {
            let path = "\(classFolder)/\(file.path)"
            if isPicture(path) {
                items.append(Item(path: path, label: label, size: file.size))
            } else {
                skipped += 1
            }
        }
    }

    private func isPicture(_ path: String) -> Bool {
        if let dot = path.lastIndex(of: "."),
            Self.endings.contains(path[path.index(after: dot)...].lowercased())
        {
            return true
        }
        guard let file = try? InputFile(path: "\(folder)/\(path)") else { return true }
        return Picture.isPicture(file.storage)
    }

    /// Pictures of a folder that a file lists.
    init(folder: String, _ entries: [LabelFile.Entry], from file: String) {
        self.folder = folder
        rule = "by \(file)"
        items = entries.map { entry in
            let kind = FileKind("\(folder)/\(entry.picture)", followingLinks: true)
            var size = -1
            if case .file(let bytes) = kind { size = bytes }
            return Item(path: entry.picture, label: entry.label, size: size)
        }
    }

    /// What a digest of the list is made of: every path, size and class.
    func digest() throws -> String {
        let digest = try SHA256()
        for item in items {
            let line = "\(item.path.utf8.count) \(item.path) \(item.size) \(item.label)\n"
            digest.update(line)
        }
        return try digest.hexadecimal()
    }
}
