/// A picture that cannot be decoded, or cannot become a model's input.
package struct PictureError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file's path; empty when the picture no longer has one.
    package var file: String
    /// `JPEG`, `PNG`, or `picture` when it is neither.
    package var format: String
    /// Where in the file: the header, a row, a byte.
    package var place: String
    package var expected: String
    package var found: String

    package init(file: String, format: String, place: String, expected: String, found: String) {
        self.file = file
        self.format = format
        self.place = place
        self.expected = expected
        self.found = found
    }

    package var description: String {
        let line =
            [file, format, place].filter { !$0.isEmpty }
            + ["expected \(expected), found \(found)"]
        return line.joined(separator: ": ").unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .format:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
