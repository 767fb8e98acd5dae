import Foundation
import Parity

/// What a page says below the verdict.
extension Page {
    // MARK: What differs

    var bisection: HTML {
        guard let found = report.bisection else { return "" }
        let operation =
            found.operation + (found.referenceOperation.map { ", in the reference \($0)" } ?? "")
        return section(
            "First layer outside the tolerance", "",
            """
            <p class="cause"><span class="name">\(found.layer)</span> \
            <span class="operation">\(operation)</span><br>\
            \(found.explanation.sentence)</p>

            """)
    }

    var findings: HTML {
        if report.findings.isEmpty { return "" }
        let hasTensors = report.findings.contains { $0.tensor != nil }
        // What to do is said once for each cause.
        var advised: Set<Cause> = []
        let items = report.findings.prefix(rowLimit).map { finding -> HTML in
            let words = advised.insert(finding.cause).inserted ? finding.cause.advice : nil
            let place: HTML =
                hasTensors ? "<td class=\"name\">\(finding.tensor ?? "")</td>" : ""
            let advice: HTML =
                words.map { "<br><span class=\"unit\">\($0)</span>" } ?? ""
            let certainty = finding.isExact ? "all" : "a part"
            return """
                <tr><td class="name">\(finding.layer)</td><td>\(finding.operation)</td>\
                \(place)<td class="text">\(finding.explanation.sentence)\(advice)</td><td>\(certainty)</td></tr>

                """
        }
        return section(
            "Causes", "",
            """
            <div class="wide"><table>
            <thead><tr><th>Layer</th><th>Computes</th>\(hasTensors ? "<th>Tensor</th>" : "" as HTML)\
            <th>What is different</th><th>How much of it</th></tr></thead>
            <tbody>
            \(items)</tbody></table></div>
            \(rest(report.findings.count))
            """)
    }

    // MARK: Outputs and inputs

    var outputs: HTML {
        if report.outputs.isEmpty { return "" }
        let charts = evidence.histograms.prefix(12).map { HistogramChart(histogram: $0).markup }
        let captions: HTML =
            charts.isEmpty
            ? ""
            : """
            <h3>How far the elements differ</h3>
            <p class="lead">|out − ref| as a part of max|ref|, in half decades. The dashed line is \
            what the tolerance allows of values near zero; larger values may differ by more.</p>
            <div class="histograms">\(Array(charts))</div>

            """
        let ranks = report.outputs.compactMap { row in
            row.agreement.map { agreement -> HTML in
                """
                <p class="rest"><span class="name">\(row.name)</span>: \(agreement.words)</p>

                """
            }
        }
        return section(
            "Outputs", tolerance ?? "",
            "\(table("Output", report.outputs))\(Array(ranks.prefix(rowLimit)))\(captions)")
    }

    /// The pass line in words.
    private var tolerance: HTML? {
        guard let tolerance = report.outputs.lazy.compactMap({ $0.difference?.tolerance }).first
        else { return nil }
        let (relative, absolute) = (tolerance.relative, tolerance.absoluteOfMaximum)
        if relative == 0, absolute == 0 { return "Every element must be equal." }
        return """
            Pass line: |out − ref| ≤ \(scientific(relative)) · |ref| + \
            \(scientific(absolute)) · max|ref|. \(tolerance.reason.sentence)
            """
    }

    var inputs: HTML {
        if evidence.inputs.isEmpty { return "" }
        let figures = evidence.inputs.prefix(Self.inputLimit).map { input -> HTML in
            let share = share(input.difference.margin)
            let picture: HTML = input.picture.map(self.picture) ?? "<div class=\"blank\"></div>"
            return """
                <figure class="input">\(picture)<figcaption>\(input.caption)<br>\
                <b>\(scientific(input.difference.maximumAbsolute))</b> \
                <span class="unit">\(share.figure) \(share.unit)</span>\
                </figcaption></figure>

                """
        }
        return section(
            "Inputs whose outputs differ most",
            """
            As the network sees them: values stretched from black to white. Below each, the largest \
            difference of its outputs.
            """,
            "<div class=\"inputs\">\(Array(figures))</div>\n")
    }

    private func picture(_ picture: Evidence.InlinePicture) -> HTML {
        let data = HTML(source: Data(picture.png).base64EncodedString())
        return """
            <img alt="" width="\(picture.width)" height="\(picture.height)" \
            src="data:image/png;base64,\(data)">
            """
    }

    // MARK: Layers and weights

    var layers: HTML {
        if report.layers.isEmpty { return "" }
        return section(
            "Layers", "In the order of the graph.",
            """
            <figure class="chart">\(ErrorChart(Array(report.layers.prefix(rowLimit))).markup)</figure>
            \(table(layers: report.layers))
            """)
    }

    /// Errors against float64, by arithmetic.
    var growth: HTML {
        guard let growth = evidence.growth, !growth.layers.isEmpty else { return "" }
        return section(
            "Growth of errors",
            """
            The largest error of each layer against float64, in each arithmetic: fast and strict \
            sums in float32, and weights rounded to 16 bits.
            """,
            """
            <figure class="chart">\(ErrorChart(growth, first: rowLimit).markup)</figure>
            \(table(growth))
            """)
    }

    var weights: HTML {
        if report.weights.isEmpty { return "" }
        let remarkable = report.weights.filter { $0.status != .bitEqual || !$0.explanation.isEmpty }
        let plain = report.weights.filter { $0.status == .bitEqual && $0.explanation.isEmpty }
        let table = remarkable.isEmpty ? HTML.nothing : self.table("Weight", remarkable)
        return section("Weights", "", "\(table)\(list(plain))")
    }

    /// Weights of which nothing need be said but their names.
    private func list(_ rows: [ParityRow]) -> HTML {
        if rows.isEmpty { return "" }
        let items = rows.prefix(rowLimit).map { row -> HTML in
            let shape = row.difference.map { "\($0.elementType) \($0.shape)" } ?? ""
            return
                "<li><span class=\"name\">\(row.name)</span> <span class=\"unit\">\(shape)</span></li>\n"
        }
        return """
            <details\(rows.count <= 40 ? " open" : "")><summary>\(grouped(rows.count)) \
            bit-equal</summary>
            <ul class="names">\(Array(items))</ul></details>
            \(rest(rows.count))
            """
    }

    // MARK: Notes and repetition

    var notes: HTML {
        if report.notes.isEmpty { return "" }
        let items = report.notes.prefix(rowLimit).map { note -> HTML in
            "<li>\(note.sentence)</li>\n"
        }
        return section("Notes", "", "<ul>\(Array(items))</ul>\n")
    }

    func repetition(_ provenance: Provenance) -> HTML {
        let files = provenance.files.prefix(rowLimit).map { file -> HTML in
            """
            <tr><td class="name">\(file.path)</td><td class="number">\(grouped(file.byteCount))</td>\
            <td class="digest">\(file.sha256)</td></tr>

            """
        }
        let facts = [
            ("Ferry", provenance.version), ("Processor", provenance.processor),
            ("Kernels", "\(provenance.kernels), \(provenance.numerics) numerics"),
            ("Threads", "\(provenance.threads)"), ("Inputs", provenance.inputs),
        ].map { fact -> HTML in "<div><dt>\(fact.0)</dt><dd>\(fact.1)</dd></div>\n" }
        let words = provenance.commandLine.map(\.quotedForShell).joined(separator: " ")
        return section(
            "To repeat this", "",
            """
            <pre><code>\(HTML(text: words, limit: 4000))</code></pre>
            <dl class="facts">\(facts)</dl>
            <div class="wide"><table>
            <thead><tr><th>File</th><th class="number">Bytes</th><th>SHA-256</th></tr></thead>
            <tbody>
            \(Array(files))</tbody></table></div>
            \(rest(provenance.files.count))
            """)
    }

    /// What a table does not show.
    func rest(_ count: Int) -> HTML {
        count <= rowLimit
            ? ""
            : "<p class=\"rest\">\(grouped(count - rowLimit)) more: --json has all.</p>\n"
    }
}
