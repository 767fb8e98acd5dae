package import Tensors

/// What one node of a graph computes.
///
/// `evaluate` is the meaning, in plain loops; the engine's kernels must agree with it.
/// Activations are NCHW and convolution weights OIHW.
package protocol Operator: Sendable {
    /// The name in ONNX's operator list.
    static var type: String { get }

    /// Reads attributes in the meaning of `reader.opset`.
    init(from reader: inout AttributeReader) throws(OperatorError)

    /// Writes attributes in the meaning of `OperatorRegistry.writtenOpset`.
    func encode(to writer: inout AttributeWriter)

    /// Types of the outputs for inputs of the given types; an omitted input is nil.
    ///
    /// Everything that `evaluate` relies on is checked here: counts, ranks, sizes, overflow.
    func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo]

    /// The outputs' elements. Arithmetic is float64, rounded once to the output's type.
    ///
    /// - Precondition: `outputTypes(for:)` accepted the inputs.
    func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor]

    /// The outputs where they follow from types and constants alone, whatever the input data.
    func constantOutputs(for inputs: [ValueInfo?]) -> [Tensor]?
}

extension Operator {
    package var type: String { Self.type }

    package func encode(to writer: inout AttributeWriter) {}

    package func constantOutputs(for inputs: [ValueInfo?]) -> [Tensor]? { nil }
}

/// Why an operator cannot mean anything as given.
package enum OperatorError: Error, Equatable, Sendable {
    case unknownOperator(String)
    case unknownAttribute(String)
    case attribute(String, expected: String, found: String)
    case inputCount(expected: String, found: Int)
    case input(Int, expected: String, found: String)
    case outputTooLarge([Int])
    /// An input that must be known before anything runs is not.
    case dependsOnData(input: Int)
    case unsupported(String)
}

extension OperatorError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownOperator(let name):
            "expected an operator Ferry knows, found \(name)"
        case .unknownAttribute(let name):
            "expected only attributes of the operator, found '\(name)'"
        case .attribute(let name, let expected, let found):
            "attribute '\(name)': expected \(expected), found \(found)"
        case .inputCount(let expected, let found):
            "expected \(expected) inputs, found \(found)"
        case .input(let index, let expected, let found):
            "input \(index): expected \(expected), found \(found)"
        case .outputTooLarge(let shape):
            "expected an output that fits in memory, found shape \(shape)"
        case .dependsOnData(let index):
            "expected a case Ferry supports, found an input \(index) that depends on the data"
        case .unsupported(let what):
            "expected a case Ferry supports, found \(what)"
        }
    }
}
