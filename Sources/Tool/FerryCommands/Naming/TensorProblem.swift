import Architectures
import Parity
import Tensors

/// A tensor that does not fit the network, as `--partial` reports it.
struct TensorProblem: Encodable, Equatable {
    enum Kind: String, Encodable { case missing, unexpected, shape, elementType }

    let kind: Kind
    let tensor: String
    let expected: String
    let found: String

    /// Nil for errors about other things than a tensor.
    init?(_ error: TranslationError) {
        switch error {
        case .missingTensor(let name, let shape, _):
            (kind, tensor, expected, found) = (.missing, name, Self.words(shape), "")
        case .unexpectedTensor(let name, _):
            (kind, tensor, expected, found) = (.unexpected, name, "", "")
        case .shapeMismatch(let name, let shape, let other):
            (kind, tensor, expected, found) = (.shape, name, Self.words(shape), "\(other)")
        case .elementType(let name, let type, let other):
            (kind, tensor, expected, found) = (.elementType, name, type, other.rawValue)
        default: return nil
        }
    }

    private static func words(_ shape: [Int?]) -> String {
        "[\(shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]"
    }

    /// The report; empty when everything fits.
    static func table(_ problems: [TensorProblem], coloured: Bool) -> String {
        if problems.isEmpty { return "" }
        var table = TextTable(columns: [
            .init("PROBLEM"), .init("TENSOR"), .init("EXPECTED", .right), .init("FOUND", .right),
        ])
        for problem in problems {
            table.add([
                .init(problem.kind.rawValue, .bad), .init(problem.tensor),
                .init(problem.expected), .init(problem.found),
            ])
        }
        return table.render(coloured: coloured)
    }
}
