import FormatInterface
import ZIPContainer

/// Why bytes are no state dict of PyTorch, or none that Ferry carries.
struct PyTorchError: Error, Equatable {
    var place: String
    var problem: String

    init(_ place: String = "", expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found)"
    }

    init(tensor: String, expected: String, found: String) {
        self.init("tensor '\(tensor.prefix(100))'", expected: expected, found: found)
    }

    init(_ error: ZIPError) {
        place = error.place
        problem = error.problem
    }

    func inputError(file: String) -> InputError {
        InputError(file: file, format: PyTorchFormat.name, place: place, problem: problem)
    }
}
