import FormatInterface

/// A file of pictures and their classes: `PICTURE<tab>CLASS` or `PICTURE CLASS`, one a line.
///
/// A line without a tab is divided at its last space. Empty lines and lines that begin with `#` count
/// for nothing.
struct LabelFile {
    struct Entry: Sendable {
        /// Relative to the folder, and inside it.
        let picture: String
        let label: Int
    }

    private(set) var entries: [Entry] = []

    private static let format = "labels"
    private static let sizeLimit = 1 << 30
    private static let lineLimit = 8192

    private let path: String

    /// - Throws: `InputError` with the line of what cannot be understood.
    init(path: String, classes: ClassNames) throws(InputError) {
        self.path = path
        let file = try InputFile(path: path)
        guard file.count <= Self.sizeLimit else {
            throw InputError(
                file: path, format: Self.format, expected: "at most \(Self.sizeLimit) bytes",
                found: "\(file.count)")
        }
        var seen: [String: Int] = [:]
        var lines = FileLines(file)
        while let line = lines.next() {
            guard line.count <= Self.lineLimit else {
                throw error(
                    lines.number, expected: "at most \(Self.lineLimit) bytes", found: "more")
            }
            guard let text = String(validating: line, as: UTF8.self) else {
                throw error(lines.number, expected: "text in UTF-8", found: "other bytes")
            }
            guard let entry = try entry(text, lines.number, classes) else { continue }
            if let earlier = seen.updateValue(lines.number, forKey: entry.picture) {
                throw error(
                    lines.number, expected: "every picture once",
                    found: "'\(entry.picture)' as in line \(earlier)")
            }
            entries.append(entry)
        }
        guard !entries.isEmpty else {
            throw InputError(
                file: path, format: Self.format, expected: "a picture and its class a line",
                found: "no such line")
        }
    }

    private func entry(
        _ line: String, _ number: Int, _ classes: ClassNames
    ) throws(InputError) -> Entry? {
        let text = line.trimmingSpaces()
        if text.isEmpty || text.hasPrefix("#") { return nil }
        guard let divider = text.lastIndex(of: "\t") ?? text.lastIndex(of: " ") else {
            throw error(
                number, expected: "a picture and its class, divided by a tab or a space",
                found: "'\(text.prefix(100))'")
        }
        let picture = String(text[..<divider]).trimmingSpaces()
        let word = String(text[text.index(after: divider)...]).trimmingSpaces()
        guard !picture.hasPrefix("/"), !picture.split(separator: "/").contains("..") else {
            throw error(
                number, expected: "a picture inside the folder", found: "'\(picture.prefix(100))'")
        }
        do throws(ClassNames.Problem) {
            return Entry(picture: picture, label: try classes.index(of: word))
        } catch {
            throw self.error(
                number, expected: error.expected, found: String(error.found.prefix(200)))
        }
    }

    private func error(_ line: Int, expected: String, found: String) -> InputError {
        InputError(
            file: path, format: Self.format, place: "line \(line)", expected: expected,
            found: found)
    }
}

extension String {
    fileprivate func trimmingSpaces() -> String {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
        let start = firstIndex { !isSpace($0) } ?? endIndex
        let end = lastIndex { !isSpace($0) }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}

/// Lines of a file, read piece by piece.
struct FileLines {
    private let file: InputFile
    private var piece: [UInt8] = []
    private var place = 0
    private var offset = 0
    /// Of the line that `next` gave last, from 1.
    private(set) var number = 0
    /// Where in the file the lines that ended with a line feed end.
    private(set) var wholeEnd = 0
    /// The longest line that is given whole; of longer ones, as much and one byte more.
    private static let lineLimit = 1 << 16

    init(_ file: InputFile) { self.file = file }

    /// The next line without its line feed; nil at the end of the file.
    mutating func next() -> [UInt8]? {
        var line: [UInt8] = []
        var isEmpty = true
        while true {
            if place == piece.count {
                piece = file.bytes(at: offset, count: 1 << 20)
                offset += piece.count
                place = 0
                if piece.isEmpty { break }
            }
            isEmpty = false
            let end = piece[place...].firstIndex(of: 0x0A)
            let part = piece[place..<(end ?? piece.count)]
            line += part.prefix(max(0, Self.lineLimit + 1 - line.count))
            place = end.map { $0 + 1 } ?? piece.count
            if end != nil {
                wholeEnd = offset - piece.count + place
                break
            }
        }
        if isEmpty { return nil }
        number += 1
        return line
    }

    /// Whether the line that `next` gave last ended with a line feed.
    var isWhole: Bool { wholeEnd == offset - piece.count + place }
}
