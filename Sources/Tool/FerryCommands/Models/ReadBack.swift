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
    /// Tensors of so few elements may hold axes, pads, bounds and the like.
    private static let mostConstants = 64

    /// Reads the written file and compares every tensor with what was to be written and, through
    /// the translation back, with the model itself.
    func compare(
        _ file: borrowing OutputFile, with checkpoint: Checkpoint, _ model: Model?
    ) throws {
        let copies = file.copies
        var written = try read(file.temporaryPath)
        let originals = Dictionary(
            checkpoint.tensors.map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        let isSettled = { (tensor: NamedTensor) in
            settlesConstants && tensor.tensor.elementCount <= Self.mostConstants
        }
        let found = Set(written.tensors.map(\.key))
        guard checkpoint.tensors.allSatisfy({ found.contains($0.key) || isSettled($0) })
        else { throw different }
        for tensor in written.tensors {
            let isEqual = originals[tensor.key].map { original in
                original.isBitEqual(to: tensor.tensor, copies)
            }
            // Axes counted from the end become axes from the front under their old name.
            let mayDiffer = isEqual == nil || !tensor.tensor.elementType.isFloatingPoint
            guard isEqual == true || mayDiffer && isSettled(tensor) else { throw different }
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
        guard let again, isEqual(model.withOriginalNames(), again.withOriginalNames()) else {
            throw different
        }
    }

    private func read(_ temporary: String) throws -> Checkpoint {
        do {
            return try format.read(InputFile(path: temporary))
        } catch let error as InputError {
            let place = error.place.isEmpty ? "" : "\(error.place): "
            throw OutputError(
                file: destination, problem: "could not be read back: \(place)\(error.problem)")
        }
    }

    private func isEqual(_ model: Model, _ again: Model) -> Bool {
        let (layers, otherLayers) = Self.layers(of: model)
        let found = Self.layers(of: again)
        let againLayers = Self.inOrder(of: layers, found.layers)
        let others = Self.tensors(otherLayers, of: model)
        let againOthers = Self.tensors(Self.inOrder(of: otherLayers, found.others), of: again)
        guard again.missing == model.missing, layers.count == againLayers.count,
            others.count == againOthers.count
        else { return false }
        return zip(layers, againLayers).allSatisfy { layer, other in
            layer.parameters.allSatisfy { mine in
                guard let a = model.weights[mine.name], let name = other.name(of: mine.role),
                    let b = again.weights[name]
                else { return false }
                return model.missing.contains(mine.name) || isSame(a, b)
            }
        } && zip(others, againOthers).allSatisfy { isSame($0, $1) }
    }

    /// The layers whose parameters have roles, and others that read more than few elements: versions
    /// of operators and kinds of layers keep few in other ways.
    private static func layers(
        of model: Model
    ) -> (layers: [ParameterLayer], others: [ParameterLayer]) {
        (
            model.layers.filter { $0.kind != .other },
            model.layers.filter { $0.kind == .other && !tensors([$0], of: model).isEmpty }
        )
    }

    private static func tensors(_ layers: [ParameterLayer], of model: Model) -> [Tensor] {
        layers.flatMap(\.parameters).compactMap { model.weights[$0.name] }
            .filter { $0.elementCount > mostConstants }
    }

    /// A file's layers in the order they were written in, which its format need not keep where they
    /// stand side by side; as they are where it keeps no names either.
    private static func inOrder(
        of layers: [ParameterLayer], _ found: [ParameterLayer]
    ) -> [ParameterLayer] {
        let named = Dictionary(found.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        let ordered = layers.compactMap { named[$0.node] }
        return named.count == found.count && ordered.count == found.count ? ordered : found
    }

    private func isSame(_ a: Tensor, _ b: Tensor) -> Bool {
        TensorPlace(a) == TensorPlace(b) || a.hasElements(of: b)
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
    /// Whether the elements are the same bits in the same order, axes of size 1 aside.
    fileprivate func hasElements(of other: Tensor) -> Bool {
        shape.filter { $0 != 1 } == other.shape.filter { $0 != 1 }
            && isBitEqual(to: other.reshaped(shape))
    }

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
