import FormatInterface
import Foundation
import IR
import ONNXFormat
import Tensors
import TestSupport

/// A recorded single-operator network: the model, inputs, and what ONNX Runtime answered.
struct OperatorCase {
    /// Every case recorded under Fixtures/operators.
    static let names = RecordedOperators.names

    let graph: Graph
    let weights: [String: Tensor]
    let inputs: [String: Tensor]
    /// In the order of the graph's outputs.
    let expected: [Tensor]

    struct Incomplete: Error {
        let name: String
        let inputs: Int
        let recorded: Int
    }

    init(_ name: String) throws {
        // What is read stays mapped when the folder has gone.
        let unpacked = try TemporaryFolder()
        let folder = try RecordedOperators.unpack(name, into: unpacked)
        defer { withExtendedLifetime(unpacked) {} }
        let model = folder.appendingPathComponent("model.onnx").path
        let checkpoint = try ONNXFormat.read(InputFile(path: model))
        guard let graph = checkpoint.graph else {
            throw Incomplete(name: name, inputs: 0, recorded: 0)
        }
        let arguments = try Self.tensors("input", in: folder)
        expected = try Self.tensors("output", in: folder)
        guard arguments.count == graph.inputs.count, expected.count == graph.outputs.count else {
            throw Incomplete(
                name: name, inputs: graph.inputs.count, recorded: arguments.count)
        }
        self.graph = graph
        weights = Dictionary(
            uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
        inputs = Dictionary(uniqueKeysWithValues: zip(graph.inputs.map(\.name), arguments))
    }

    /// `KIND_0.pb`, `KIND_1.pb` and so on, as far as there are any.
    private static func tensors(_ kind: String, in folder: URL) throws -> [Tensor] {
        var tensors: [Tensor] = []
        while true {
            let path = folder.appendingPathComponent(
                "test_data_set_0/\(kind)_\(tensors.count).pb"
            ).path
            guard FileManager.default.fileExists(atPath: path) else { return tensors }
            tensors.append(try ONNXFormat.readTensor(InputFile(path: path)))
        }
    }
}
