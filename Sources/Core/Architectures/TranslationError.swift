package import IR
package import Tensors

/// Why tensors cannot be given a meaning, or a meaning cannot be put into a convention.
package enum TranslationError: Error, Equatable, Sendable {
    case unknownArchitecture(String, suggestion: String?)
    case ambiguous([String])
    case unrecognized(String)
    case missingTensor(name: String, expected: [Int?], architecture: String)
    case unexpectedTensor(name: String, architecture: String)
    case duplicateTensor(name: String)
    case shapeMismatch(name: String, expected: [Int?], found: [Int])
    case elementType(name: String, expected: String, found: ElementType)
    /// A graph from a file is not the network that was asked for.
    case graphMismatch(architecture: String, place: String, expected: String, found: String)
    /// Several tensors are missing, misshapen or too many.
    case several([TranslationError])
    case metadata(key: String, expected: String, found: String)
    case graph(GraphError)
    case unsupported(Convention, String)
    /// Keras kernels in Theano's order of axes, from a file that does not say who made them.
    case unknownKernels

    /// Whether another command line would help, so that the command ends as wrong usage.
    package var isUsage: Bool {
        switch self {
        case .unknownArchitecture, .ambiguous, .unknownKernels: true
        default: false
        }
    }
}

extension TranslationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownArchitecture(let name, let suggestion):
            "expected a known architecture, found '\(name)'"
                + (suggestion.map { "; did you mean '\($0)'?" }
                    ?? "; known are \(ArchitectureRegistry.names.joined(separator: ", "))")
        case .ambiguous(let candidates):
            "expected tensors that fit one architecture, found that they fit "
                + "\(candidates.joined(separator: " and ")); choose with --arch"
        case .unrecognized(let found):
            "expected the tensors of a known architecture, found \(found)"
        case .missingTensor(let name, let expected, let architecture):
            "tensor '\(name)': expected shape \(Self.describe(expected)) (\(architecture)), "
                + "found no such tensor"
        case .unexpectedTensor(let name, let architecture):
            "tensor '\(name)': expected only tensors of \(architecture), found this one beside them"
        case .duplicateTensor(let name):
            "tensor '\(name)': expected one of that name, found another"
        case .shapeMismatch(let name, let expected, let found):
            "tensor '\(name)': expected shape \(Self.describe(expected)), found \(found)"
        case .elementType(let name, let expected, let found):
            "tensor '\(name)': expected \(expected), found \(found.rawValue)"
        case .graphMismatch(let architecture, let place, let expected, let found):
            "\(place): expected \(expected) (\(architecture)), found \(found)"
        case .several(let problems):
            problems.map(\.description).joined(separator: "; ")
        case .metadata(let key, let expected, let found):
            "metadata '\(key)': expected \(expected), found '\(found)'"
        case .graph(let error): "\(error)"
        case .unsupported(let convention, let what):
            "expected a network that \(convention.title) files can hold, found \(what)"
        case .unknownKernels:
            "expected to know who made the kernels, found Theano's order of axes alone; choose "
                + "with --keras-kernels theano (turned by 180°) or tensorflow (as they are)"
        }
    }

    private static func describe(_ shape: [Int?]) -> String {
        "[\(shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]"
    }
}

extension Convention {
    /// The convention's name in messages.
    var title: String {
        switch self {
        case .pytorch: "PyTorch"
        case .keras: "Keras"
        case .onnx: "ONNX"
        case .caffe: "Caffe"
        }
    }
}
