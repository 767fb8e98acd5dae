package import Parity

/// A report as one page of HTML that needs no network, no script and no other file.
///
/// The same report gives the same bytes. Tables are cut, and say so, where a page would have more
/// than 1 MiB.
package struct Page {
    /// Bytes that a page has at most.
    static let byteLimit = 1 << 20
    /// Inputs that are shown at most.
    package static let inputLimit = 6
    /// The longest side of a picture, in pixels.
    package static let pictureSide = 96

    let report: ParityReport
    let evidence: Evidence
    /// Rows that a table shows at most; the rest is counted.
    private(set) var rowLimit = 400

    package init(of report: ParityReport, evidence: Evidence = Evidence()) {
        self.report = report
        self.evidence = evidence
    }

    /// The page's source.
    package var html: String {
        var page = self
        var source = page.source
        while source.utf8.count > Self.byteLimit, page.rowLimit > 1 {
            page.rowLimit /= 2
            source = page.source
        }
        return source
    }

    private var source: String {
        document(
            "\(report.value) against \(report.reference)",
            version: report.provenance?.version ?? "", "\(head)\(tiles)\(sections)")
    }

    private var sections: [HTML] {
        [
            bisection, findings, outputs, inputs, layers, growth, weights, notes,
            report.provenance.map(repetition) ?? "",
        ]
    }

    // MARK: The verdict

    private var head: HTML {
        """
        <header>
        <p class="program">ferry · parity of two networks</p>
        <h1 class="\(report.passes ? "good" : "bad")">\(verdict)</h1>
        <p class="sides"><span class="name">\(report.value)</span> <span class="against">against</span> \
        <span class="name">\(report.reference)</span></p>
        </header>

        """
    }

    private var verdict: String {
        switch report.verdict {
        case .equal: "Equal to the last bit"
        case .withinTolerance: "The same within the tolerance"
        case .equalUpToElementType: "Equal up to element type"
        case .different: "Different"
        case .nothingCompared: "Nothing was compared"
        case .nothingProven: "Nothing was proven: no output depends on the input"
        }
    }

    /// The figures that one looks for first.
    private var tiles: HTML {
        var tiles: [HTML] = []
        if !report.weights.isEmpty {
            let equal = report.weights.count { $0.status == .bitEqual }
            tiles.append(tile("weights bit-equal", of(equal, report.weights.count), report.weights))
        }
        if !report.outputs.isEmpty {
            let inside = report.outputs.count { $0.passes }
            tiles.append(
                tile("outputs the same", of(inside, report.outputs.count), report.outputs))
        }
        if !report.layers.isEmpty {
            let rows = report.layers.map(\.parity).filter { $0.status != .notCompared }
            let inside = rows.count { $0.passes }
            tiles.append(tile("layers the same", of(inside, rows.count), rows))
        }
        let differences = report.outputs.compactMap(\.difference)
        if let margin = differences.map({ $0.margin }).max() {
            let share = share(margin)
            tiles.append(tile("\(share.unit), at the worst", share.figure, report.outputs))
        }
        return "<dl class=\"tiles\">\(tiles)</dl>\n"
    }

    private func of(_ part: Int, _ whole: Int) -> String { "\(grouped(part)) of \(grouped(whole))" }

    private func tile(_ label: String, _ figure: String, _ rows: [ParityRow]) -> HTML {
        let style: HTML = rows.allSatisfy(\.passes) ? "" : " class=\"bad\""
        return "<div\(style)><dt>\(label)</dt><dd>\(figure)</dd></div>\n"
    }
}

extension TensorDifference {
    /// The worst difference as a multiple of what is allowed.
    fileprivate var margin: Double {
        if worst == nil { return outsideCount > 0 ? .infinity : 0 }
        return worstMargin ?? .infinity
    }
}
