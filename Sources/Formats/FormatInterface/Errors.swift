/// A file that cannot be read, or whose content is damaged or not supported.
package struct InputError: Error, Equatable, Sendable, CustomStringConvertible {
    package var file: String
    /// The format's name; empty when the file could not even be opened.
    package var format: String
    /// Where in the file: a byte offset, a tensor, a node.
    package var place: String
    /// What is wrong: "expected …, found …".
    package var problem: String

    package init(file: String, format: String = "", place: String = "", problem: String) {
        self.file = file
        self.format = format
        self.place = place
        self.problem = problem
    }

    package init(
        file: String, format: String = "", place: String = "", expected: String, found: String
    ) {
        self.init(
            file: file, format: format, place: place,
            problem: "expected \(expected), found \(found)")
    }

    package var description: String {
        ([file, format, place].filter { !$0.isEmpty } + [problem]).map(printable)
            .joined(separator: ": ")
    }
}

/// A destination that cannot be written, or cannot hold what it should.
package struct OutputError: Error, Equatable, Sendable, CustomStringConvertible {
    package var file: String
    package var problem: String

    package init(file: String, problem: String) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(printable(file)): \(printable(problem))" }
}

/// `text` on one line, without control characters, and shortened beyond 300 characters: names in
/// hostile files reach terminals through messages.
package func printable(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(300) {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format:
            line += "\\u{\(String(scalar.value, radix: 16))}"
        default: line.unicodeScalars.append(scalar)
        }
    }
    return text.unicodeScalars.count > 300 ? line + "…" : line
}
