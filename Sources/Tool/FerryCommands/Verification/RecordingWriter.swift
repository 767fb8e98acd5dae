import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import Parity
import Runtime
import Tensors

/// Which activations to record.
enum LayerSelection {
    /// Every layer's.
    case all
    /// Those of these nodes or values.
    case named([String])

    /// The names of the values to record, in graph order.
    ///
    /// - Throws: `UsageError` for a name that is neither a layer's nor a value's.
    func values(of file: ModelFile) throws(UsageError) -> [String] {
        let nodes = file.model.graph.nodes
        var wanted: Set<String> = []
        switch self {
        case .all: wanted.formUnion(nodes.flatMap(\.outputs))
        case .named(let names):
            for name in names {
                let matching =
                    nodes.filter { $0.name == name }.flatMap(\.outputs)
                    + nodes.flatMap(\.outputs).filter { $0 == name }
                if matching.isEmpty || name.isEmpty {
                    let known = nodes.map(\.name) + nodes.flatMap(\.outputs)
                    throw UsageError(
                        "--layer: expected a layer or value of \(file.path), found '\(name)'"
                            + didYouMean(name, among: known))
                }
                wanted.formUnion(matching)
            }
        }
        return nodes.flatMap(\.outputs).filter { !$0.isEmpty && wanted.contains($0) }
    }
}

/// Runs a network and writes what it was given and what it answered, in the layout that `Recording`
/// reads.
struct RecordingWriter {
    /// What `record` reports.
    struct Report: Encodable {
        struct Entry: Encodable {
            let name: String
            let source: String
            let inputs: Int
            let outputs: Int
            let activations: Int
        }

        let model: String
        let destination: String
        let arithmetic: String
        var sets: [Entry] = []
        var bytes = 0

        var text: String {
            let activations = sets.first?.activations ?? 0
            let count = sets.count == 1 ? "1 set" : "\(sets.count) sets"
            let noun = activations == 1 ? "activation" : "activations"
            return
                "\(visible(model)) → \(visible(destination)): \(count), "
                + (activations == 0 ? "" : "\(activations) \(noun) each, ")
                + "\(Numbers.bytes(bytes)), \(arithmetic)"
        }
    }

    let file: ModelFile
    let engine: Engine
    /// Values to record beside the outputs.
    let names: [String]
    let selection: LayerSelection
    let arithmetic: Arithmetic

    /// Refuses a destination that no recording can replace, before any work.
    static func refuseExisting(_ path: String, unless force: Bool) throws(UsageError) {
        guard let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] else {
            return
        }
        guard force else {
            throw UsageError("\(path): exists already; give --force to replace it")
        }
        // Only what this command writes: a slip of the pen must not remove a home folder.
        guard type as? FileAttributeType == .typeDirectory,
            let names = try? FileManager.default.contentsOfDirectory(atPath: path),
            names.allSatisfy({ $0.hasPrefix("test_data_set_") })
        else {
            throw UsageError("\(path): expected a recording to replace, found something else")
        }
    }

    /// - Parameter sets: of inputs, each named after where it comes from.
    /// - Throws: `InputError` where the network cannot be run, `OutputError`.
    func write(_ sets: [InputSet], to path: String, replacing: Bool) throws -> Report {
        var report = Report(model: file.path, destination: path, arithmetic: description)
        try OutputFolder.write(to: path, replacing: replacing) { folder in
            for (index, set) in sets.enumerated() {
                try write(set, named: "test_data_set_\(index)", in: folder, &report)
            }
        }
        return report
    }

    private var description: String {
        switch arithmetic {
        case .float64: "float64"
        case .engine(let numerics, let weights):
            "float32, \(numerics)" + (weights == .f32 ? "" : ", weights \(weights)")
        }
    }

    private func write(
        _ set: InputSet, named name: String, in folder: OutputFolder,
        _ report: inout Report
    ) throws {
        let graph = file.model.graph
        let outputs = graph.outputs.map(\.name)
        let values = try engine.activations(
            of: file, inputs: set.tensors, names: outputs + names, in: arithmetic)
        try folder.makeFolder(name)
        func writeArray(_ tensor: Tensor?, of value: String, as file: String) throws {
            guard let tensor else { return }
            let declared = self.file.declared(tensor)
            report.bytes += declared.byteCount
            try folder.write("\(name)/\(file).pb") { target in
                try ArrayFile.write(declared, named: value, proto: true, to: target)
            }
        }
        for (index, input) in graph.inputs.enumerated() {
            try writeArray(set.tensors[input.name], of: input.name, as: "input_\(index)")
        }
        for (index, output) in outputs.enumerated() {
            try writeArray(values[output], of: output, as: "output_\(index)")
        }
        let activations = try recorded(values, inputs: set.tensors)
        if !activations.isEmpty { try write(activations, in: "\(name)/", of: folder, &report) }
        report.sets.append(
            .init(
                name: name, source: set.name, inputs: graph.inputs.count,
                outputs: outputs.count, activations: activations.count))
    }

    /// Activations in graph order, in the file's own layout; sizes and indices that a graph computes
    /// are none, unless named.
    private func recorded(
        _ values: [String: Tensor], inputs: [String: Tensor]
    ) throws -> [NamedTensor] {
        let isTurned = file.model.inputLayout == .nhwc && !names.isEmpty
        let sequence = isTurned ? try LayerSequence(file, inputs: inputs) : nil
        return names.compactMap { name in
            guard let tensor = values[name] else { return nil }
            if case .all = selection, !tensor.elementType.isFloatingPoint { return nil }
            let own =
                if let picture = sequence?.layer(of: name)?.flattened {
                    Orientation.flattened(tensor, of: picture, toChannelsLast: true)
                } else {
                    file.declared(tensor)
                }
            return NamedTensor(name: name, tensor: own)
        }
    }

    private func write(
        _ activations: [NamedTensor], in place: String, of folder: OutputFolder,
        _ report: inout Report
    ) throws {
        let format = try FormatRegistry.format(named: "safetensors")
        let checkpoint = Checkpoint(
            convention: format.convention, tensors: activations,
            metadata: [
                Recording.metadataKey: "ferry \(FerryMain.version), \(description)"
            ])
        report.bytes += activations.reduce(0) { $0 + $1.tensor.byteCount }
        try folder.write("\(place)activations.safetensors") { file in
            try format.write(checkpoint, to: file)
        }
    }
}
