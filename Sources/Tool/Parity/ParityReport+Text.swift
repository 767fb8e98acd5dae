import Foundation

/// A report as text for a terminal.
extension ParityReport {
    /// Heading, tables of weights, layers and outputs, notes, findings and the verdict, in lines.
    ///
    /// - Parameters:
    ///   - onlyRemarkable: leaves out the weights that are bit-equal and say nothing, and counts them.
    ///   - coloured: whether to use terminal colours.
    package func text(onlyRemarkable: Bool = false, coloured: Bool = false) -> String {
        var parts = ["\(visible(value)) against \(visible(reference))"]
        let shown =
            onlyRemarkable
            ? weights.filter { $0.status != .bitEqual || !$0.explanation.isEmpty } : weights
        if !shown.isEmpty {
            parts.append(table("WEIGHT", shown).render(coloured: coloured))
        }
        let equal = weights.count { $0.status == .bitEqual }
        if !weights.isEmpty {
            parts.append("\(equal) of \(weights.count) weights bit-equal")
        }
        if !layers.isEmpty { parts.append(layerTable.render(coloured: coloured)) }
        if !outputs.isEmpty {
            parts.append(table("OUTPUT", outputs).render(coloured: coloured))
        }
        if let agreement { parts.append(agreement.words) }
        parts += notes.map { "note: \(visible($0))" }
        parts += bisectionLines(coloured: coloured)
        parts += findings.map { "cause: \(visible($0.sentence))" }
        parts.append(
            "verdict: " + styled(verdictText, coloured ? passes ? .good : .bad : .plain))
        return parts.joined(separator: "\n")
    }

    /// How often all outputs rank the same classes best.
    private var agreement: ClassAgreement? {
        let all = outputs.compactMap(\.agreement)
        guard var sum = all.first else { return nil }
        for other in all.dropFirst() { sum.add(other) }
        return sum
    }

    /// The verdict in words.
    package var verdictText: String {
        switch verdict {
        case .equal: "equal to the last bit"
        case .withinTolerance: "the same within the tolerance"
        case .equalUpToElementType: "equal up to element type"
        case .different:
            switch (weights + outputs + layers.map(\.parity)).count(where: { !$0.passes }) {
            case 1: "DIFFERENT (1 row)"
            case let count: "DIFFERENT (\(count) rows)"
            }
        case .nothingCompared: "nothing was compared"
        case .nothingProven: "NOTHING PROVEN: no output depends on the input"
        }
    }

    func outside(_ difference: TensorDifference) -> String {
        difference.outsideCount == 0
            ? "0" : "\(difference.outsideCount) of \(difference.value.elementCount)"
    }

    private func table(_ kind: String, _ rows: [ParityRow]) -> TextTable {
        var table = TextTable(columns: [
            .init(kind), .init("STATUS"), .init("MAX ABS", .right), .init("MAX REL", .right),
            .init("ULP", .right), .init("COSINE", .right), .init("OUTSIDE", .right), .init("WHY"),
        ])
        for row in rows {
            let difference = row.difference
            table.add([
                .init(row.name), .init(row.status.words, row.status.style),
                .init(difference.map { short($0.maximumAbsolute) } ?? "-"),
                .init(difference.map { short($0.maximumRelative) } ?? "-"),
                .init(difference?.maximumULP.map { String($0) } ?? "-"),
                .init(difference?.cosine.map(cosineText) ?? "-"),
                .init(difference.map(outside) ?? "-"), .init(row.explanation),
            ])
        }
        return table
    }
}

extension ParityRow.Status {
    /// The status as a table shows it.
    package var words: String {
        switch self {
        case .bitEqual: "bit-equal"
        case .close: "close"
        case .explained: "explained"
        case .different: "DIFFERENT"
        case .missing: "MISSING"
        case .notCompared: "not compared"
        }
    }
}

extension ParityRow.Status {
    var style: TextTable.Style {
        switch self {
        case .bitEqual, .close, .explained: .good
        case .different, .missing: .bad
        case .notCompared: .faint
        }
    }
}

/// A cosine in nine digits, rounded so that only what is 1 reads as 1.
func cosineText(_ value: Double) -> String {
    String(format: "%.9f", value < 1 ? min(value, 0.999999999) : value)
}

/// A measure in three digits; 0 stays "0".
func short(_ value: Double) -> String {
    value == 0 ? "0" : String(format: "%.2e", value)
}
