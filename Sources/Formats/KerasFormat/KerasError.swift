import FormatInterface

/// What is wrong with a Keras model, and where in it.
struct KerasError: Error, Equatable {
    /// A layer, a member of the archive, or empty for the model.
    var place: String
    var problem: String

    init(_ place: String = "", expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found)"
    }

    init(layer: String, expected: String, found: String) {
        self.init("layer \(layer)", expected: expected, found: found)
    }

    init(config error: JSONError, in place: String) {
        self.init(
            "\(place), byte \(error.offset)", expected: error.expected, found: error.found)
    }

    func inputError(file: String, format: String) -> InputError {
        InputError(file: file, format: format, place: place, problem: problem)
    }
}
