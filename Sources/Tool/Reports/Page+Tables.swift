import Foundation
import Parity

/// Tables of compared tensors.
extension Page {
    func table(_ kind: String, _ rows: [ParityRow]) -> HTML {
        let hasReasons = rows.contains { !$0.explanation.isEmpty }
        let body = rows.prefix(Self.rowLimit).map { row -> HTML in
            let reason: HTML = hasReasons ? "<td class=\"text\">\(row.explanation.sentence)</td>" : ""
            return """
                <tr><td class="name">\(row.name)</td><td class="shape">\(shape(row))</td>\
                \(status(row))\(measures(row.difference))\(reason)</tr>

                """
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>\(kind)</th><th>Shape</th><th>Result</th>\(measureTitles)\
            \(hasReasons ? "<th>Why</th>" : "" as HTML)</tr></thead>
            <tbody>
            \(Array(body))</tbody></table></div>
            \(rest(rows.count))
            """
    }

    func table(layers: [LayerRow]) -> HTML {
        let body = layers.prefix(Self.rowLimit).map { layer -> HTML in
            let row = layer.parity
            let other: HTML =
                layer.referenceName == layer.name || layer.referenceName.isEmpty
                ? "" : "<br><span class=\"unit\">\(layer.referenceName)</span>"
            let reason: HTML =
                row.explanation.isEmpty
                ? "" : "<br><span class=\"unit\">\(row.explanation.sentence)</span>"
            return """
                <tr><td class="name">\(layer.name)\(other)</td>\
                <td>\(layer.operation)\(reason)</td><td class="shape">\(shape(row))</td>\
                \(status(row))\(measures(row.difference))</tr>

                """
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>Layer</th><th>Computes</th><th>Shape</th><th>Result</th>\
            \(measureTitles)</tr></thead>
            <tbody>
            \(Array(body))</tbody></table></div>
            \(rest(layers.count))
            """
    }

    private func shape(_ row: ParityRow) -> String {
        row.difference.map { $0.shape.map(String.init).joined(separator: " × ") } ?? "–"
    }

    private func status(_ row: ParityRow) -> HTML {
        let style: HTML = row.passes ? "good" : "bad"
        return "<td class=\"status \(style)\">\(row.status.words.lowercased())</td>"
    }

    private var measureTitles: HTML {
        """
        <th class="number">Max&nbsp;abs</th><th class="number">Max&nbsp;rel</th>\
        <th class="number">ulp</th><th class="number">Cosine</th><th class="number">Outside</th>
        """
    }

    private func measures(_ difference: TensorDifference?) -> HTML {
        guard let difference else {
            return "<td class=\"number\" colspan=\"5\">–</td>"
        }
        let cells = [
            scientific(difference.maximumAbsolute), scientific(difference.maximumRelative),
            difference.maximumULP.map(grouped) ?? "–",
            difference.cosine.map { String(format: "%.9f", $0) } ?? "–",
            difference.outsideCount == 0 ? "0" : grouped(difference.outsideCount),
        ].map { cell -> HTML in "<td class=\"number\">\(cell)</td>" }
        return "\(cells)"
    }
}
