import Architectures
import CaffeFormat
import FormatInterface
import Formats
import IR
import Images
import Tensors

/// A model file, read and understood.
struct ModelFile {
    let path: String
    /// The format's name, as `--to` takes it.
    let format: String
    private(set) var model: Model

    /// Reads a file and gives its tensors their meaning.
    ///
    /// - Throws: `InputError` for a damaged file, `ModelError` for tensors without a meaning.
    init(path: String, _ global: GlobalOptions, _ naming: TensorNaming = TensorNaming()) throws {
        let (format, checkpoint) = try ModelFile.read(path, global, naming)
        try self.init(
            path: path, format: format, checkpoint, global, isPartial: naming.isPartial)
    }

    /// A network that no file holds.
    init(_ model: Model) {
        path = model.graph.name
        format = "network"
        self.model = model
    }

    /// The model, where a part of one was asked for and every weight is there to run it.
    ///
    /// - Throws: `ModelError` naming the weights that are missing.
    func complete() throws(ModelError) -> ModelFile {
        if model.missing.isEmpty { return self }
        throw ModelError(file: path, format: format, error: .several(model.lacking))
    }

    /// What of the tensors does not fit, for a report.
    var problems: [TensorProblem] { model.problems.compactMap { TensorProblem($0) } }

    /// Gives the tensors of a file that is read already their meaning.
    init(
        path: String, format: any ModelFormat.Type, _ checkpoint: Checkpoint,
        _ global: GlobalOptions, isPartial: Bool = false
    ) throws(ModelError) {
        var checkpoint = checkpoint
        if let epsilon = global.epsilon, checkpoint.graph == nil,
            checkpoint.metadata[MetadataKey.epsilon] == nil
        {
            checkpoint.metadata[MetadataKey.epsilon] = "\(epsilon)"
        }
        if let kernels = global.kernels, checkpoint.convention == .keras,
            checkpoint.graph == nil || checkpoint.metadata[MetadataKey.kernels] == "unknown"
        {
            checkpoint.metadata[MetadataKey.kernels] = kernels.rawValue
        }
        do {
            model = try Translation.model(
                from: checkpoint, architecture: global.architecture, isPartial: isPartial)
        } catch {
            throw ModelError(file: path, format: format.name, error: error)
        }
        self.path = path
        self.format = format.name
    }

    /// The recipe for pictures: the model's own, or what grey digits get; nil when none is known.
    ///
    /// Digits are divided by 255 everywhere but in Caffe.
    var usualRecipe: String? {
        if let own = model.preprocess { return own }
        guard model.graph.inputs.count == 1, let shape = model.graph.inputs[0].shape,
            shape.count == 4, case .fixed(1) = shape[1]
        else { return nil }
        return Preprocessing.torchvision.rawValue
    }

    /// The model for these inputs, should its shapes depend on their values.
    func givenShapes(in inputs: [String: Tensor]) -> ModelFile {
        do {
            _ = try model.graph.inferTypes(
                inputShapes: inputs.mapValues(\.shape), constants: model.weights)
            return self
        } catch {
            guard error.asksForValues else { return self }
        }
        let (graph, constants) = model.graph.bindingShapes(inputs)
        var file = self
        file.model.graph = graph
        file.model.weights.merge(constants) { $1 }
        return file
    }

    /// A part of the network as a model of its own.
    ///
    /// - Parameter constants: what the part reads beside the weights.
    func part(_ graph: Graph, constants: [String: Tensor]) -> ModelFile {
        var file = self
        file.model.graph = graph
        file.model.weights.merge(constants) { old, _ in old }
        return file
    }

    /// The model with further values of its graph as outputs, whatever their shape.
    func showing(_ names: [String]) -> ModelFile {
        var file = self
        let known = Set(model.graph.outputs.map(\.name))
        file.model.graph.outputs += Set(names).subtracting(known).sorted().map {
            ValueDeclaration(name: $0, elementType: .float32, shape: nil)
        }
        return file
    }

    /// Reads a file without asking what its tensors mean.
    static func read(
        _ path: String, _ global: GlobalOptions, _ naming: TensorNaming = TensorNaming()
    ) throws -> (format: any ModelFormat.Type, Checkpoint) {
        let (format, found) = try readUnchecked(path, global, naming)
        try found.check()
        return (format, found.checkpoint)
    }

    /// The same, with the comparison of checksums left to the caller.
    static func readUnchecked(
        _ path: String, _ global: GlobalOptions, _ naming: TensorNaming
    ) throws -> (format: any ModelFormat.Type, UncheckedCheckpoint) {
        let naming = try naming.loaded()
        let file = try InputFile(path: path)
        let format = try FormatRegistry.format(of: file)
        let found =
            if format == CaffeFormat.self, let topology = global.topology {
                UncheckedCheckpoint(
                    try CaffeFormat.read(file, topology: InputFile(path: topology)))
            } else {
                try format.readUnchecked(file)
            }
        let named = try naming.applied(to: found.checkpoint, of: path)
        return (format, UncheckedCheckpoint(named) { try found.check() })
    }
}

/// A file whose tensors mean no network, or not the one asked for.
struct ModelError: SeveralLines, CustomStringConvertible {
    let file: String
    let format: String
    let error: TranslationError

    var description: String { lines[0] }

    /// Problems of as many tensors as one can read at once.
    private static let lineLimit = 20

    var lines: [String] {
        guard case .several(let problems) = error else { return [line("\(error)")] }
        var lines = problems.prefix(Self.lineLimit).map { line("\($0)") }
        let rest = problems.count - lines.count
        if rest > 0 {
            lines.append(line("\(rest) more such tensors; 'ferry inspect --partial' lists all"))
        }
        return lines
    }

    private func line(_ problem: String) -> String {
        InputError(file: file, format: format, problem: problem).description
    }

    var exitStatus: ExitStatus { error.isUsage ? .wrongUsage : .badInput }
}

extension FormatChoiceError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .wrongUsage }
}
