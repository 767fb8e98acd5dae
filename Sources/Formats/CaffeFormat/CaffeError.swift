import FormatInterface

/// Why files are no Caffe network, or none that Ferry carries.
struct CaffeError: Error, Equatable {
    enum Place: Equatable {
        case file
        /// Of a binary file.
        case byte(Int)
        /// Of a prototxt.
        case line(Int)
        case layer(String)
        /// A layer's tensor, by its number.
        case blob(layer: String, Int)
        case input(String)
    }

    var place: Place
    var problem: String

    init(_ place: Place, expected: String, found: String) {
        self.place = place
        problem = "expected \(expected), found \(found.orEmptyText)"
    }

    func inputError(file: String) -> InputError {
        InputError(
            file: file, format: CaffeFormat.name, place: place.description, problem: problem)
    }
}

extension CaffeError: WireFailure {
    init(byte offset: Int, expected: String, found: String) {
        self.init(.byte(offset), expected: expected, found: found)
    }
}

typealias WireCursor = ProtobufCursor<CaffeError>

extension CaffeError.Place: CustomStringConvertible {
    /// Quoted names are shortened, so that the problem behind them still shows.
    var description: String {
        switch self {
        case .file: ""
        case .byte(let offset): "byte \(offset)"
        case .line(let number): "line \(number)"
        case .layer(let name): "layer '\(name.prefix(100))'"
        case .blob(let layer, let index): "layer '\(layer.prefix(100))', blob \(index)"
        case .input(let name): "input '\(name.prefix(100))'"
        }
    }
}
