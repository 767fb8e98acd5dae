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
    init(path: String, _ global: GlobalOptions) throws {
        let (format, checkpoint) = try ModelFile.read(path, global)
        try self.init(path: path, format: format, checkpoint, global)
    }

    /// Gives the tensors of a file that is read already their meaning.
    init(
        path: String, format: any ModelFormat.Type, _ checkpoint: Checkpoint,
        _ global: GlobalOptions
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
            model = try Translation.model(from: checkpoint, architecture: global.architecture)
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

    /// Reads a file without asking what its tensors mean.
    static func read(
        _ path: String, _ global: GlobalOptions
    ) throws -> (format: any ModelFormat.Type, Checkpoint) {
        let file = try InputFile(path: path)
        let format = try FormatRegistry.format(of: file)
        if format == CaffeFormat.self, let topology = global.topology {
            return (format, try CaffeFormat.read(file, topology: InputFile(path: topology)))
        }
        return (format, try format.read(file))
    }
}

/// A file whose tensors mean no network, or not the one asked for.
struct ModelError: ExitStatusProviding, CustomStringConvertible {
    let file: String
    let format: String
    let error: TranslationError

    var description: String {
        InputError(file: file, format: format, problem: "\(error)").description
    }

    var exitStatus: ExitStatus { error.isUsage ? .wrongUsage : .badInput }
}

extension FormatChoiceError: ExitStatusProviding {
    package var exitStatus: ExitStatus { .wrongUsage }
}
