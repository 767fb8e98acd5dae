package import FormatInterface
import Foundation

/// A `--mapping` file: tensors by name, each with the name it is to have.
///
/// One tensor a line, the two names divided by a tab or by `=>`; empty lines and lines that begin
/// with `#` count for nothing.
package struct NameMapping: Sendable {
    package struct Entry: Equatable, Sendable {
        package var source: String
        package var target: String
        package var line: Int
    }

    package let path: String
    package private(set) var entries: [Entry] = []

    private static let format = "mapping"
    private static let sizeLimit = 64 << 20

    /// - Throws: `InputError` with the line of what cannot be understood.
    package init(path: String) throws(InputError) {
        self.path = path
        let file = try InputFile(path: path)
        guard file.count <= Self.sizeLimit else {
            throw InputError(
                file: path, format: Self.format, expected: "at most \(Self.sizeLimit) bytes",
                found: "\(file.count)")
        }
        guard let text = String(validating: file.bytes(at: 0, count: file.count), as: UTF8.self)
        else {
            throw InputError(
                file: path, format: Self.format, expected: "text in UTF-8", found: "other bytes")
        }
        // Windows' editors put a byte order mark first.
        try parse(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text)
    }

    private mutating func parse(_ text: String) throws(InputError) {
        var sources: [String: Int] = [:]
        var targets: [String: Int] = [:]
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let number = index + 1
            let content = line.trimmingCharacters(in: .whitespaces)
            if content.isEmpty || content.hasPrefix("#") { continue }
            let parts = Self.divided(String(line))
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw error(
                    number, expected: "two names divided by a tab or by =>",
                    found: "'\(content.prefix(100))'")
            }
            if let earlier = sources.updateValue(number, forKey: parts[0]) {
                throw error(
                    number, expected: "every tensor once",
                    found: "'\(parts[0])' as in line \(earlier)")
            }
            if let earlier = targets.updateValue(number, forKey: parts[1]) {
                throw error(
                    number, expected: "every new name once",
                    found: "'\(parts[1])' as in line \(earlier)")
            }
            entries.append(Entry(source: parts[0], target: parts[1], line: number))
        }
    }

    private static func divided(_ line: String) -> [String] {
        let parts =
            line.contains("\t")
            ? line.split(separator: "\t", omittingEmptySubsequences: true).map(String.init)
            : line.components(separatedBy: "=>")
        return parts.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    func error(_ line: Int, expected: String, found: String) -> InputError {
        InputError(
            file: path, format: Self.format, place: "line \(line)", expected: expected,
            found: found)
    }
}
