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
            problem: "expected \(expected), found \(found.orEmptyText)")
    }

    package var description: String {
        ([file, format, place].filter { !$0.isEmpty } + [problem]).map(printable)
            .joined(separator: ": ")
    }
}

/// What is wrong with a file's content, and where in it; its format adds the file and its own name.
package struct ContentError: Error, Equatable {
    /// A byte offset, a member, a tensor, a layer; empty for the file as a whole.
    package var place: String
    /// What is wrong: "expected …, found …".
    package var problem: String

    package init(_ place: String = "", expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found.orEmptyText)"
    }

    package init(byte: Int, expected: String, found: String) {
        self.init("byte \(byte)", expected: expected, found: found)
    }

    package init(tensor name: String, expected: String, found: String) {
        self.init("tensor '\(name.prefix(100))'", expected: expected, found: found)
    }

    package init(layer name: String, expected: String, found: String) {
        self.init("layer \(name)", expected: expected, found: found)
    }

    package init(member name: String, expected: String, found: String) {
        self.init("zip member '\(name.prefix(100))'", expected: expected, found: found)
    }

    /// A defect of JSON text that begins at byte `start` of the place.
    package init(_ error: JSONError, in place: String, textAt start: Int = 0) {
        self.init(
            "\(place), byte \(start + error.offset)", expected: error.expected,
            found: error.found)
    }

    package func inputError(file: String, format: String) -> InputError {
        InputError(file: file, format: format, place: place, problem: problem)
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

/// A number of things in words: "1 tensor", "2 tensors".
package func counted(_ number: Int, _ thing: String) -> String {
    "\(number) \(thing)\(number == 1 ? "" : "s")"
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

extension String {
    /// The text of a file as a message tells it, also where there is none.
    package var orEmptyText: String { isEmpty ? "an empty text" : self }
}
