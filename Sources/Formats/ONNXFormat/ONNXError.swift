import FormatInterface

/// Why bytes are no ONNX model, or none that Ferry carries.
struct ONNXError: Error, Equatable {
    enum Place: Equatable {
        case file
        case byte(Int)
        case tensor(String)
        case node(name: String, type: String)
        /// An input or output of the graph.
        case value(String)
    }

    var place: Place
    var problem: String

    init(_ place: Place, problem: String) {
        self.place = place
        self.problem = problem
    }

    init(_ place: Place, expected: String, found: String) {
        self.init(place, problem: "expected \(expected), found \(found.orEmptyText)")
    }

    func inputError(file: String) -> InputError {
        InputError(file: file, format: ONNXFormat.name, place: place.description, problem: problem)
    }
}

extension ONNXError: WireFailure {
    init(byte offset: Int, expected: String, found: String) {
        self.init(.byte(offset), expected: expected, found: found)
    }
}

typealias WireCursor = ProtobufCursor<ONNXError>

extension ONNXError.Place: CustomStringConvertible {
    /// Quoted names are shortened, so that the problem behind them still shows.
    var description: String {
        switch self {
        case .file: ""
        case .byte(let offset): "byte \(offset)"
        case .tensor(let name): "tensor '\(name.prefix(100))'"
        case .node(let name, let type): "node '\(name.prefix(100))' (\(type.prefix(50)))"
        case .value(let name): "value '\(name.prefix(100))'"
        }
    }
}
