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
    func compare(
        _ file: borrowing OutputFile, with checkpoint: Checkpoint, _ model: Model?
    ) throws {
        let copies = file.copies
        var written = try format.read(InputFile(path: file.temporaryPath))
        let originals = Dictionary(
            checkpoint.tensors.map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let isSettled = { (tensor: NamedTensor) in
            settlesConstants && tensor.tensor.elementCount <= 64
        }
        let found = Set(written.tensors.map(\.key))
        guard checkpoint.tensors.allSatisfy({ found.contains($0.key) || isSettled($0) })
        else { throw different }
        for tensor in written.tensors {
            let isEqual = originals[tensor.key].map { original in
                original.isBitEqual(to: tensor.tensor, copies)
            }
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
        // Weights that layers share may have become one copy for each.
        guard
            again.weights.count + again.repeatedWeights
                == model.weights.count + model.repeatedWeights,
            again.missing == model.missing, model.layers.count == again.layers.count
        else { return false }
        return zip(model.layers, again.layers).allSatisfy { layer, other in
            zip(layer.parameters, other.parameters).allSatisfy { mine, theirs in
                guard let a = model.weights[mine.name], let b = again.weights[theirs.name],
                    mine.role == theirs.role
                else { return false }
                return model.missing.contains(mine.name) || TensorPlace(a) == TensorPlace(b)
                    || a.isBitEqual(to: b)
            }
        }
    }

    private var different: OutputError {
        OutputError(
            file: destination, problem: "read back differently from what was written; not replaced")
    }
}

extension NamedTensor {
    /// What a file finds the tensor by.
    fileprivate var key: [String] { [layer ?? "", name] }
}

extension Tensor {
    /// Copies that were compared while the file was written need not be compared again.
    fileprivate func isBitEqual(to written: Tensor, _ copies: CopiedParts) -> Bool {
        elementType == written.elementType && shape == written.shape
            && (copies.isCopy(written, of: self) || hasEqualBytes(to: written))
    }
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
