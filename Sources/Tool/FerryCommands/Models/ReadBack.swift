import Architectures
import FormatInterface
import IR
import Tensors

/// The comparison of a written file with what was to be written.
struct ReadBack {
    let destination: String
    let format: any ModelFormat.Type
    /// Whether other versions of operators may keep axes, pads and bounds elsewhere.
    let settlesConstants: Bool

    /// Reads the written file and compares every tensor with what was to be written and, through
    /// the translation back, with the model itself.
    func compare(_ temporary: String, with checkpoint: Checkpoint, _ model: Model?) throws {
        var written = try format.read(InputFile(path: temporary))
        let originals = Dictionary(
            checkpoint.tensors.map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let isSettled = { (tensor: NamedTensor) in
            settlesConstants && tensor.tensor.elementCount <= 64
        }
        let found = Set(written.tensors.map(\.key))
        guard checkpoint.tensors.allSatisfy({ found.contains($0.key) || isSettled($0) })
        else { throw different }
        for tensor in written.tensors {
            let isEqual = originals[tensor.key].map { $0.isBitEqual(to: tensor.tensor) }
            guard isEqual ?? isSettled(tensor) else { throw different }
        }
        // Weights alone do not say how a network of its own uses them.
        guard let model, format.holdsGraph || model.architecture != nil else { return }
        // Equal bits need not be moved and compared again: those of the source are at hand.
        for index in written.tensors.indices {
            guard let original = originals[written.tensors[index].key] else { continue }
            written.tensors[index].tensor = original
        }
        let again = try? Translation.model(
            from: written, architecture: model.architecture?.name,
            isPartial: !model.missing.isEmpty)
        guard let again, isEqual(model, again) else { throw different }
    }

    private func isEqual(_ model: Model, _ again: Model) -> Bool {
        let (layers, others) = (model.weightedLayers, again.weightedLayers)
        guard again.missing == model.missing, layers.count == others.count else { return false }
        return zip(layers, others).allSatisfy { layer, other in
            layer.parameters.count == other.parameters.count
                && zip(layer.parameters, other.parameters).allSatisfy { mine, theirs in
                    guard let a = model.weights[mine.name], let b = again.weights[theirs.name],
                        mine.role == theirs.role
                    else { return false }
                    return model.missing.contains(mine.name) || TensorPlace(a) == TensorPlace(b)
                        || a.hasElements(of: b)
                }
        }
    }

    private var different: OutputError {
        OutputError(
            file: destination, problem: "read back differently from what was written; not replaced")
    }
}

extension Model {
    /// The layers that keep more than single numbers, such as bounds and factors: those belong to
    /// the way in which a format puts an operator.
    fileprivate var weightedLayers: [ParameterLayer] {
        layers.filter { layer in
            layer.kind != .other
                || layer.parameters.contains { (weights[$0.name]?.elementCount ?? 0) > 1 }
        }
    }
}

extension Tensor {
    /// Whether the elements are the same bits in the same order, axes of size 1 aside.
    fileprivate func hasElements(of other: Tensor) -> Bool {
        shape.filter { $0 != 1 } == other.shape.filter { $0 != 1 }
            && isBitEqual(to: other.reshaped(shape))
    }
}

extension NamedTensor {
    /// What a file finds the tensor by.
    fileprivate var key: [String] { [layer ?? "", name] }
}

/// Which elements a tensor stands for, without looking at them.
private struct TensorPlace: Equatable {
    private let storage: ObjectIdentifier
    private let byteOffset: Int
    private let shape: [Int]
    private let elementType: ElementType

    init(_ tensor: Tensor) {
        storage = ObjectIdentifier(tensor.storage)
        byteOffset = tensor.byteOffset
        shape = tensor.shape
        elementType = tensor.elementType
    }
}
