import FormatInterface

/// Why bytes are no safetensors file, or none that Ferry carries.
struct SafetensorsError: Error, Equatable {
    var place: String
    var problem: String

    init(_ place: String = "", expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found)"
    }

    init(tensor: String, expected: String, found: String) {
        self.init("tensor '\(tensor.prefix(100))'", expected: expected, found: found)
    }

    /// A defect of the JSON text that begins at byte `start` of the file.
    init(_ error: JSONError, textAt start: Int) {
        self.init(
            "header, byte \(start + error.offset)", expected: error.expected, found: error.found)
    }

    func inputError(file: String) -> InputError {
        InputError(file: file, format: SafetensorsFormat.name, place: place, problem: problem)
    }
}
