import Architectures
import FormatInterface
import IR
import Tensors

/// One side of a comparison.
enum Side {
    case model(ModelFile)
    /// - Parameter doubt: what speaks against a file of tensors alone: it means no network either.
    case recording([Recording], doubt: ModelError?)

    /// Opens a model, or recorded tensors.
    ///
    /// A file of tensors alone that fits no architecture is taken for recorded activations.
    ///
    /// - Throws: `InputError` or `ModelError`, for a file that is neither.
    init(_ path: String, _ global: GlobalOptions, _ naming: TensorNaming) throws {
        if Recording.isRecording(path) {
            self = .recording(try Recording.read(path), doubt: nil)
            return
        }
        do {
            self = .model(try ModelFile(path: path, global, naming))
        } catch let error as ModelError {
            guard case .unrecognized = error.error, let found = try? Recording.read(path) else {
                throw error
            }
            self = .recording(found, doubt: error)
        }
    }

    var isRecording: Bool {
        if case .recording = self { true } else { false }
    }
}

extension ModelFile {
    /// Binds recorded inputs in their order, turned where only the other layout fits.
    func bindLoosely(_ recorded: [RecordedTensor]) throws -> [String: Tensor] {
        let inputs = model.graph.inputs
        guard recorded.count == inputs.count else {
            return try bind(recorded.map { (nil, $0.file, $0.tensor) })
        }
        return try bind(
            zip(inputs, recorded).map { input, item in
                var tensor = item.tensor.converted(to: input.elementType)
                if !input.takes(canonical(tensor).shape), tensor.rank == 4 {
                    let turns = [[0, 3, 1, 2], [0, 2, 3, 1]].map { tensor.permuted($0) }
                    tensor = turns.first { input.takes(canonical($0).shape) } ?? tensor
                }
                return (nil, item.file, tensor)
            })
    }
}
