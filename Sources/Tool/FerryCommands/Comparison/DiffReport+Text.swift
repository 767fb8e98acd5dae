import Foundation
import Parity

/// A comparison as text for a terminal.
extension DiffReport {
    /// Heading, tensors that are remarkable (or all), a count, findings, notes and the verdict.
    func text(listsAll: Bool, coloured: Bool) -> String {
        var parts = [
            styled("\(visible(value)) against \(visible(reference))", coloured ? .strong : .plain)
        ]
        let shown = listsAll ? tensors : tensors.filter { $0.status != .bitEqual }
        if !shown.isEmpty { parts.append(table(shown).render(coloured: coloured)) }
        let equal = tensors.count { $0.status == .bitEqual }
        parts.append("\(equal) of \(tensors.count) tensors bit-equal, matched by \(matchedBy)")
        if !findings.isEmpty { parts += [""] + findings.flatMap { lines($0, coloured) } + [""] }
        parts += notes.map { "note: \(visible($0))" }
        parts.append("verdict: \(verdictText(coloured))")
        return parts.joined(separator: "\n")
    }

    private func table(_ rows: [Row]) -> TextTable {
        var table = TextTable(columns: [
            .init("TENSOR"), .init("SHAPE", .right), .init("STATUS"), .init("DIFFER", .right),
            .init("MAX ABS", .right), .init("MAX REL", .right), .init("ULP", .right),
            .init("COSINE", .right), .init("FIRST AT"),
        ])
        for row in rows {
            let difference = row.difference
            table.add([
                .init(row.name), .init("\(row.shape ?? row.referenceShape ?? [])"),
                .init(row.status.words, row.status.style),
                .init(difference.map { "\($0.differingCount)" } ?? "-"),
                .init(difference.map { short($0.maximumAbsolute) } ?? "-"),
                .init(difference.map { short($0.maximumRelative) } ?? "-"),
                .init(difference?.maximumULP.map { "\($0)" } ?? "-"),
                .init(difference?.cosine.map { String(format: "%.9f", $0) } ?? "-"),
                .init(row.first.map { place($0) } ?? row.explanation),
            ])
        }
        return table
    }

    private func short(_ value: Double) -> String {
        value == 0 ? "0" : String(format: "%.2e", value)
    }

    /// The first element that differs; where the file has another order, its place there too.
    private func place(_ element: Element) -> String {
        let own = "\(element.coordinates) = element \(element.index)"
        guard let file = element.file,
            file.index != element.index || file.coordinates != element.coordinates
        else { return own }
        return "\(own); in the file \(file.coordinates) = element \(file.index)"
    }

    private func lines(_ finding: Finding, _ coloured: Bool) -> [String] {
        let tensor = finding.tensor.map { ", tensor '\(visible($0))'" } ?? ""
        let mark = finding.isExact ? "" : " (not the whole difference)"
        let cause = styled(finding.cause.rawValue, coloured ? .bad : .plain)
        var lines = [
            "\(visible(finding.layer)) (\(visible(finding.operation)))\(tensor): \(cause)",
            "    \(sentence(finding.explanation))\(finding.cause == .unknown ? "" : mark)",
        ]
        if let advice = finding.cause.advice {
            lines.append(styled("    \(advice)", coloured ? .faint : .plain))
        }
        return lines
    }

    private func sentence(_ text: String) -> String {
        let text = visible(text)
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    private func verdictText(_ coloured: Bool) -> String {
        let (words, style): (String, TextTable.Style) =
            switch verdict {
            case .equal: ("equal to the last bit", .good)
            case .equalUpToElementType: ("equal up to element type", .good)
            case .equivalent: ("the same network, for the reasons above", .good)
            case .different: ("DIFFERENT\(count)", .bad)
            case .nothingCompared: ("nothing was compared", .bad)
            }
        return styled(words, coloured ? style : .plain)
    }

    private var count: String {
        let tensors = tensors.count { [.different, .missing, .extra].contains($0.status) }
        let operators = findings.count { $0.tensor == nil && !$0.cause.isHarmless }
        let parts = [(tensors, "tensor"), (operators, "operator")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
    }
}

extension DiffReport.Row.Status {
    var words: String {
        switch self {
        case .bitEqual: "bit-equal"
        case .elementType: "element type"
        case .explained: "explained"
        case .different: "DIFFERENT"
        case .missing: "MISSING"
        case .extra: "EXTRA"
        }
    }

    var style: TextTable.Style {
        switch self {
        case .bitEqual, .elementType, .explained: .good
        case .different, .missing, .extra: .bad
        }
    }
}
