import Architectures
import Parity
import Tensors

/// A tensor of one network and the one that plays its part in the other.
struct TensorPair {
    /// The tensor's name in the judged network; in the reference where only that has one.
    let name: String
    let referenceName: String?
    let layer: String
    let operation: String
    let role: ParameterRole
    /// Where in the judged network the layer stands.
    let position: Double
    let value: Tensor?
    let reference: Tensor?
    let context: TensorContext
    /// ε of the normalisation that the tensor belongs to.
    var epsilon: Double?
    /// Why both are the same although they are not to be compared; nil where they are.
    var settledReason: String?
    /// Why they may differ by rounding; nil where only the same bits are the same.
    var agreement: Agreement?
    /// What the two would be if something else had happened to a normalisation.
    var alternatives: () -> [Alternative] = { [] }

    /// Two tensors that agree, up to the rounding of folding, where `cause` is the reason.
    struct Alternative {
        let cause: TensorCause
        let value: Tensor
        let reference: Tensor
    }

    /// How the pair came out.
    enum Outcome {
        case bitEqual
        /// One is the other's elements, rounded to its element type.
        case converted
        /// Different for a reason that keeps the network the same.
        case explained(String)
        case different(ElementDifferences?, TensorCause)
        /// The judged network lacks the tensor.
        case missing(TensorCause)
        /// The reference lacks the tensor.
        case extra(TensorCause)
    }

    /// What can be said without asking for a cause.
    enum Settlement {
        case settled(Outcome)
        /// The tensors differ; where is known if shapes and element types are the same.
        case differs(DifferingPieces?)
    }

    func settled() -> Settlement {
        if let settledReason { return .settled(.explained(settledReason)) }
        guard let value, let reference else { return .settled(absence) }
        guard value.shape == reference.shape else {
            // A dense layer may be a convolution over the whole picture; a constant may have leading
            // axes of size 1.
            let isOneShape =
                value.shape.first == reference.shape.first
                || value.shape.drop { $0 == 1 } == reference.shape.drop { $0 == 1 }
            let isSame =
                isOneShape && value.elementType == reference.elementType
                && value.hasEqualBytes(to: reference)
            return isSame
                ? .settled(.explained("the same elements in another shape")) : .differs(nil)
        }
        if value.elementType != reference.elementType {
            return value.isConversion(of: reference) ? .settled(.converted) : .differs(nil)
        }
        let pieces = DifferingPieces(value, reference)
        guard let agreement, pieces != nil || agreement.isDerived else {
            return pieces.map { .differs($0) } ?? .settled(.bitEqual)
        }
        guard let words = agreement.explanation(value, reference) else { return .differs(pieces) }
        return .settled(.explained(words))
    }

    /// Whether two tensors of one shape agree up to the rounding of folding.
    private func isClose(_ value: Tensor, _ reference: Tensor) -> Bool {
        TensorDifference(
            of: value, from: reference, tolerance: agreement?.tolerance ?? Agreement.folding
        ).isWithinTolerance
    }

    private var absence: Outcome {
        let tensor = value ?? reference
        let side = value == nil ? "the value" : "the reference"
        if role == .bias, let tensor, tensor.settled.doubles().allSatisfy({ $0 == 0 }) {
            return .explained("zeros, absent in \(side)")
        }
        let words = "\(role.rawValue) of \(tensor?.shape ?? []), absent in \(side)"
        if value == nil {
            return .missing(TensorCause(role == .bias ? .biasMissing : .tensorMissing, words))
        }
        return .extra(TensorCause(.tensorExtra, words))
    }

    /// Why tensors that differ do.
    func difference(_ pieces: DifferingPieces?) -> Outcome {
        guard let value, let reference else { return absence }
        guard value.shape == reference.shape else {
            return .different(nil, shapeCause(value, reference))
        }
        guard value.elementType != reference.elementType else {
            guard let pieces = pieces ?? DifferingPieces(value, reference) else {
                return .bitEqual
            }
            let found = ElementDifferences(pieces)
            let known = alternatives().first {
                $0.value.shape == $0.reference.shape && isClose($0.value, $0.reference)
            }
            if let known { return .different(found, known.cause) }
            let cause = TensorCause.search(value, reference, context, found)
            return .different(found, named(cause, value))
        }
        // What rounding makes of the reference may itself be explained by a rule for elements.
        let rounded = reference.settled.converted(to: value.elementType)
        guard let found = ElementDifferences(value, rounded) else { return .converted }
        if let cause = TensorCause.rule(value, reference) { return .different(found, cause) }
        return .different(found, TensorCause.search(value, rounded, context, found))
    }

    /// Numbers that are no tensor of both files, and those by which an operator multiplies or which
    /// it adds, with why they differ.
    private func named(_ cause: TensorCause, _ value: Tensor) -> TensorCause {
        var cause = cause
        if let subject = agreement?.subject {
            cause.explanation = "as \(subject): \(cause.explanation)"
        }
        switch (role, operation) {
        case (.other, "Mul"), (.other, "Div"): cause.cause = .constantFactor
        case (.other, "Add"), (.other, "Sub"): cause.cause = .constantOffset
        default: return cause
        }
        cause.explanation = "of \(operation)'s constant \(value.shape), \(cause.explanation)"
        return cause
    }

    private func shapeCause(_ value: Tensor, _ reference: Tensor) -> TensorCause {
        if let cause = TensorCause.searchShapes(value, reference, context) { return cause }
        return TensorCause(
            .tensorShape, "shape \(value.shape), reference \(reference.shape)", isExact: false)
    }
}

extension Tensor {
    /// Whether one of two tensors of different element types is the other one's conversion.
    fileprivate func isConversion(of other: Tensor) -> Bool {
        func converts(_ source: Tensor, to target: Tensor) -> Bool {
            let isMovable = [source, target].allSatisfy {
                [.float16, .bfloat16, .float32, .float64].contains($0.elementType)
            }
            return isMovable
                ? target.isBitEqual(to: source.rounded(to: target.elementType))
                : target.settled.isBitEqual(to: source.settled.converted(to: target.elementType))
        }
        return converts(self, to: other) || converts(other, to: self)
    }
}
