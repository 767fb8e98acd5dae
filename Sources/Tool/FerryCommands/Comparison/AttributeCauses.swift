import Parity

/// What it means that an attribute of two operators of one kind differs.
struct AttributeCause {
    var cause: Cause
    /// What is to be said beside the two values; empty when they say it all.
    var remark = ""

    init(_ cause: Cause, _ remark: String = "") {
        self.cause = cause
        self.remark = remark
    }
}

extension OperatorForm {
    typealias Rule = @Sendable (_ value: OperatorForm, _ reference: OperatorForm) -> AttributeCause

    /// By kind and attribute: "Conv.pads"; a rule of all kinds under the attribute alone.
    private static let rules: [String: Rule] = [
        "pads": padsRule, "strides": stridesRule, "dilations": dilationsRule,
        "group": { value, _ in
            AttributeCause(value.numbers("group") == [1] ? .groupIgnored : .group)
        },
        "kernel_shape": { value, reference in
            AttributeCause(
                value.isOverWholePlane != reference.isOverWholePlane
                    ? .poolingGlobal
                    : isReversed(value, reference, "kernel_shape")
                        ? .windowAxesSwapped : .kernelShape)
        },
        "ceil_mode": { _, _ in AttributeCause(.ceilMode) },
        "count_include_pad": { _, _ in AttributeCause(.countIncludePad) },
        "pooling": { _, _ in AttributeCause(.poolingKind) },
        "LRN.alpha": alphaRule, "LRN.size": sizeRule,
        "LRN.beta": { _, _ in AttributeCause(.lrnBeta) },
        "LRN.bias": { _, _ in AttributeCause(.lrnBias) },
        "BatchNormalization.epsilon": { _, _ in AttributeCause(.normalizationEpsilon) },
        "BatchNormalization.training_mode": { _, _ in AttributeCause(.normalizationTraining) },
        "Clamp.low": { _, _ in AttributeCause(.activationBound) },
        "Clamp.high": { _, _ in AttributeCause(.activationBound) },
        "LeakyRelu.alpha": { _, _ in AttributeCause(.activationSlope) },
        "Elu.alpha": { _, _ in AttributeCause(.activationSlope) },
        "Selu.alpha": { _, _ in AttributeCause(.activationConstants) },
        "Selu.gamma": { _, _ in AttributeCause(.activationConstants) },
        "HardSigmoid.alpha": { _, _ in AttributeCause(.activationConstants) },
        "HardSigmoid.beta": { _, _ in AttributeCause(.activationConstants) },
        "Softmax.axis": { _, _ in AttributeCause(.softmaxAxis) },
        "LogSoftmax.axis": { _, _ in AttributeCause(.softmaxAxis) },
        "Gemm.alpha": { _, _ in AttributeCause(.gemmAlpha) },
        "Gemm.beta": { _, _ in AttributeCause(.gemmBeta) },
        "Gemm.transA": { _, _ in AttributeCause(.gemmTranspose) },
        "Gemm.transB": { _, _ in AttributeCause(.gemmTranspose) },
        "Resize.mode": { _, _ in AttributeCause(.resizeMode) },
        "Resize.coordinate_transformation_mode": { _, _ in AttributeCause(.resizeCoordinates) },
        "Resize.nearest_mode": { _, _ in AttributeCause(.resizeRounding) },
        "Resize.sizes": { _, _ in AttributeCause(.resizeScale) },
        "Resize.antialias": { _, _ in AttributeCause(.resizeAntialias) },
        "Reshape.shape": { _, _ in AttributeCause(.reshapeShape) },
        "Reshape.axis": { _, _ in AttributeCause(.flattenAxis) },
        "Pad.mode": { _, _ in AttributeCause(.padMode) },
        "Pad.value": { _, _ in AttributeCause(.padValue) },
        "Pad.pads": { _, _ in AttributeCause(.padAmount) },
        "Transpose.perm": { _, _ in AttributeCause(.transposePermutation) },
        "axis": { _, _ in AttributeCause(.axis) },
        "axes": { _, _ in AttributeCause(.axis) },
    ]

    /// What the difference in `attribute` means.
    func cause(of attribute: String, against reference: OperatorForm) -> AttributeCause {
        let rule = Self.rules["\(kind).\(attribute)"] ?? Self.rules[attribute]
        return rule?(self, reference) ?? AttributeCause(.attribute)
    }

    private static func isReversed(
        _ value: OperatorForm, _ reference: OperatorForm, _ name: String
    ) -> Bool {
        guard let mine = value.numbers(name), let theirs = reference.numbers(name) else {
            return false
        }
        return mine == Array(theirs.reversed()) && mine != theirs
    }

    /// Begins of all axes, then ends.
    private static let padsRule: Rule = { value, reference in
        guard let mine = value.numbers("pads"), let theirs = reference.numbers("pads"),
            mine.count == theirs.count
        else { return AttributeCause(.pads) }
        let rank = mine.count / 2
        func sums(_ pads: [Double]) -> [Double] { (0..<rank).map { pads[$0] + pads[$0 + rank] } }
        if mine.allSatisfy({ $0 == 0 }) { return AttributeCause(.padsMissing) }
        if theirs.allSatisfy({ $0 == 0 }) { return AttributeCause(.padsExtra) }
        if sums(mine) == sums(theirs) {
            return AttributeCause(
                .padsOnWrongSide, "the same padding in all, on the other side")
        }
        if mine.sorted() == theirs.sorted() {
            return AttributeCause(.padsReordered, "the same numbers in another order of sides")
        }
        return AttributeCause(.pads)
    }

    private static let stridesRule: Rule = { value, reference in
        AttributeCause(isReversed(value, reference, "strides") ? .windowAxesSwapped : .strides)
    }

    private static let dilationsRule: Rule = { value, reference in
        if value.numbers("dilations")?.allSatisfy({ $0 == 1 }) ?? false {
            return AttributeCause(.dilationsIgnored)
        }
        return AttributeCause(
            isReversed(value, reference, "dilations") ? .windowAxesSwapped : .dilations)
    }

    private static let alphaRule: Rule = { value, reference in
        guard let alpha = value.numbers("alpha")?.first,
            let size = reference.numbers("size")?.first,
            let other = reference.numbers("alpha")?.first, other != 0
        else { return AttributeCause(.lrnAlpha) }
        for (factor, words) in [
            (size, "times the size, which divides it already"),
            (1 / size, "divided by the size once more"),
        ] where (alpha / (other * factor) - 1).magnitude < 1e-5 {
            return AttributeCause(.lrnAlphaDivision, words)
        }
        return AttributeCause(.lrnAlpha)
    }

    private static let sizeRule: Rule = { value, reference in
        guard let mine = value.numbers("size")?.first, let theirs = reference.numbers("size")?.first
        else { return AttributeCause(.lrnSize) }
        if theirs == 2 * mine + 1 {
            return AttributeCause(.lrnSize, "the radius was taken for the size")
        }
        return mine == 2 * theirs + 1
            ? AttributeCause(.lrnSize, "the size was taken for the radius")
            : AttributeCause(.lrnSize)
    }
}
