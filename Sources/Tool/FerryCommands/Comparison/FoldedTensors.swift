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
        _ fold: NetworkComparison.Fold, _ normalization: Normalization, _ value: Tensor?,
        _ reference: Tensor?, like kernel: Tensor
    ) {
        isInValue = fold.isInValue
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

    /// What the two would be with the normalisation folded wrongly, or not at all.
    func alternatives(_ role: ParameterRole) -> [TensorPair.Alternative] {
        var list: [TensorPair.Alternative] = []
        if let value, let reference {
            let cause: Cause = isInValue ? .normalizationExtra : .normalizationMissing
            let words =
                isInValue
                ? "the reference has no such normalisation, folded or not"
                : "the normalisation is neither there nor folded into the layer before"
            list.append(
                .init(cause: TensorCause(cause, words), value: value, reference: reference))
        }
        for way in Normalization.wrongWays {
            guard case (let a?, let b?) = pair(role, way) else { continue }
            list.append(
                .init(
                    cause: TensorCause(
                        .normalizationFolding, "the normalisation is folded \(way.words)"),
                    value: a, reference: b))
        }
        return list
    }
}
