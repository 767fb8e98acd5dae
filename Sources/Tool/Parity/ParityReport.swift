package import Tensors

/// The outcome of comparing two models, weight by weight and output by output.
package struct ParityReport: Codable, Equatable, Sendable {
    /// What is compared, for the heading: usually two file names.
    package var value: String
    package var reference: String
    package var weights: [ParityRow] = []
    package var outputs: [ParityRow] = []
    /// Activations in graph order, where they were asked for.
    package var layers: [LayerRow] = []
    package var bisection: Bisection?
    /// Differences that were recognised, in graph order.
    package var findings: [Finding] = []
    package var provenance: Provenance?
    /// What else the reader must know: a Softmax applied to one side, inputs used, a note.
    package var notes: [String] = []

    package init(value: String, reference: String) {
        self.value = value
        self.reference = reference
    }

    /// What the rows amount to.
    package enum Verdict: String, Codable, Sendable {
        /// Every row is equal to the last bit.
        case equal
        /// Every weight is equal or explained and every output is inside the tolerance.
        case withinTolerance
        /// As `equal`, but for weights that are the other's rounded to another element type.
        case equalUpToElementType
        /// At least one row is neither.
        case different
        /// There is no row with an element to compare.
        case nothingCompared
        /// Nothing differs, but no output depends on the input: another network would look the same.
        case nothingProven
    }

    package var verdict: Verdict {
        let all = weights + outputs + layers.map(\.parity)
        if all.contains(where: { !$0.passes }) { return .different }
        let rows = all.filter { $0.status != .notCompared }
        if rows.allSatisfy({ $0.difference?.isEmpty ?? true }) { return .nothingCompared }
        if !outputs.isEmpty, !outputs.contains(where: \.provesSomething) { return .nothingProven }
        if rows.allSatisfy({ $0.status == .bitEqual }) { return .equal }
        return rows.allSatisfy { $0.status == .bitEqual || $0.isElementTypeConversion }
            ? .equalUpToElementType : .withinTolerance
    }

    /// Whether the two models may be called the same.
    package var passes: Bool {
        switch verdict {
        case .equal, .withinTolerance, .equalUpToElementType: true
        case .different, .nothingCompared, .nothingProven: false
        }
    }

    /// Whether every weight is the other's, rounded to another element type or the same.
    package var hasEqualWeightsUpToElementType: Bool {
        weights.contains(where: \.isElementTypeConversion)
            && weights.allSatisfy { $0.status == .bitEqual || $0.isElementTypeConversion }
    }

    private enum CodingKeys: String, CodingKey {
        case value, reference, weights, outputs, layers, bisection, findings, provenance, notes,
            verdict
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        value = try container.decode(String.self, forKey: .value)
        reference = try container.decode(String.self, forKey: .reference)
        weights = try container.decode([ParityRow].self, forKey: .weights)
        outputs = try container.decode([ParityRow].self, forKey: .outputs)
        layers = try container.decode([LayerRow].self, forKey: .layers)
        bisection = try container.decodeIfPresent(Bisection.self, forKey: .bisection)
        findings = try container.decode([Finding].self, forKey: .findings)
        provenance = try container.decodeIfPresent(Provenance.self, forKey: .provenance)
        notes = try container.decode([String].self, forKey: .notes)
    }

    /// Writes the verdict too; reading derives it again from the rows.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(value, forKey: .value)
        try container.encode(reference, forKey: .reference)
        try container.encode(weights, forKey: .weights)
        try container.encode(outputs, forKey: .outputs)
        try container.encode(layers, forKey: .layers)
        try container.encodeIfPresent(bisection, forKey: .bisection)
        try container.encode(findings, forKey: .findings)
        try container.encodeIfPresent(provenance, forKey: .provenance)
        try container.encode(notes, forKey: .notes)
        try container.encode(verdict, forKey: .verdict)
    }
}

/// One compared pair of tensors.
package struct ParityRow: Codable, Equatable, Sendable {
    /// How the pair came out.
    package enum Status: String, Codable, Sendable {
        case bitEqual
        /// Inside the tolerance.
        case close
        /// Different for a reason that `explanation` states and that keeps the model the same.
        case explained
        case different
        /// Present on one side only.
        case missing
        /// There is nothing to compare it with, and that alone is no difference.
        case notCompared
    }

    /// The tensor's role or name.
    package var name: String
    package var status: Status
    /// Why the status is what it is, and what to beware of; empty when there is nothing to say.
    package var explanation: String
    /// Nil when the shapes differ or one side is missing.
    package var difference: TensorDifference?
    /// Whether the values change with the input, on both sides; nil where that was not tried.
    package var dependsOnInput: Bool?
    /// Of outputs that rank classes.
    package var agreement: ClassAgreement?

    /// Whether another network would hardly have given the same values: there are some, and they
    /// change with the input or, where that was not tried, among themselves.
    package var provesSomething: Bool {
        guard let difference, !difference.isEmpty else { return false }
        return dependsOnInput ?? !(difference.value.isConstant || difference.reference.isConstant)
    }

    /// Notes whether the values change with the input.
    package mutating func note(dependsOnInput: Bool) {
        self.dependsOnInput = dependsOnInput
        if dependsOnInput { return }
        explanation = sentence(["does not depend on the input", explanation])
    }

    /// Whether one side is the other's elements, rounded to its element type.
    package var isElementTypeConversion: Bool {
        status == .explained && difference?.isElementTypeConversion ?? false
    }

    /// Whether the row does not stand against parity.
    package var passes: Bool { status != .different && status != .missing }

    /// A row with a status settled by the caller.
    package init(
        name: String, status: Status, explanation: String, difference: TensorDifference? = nil
    ) {
        self.name = name
        self.status = status
        self.explanation = explanation
        self.difference = difference
    }

    /// Judges a weight: it must be bit-equal, or differ by its element type only, or be explained.
    ///
    /// - Parameters:
    ///   - tolerance: what an explained difference may amount to.
    ///   - reason: why the values may differ (BN folded into the convolution, constants merged); nil
    ///     when there is no such reason.
    package static func weight(
        _ name: String, _ value: Tensor, reference: Tensor,
        tolerance: Tolerance = .exact, reason: String? = nil
    ) -> ParityRow {
        guard value.shape == reference.shape else { return shapes(name, value, reference) }
        let difference = TensorDifference(of: value, from: reference, tolerance: tolerance)
        var status = Status.different
        var words: [String] = []
        if difference.isBitEqual {
            status = .bitEqual
        } else if difference.isElementTypeConversion {
            status = .explained
            words.append("\(difference.referenceElementType) → \(difference.elementType)")
        } else if let reason, difference.isWithinTolerance {
            status = .explained
            words.append(reason)
        } else {
            words.append(difference.disagreement)
        }
        return ParityRow(
            name: name, status: status, explanation: sentence(words + difference.cautions),
            difference: difference)
    }

    /// Judges an output: every value must be finite, and all of them inside the tolerance.
    package static func output(
        _ name: String, _ value: Tensor, reference: Tensor, tolerance: Tolerance = .outputs
    ) -> ParityRow {
        var row = activation(name, value, reference: reference, tolerance: tolerance)
        row.agreement = ClassAgreement(value, reference, required: tolerance.top)
        if let agreement = row.agreement, !agreement.isMet {
            row.status = .different
            let words =
                "the best \(tolerance.top ?? 1) agree in \(agreement.topRequired ?? 0) of "
                + "\(agreement.pictures)"
            row.explanation = sentence([words, row.explanation])
        }
        return row
    }

    /// Judges a value inside a network: as an output, but that ranks mean nothing there.
    package static func activation(
        _ name: String, _ value: Tensor, reference: Tensor, tolerance: Tolerance = .outputs
    ) -> ParityRow {
        guard value.shape == reference.shape else { return shapes(name, value, reference) }
        let difference = TensorDifference(of: value, from: reference, tolerance: tolerance)
        var words = difference.unmet
        if difference.outsideCount > 0 { words.append(difference.disagreement) }
        let status: Status =
            difference.isBitEqual && difference.outsideCount == 0
            ? .bitEqual : difference.isWithinTolerance ? .close : .different
        return ParityRow(
            name: name, status: status,
            explanation: sentence(words + difference.cautions + difference.constancy),
            difference: difference)
    }

    private static func shapes(_ name: String, _ value: Tensor, _ reference: Tensor) -> ParityRow {
        ParityRow(
            name: name, status: .different,
            explanation: "shape \(value.shape), reference \(reference.shape)")
    }
}

private func sentence(_ parts: [String]) -> String {
    parts.filter { !$0.isEmpty }.joined(separator: "; ")
}
