import Architectures
import Parity
import Tensors

/// The two sides' kernels or biases, one of them to be folded.
struct FoldedTensors {
    let isInValue: Bool
    let normalization: Normalization
    let value: Tensor?
    let reference: Tensor?
    let kernel: Tensor

    init(
        isInValue: Bool, _ normalization: Normalization, _ value: Tensor?, _ reference: Tensor?,
        like kernel: Tensor
    ) {
        self.isInValue = isInValue
        self.normalization = normalization
        self.value = value
        self.reference = reference
        self.kernel = kernel
    }

    /// Both sides with the normalisation worked into one of them.
    func pair(_ role: ParameterRole, _ way: Normalization.Way) -> (Tensor?, Tensor?) {
        let source = isInValue ? value : reference
        let folded: Tensor?
        if role == .weight {
            folded = source.map { normalization.folded(kernel: $0, way) }
        } else {
            folded = normalization.folded(bias: source, like: kernel, way)
        }
        return isInValue ? (folded, reference) : (value, folded)
    }

    /// What the two would be with the normalisation not folded at all.
    var unfolded: [TensorPair.Alternative] {
        guard let value, let reference else { return [] }
        let cause: Cause = isInValue ? .normalizationExtra : .normalizationMissing
        let words =
            isInValue
            ? "the reference has no such normalisation, folded or not"
            : "the normalisation is neither there nor folded into the layer before"
        return [.init(cause: TensorCause(cause, words), value: value, reference: reference)]
    }

    /// What the two would be with the normalisation folded by mistaken formulas.
    ///
    /// - Parameter what: of which that is told.
    func wronglyFolded(
        _ role: ParameterRole, _ what: String = "the normalisation is folded"
    ) -> [TensorPair.Alternative] {
        Normalization.wrongWays.compactMap { way in
            guard case (let a?, let b?) = pair(role, way) else { return nil }
            return .init(
                cause: TensorCause(.normalizationFolding, "\(what) \(way.words)"), value: a,
                reference: b)
        }
    }
}
