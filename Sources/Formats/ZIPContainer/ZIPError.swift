package import FormatInterface

/// Why bytes are no zip archive, or none that Ferry opens.
package struct ZIPError: Error, Equatable {
    /// A byte offset or a member; empty for the archive as a whole.
    package var place: String
    /// What is wrong: "expected …, found …".
    package var problem: String

    init(place: String = "", expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found)"
    }

    init(byte: Int, expected: String, found: String) {
        self.init(place: "byte \(byte)", expected: expected, found: found)
    }

    init(member: String, expected: String, found: String) {
        self.init(
            place: "zip member '\(member.prefix(100))'", expected: expected, found: found)
    }

    /// The error of the format that the archive carries.
    package func inputError(file: String, format: String) -> InputError {
        InputError(file: file, format: format, place: place, problem: problem)
    }
}
