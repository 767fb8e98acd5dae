import Foundation
import Parity

/// Tables of compared tensors.
extension Page {
    func table(_ kind: String, _ rows: [ParityRow]) -> HTML {
        let hasReasons = rows.contains { !$0.explanation.isEmpty }
        let body = rows.prefix(rowLimit).map { row -> HTML in
            let reason: HTML =
                hasReasons ? "<td class=\"text\">\(row.explanation.sentence)</td>" : ""
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
        let body = layers.prefix(rowLimit).map { layer -> HTML in
            let row = layer.parity
            let other: HTML =
                layer.referenceName == layer.name || layer.referenceName.isEmpty
                ? "" : "<br><span class=\"unit\">\(layer.referenceName)</span>"
            let operation =
                layer.operation + (layer.referenceOperation.map { " (reference: \($0))" } ?? "")
            let shape = layer.shape.map(sizes) ?? self.shape(row)
            let reason: HTML =
                row.explanation.isEmpty
                ? "" : "<br><span class=\"unit\">\(row.explanation.sentence)</span>"
            return """
                <tr><td class="name">\(layer.name)\(other)</td>\
                <td class="operation">\(operation)\(reason)</td><td class="shape">\(shape)</td>\
                \(status(row))\(measures(row.difference))<td class="number">\
                \(row.difference?.signalToNoise.map { String(format: "%.1f", $0) } ?? "–")</td></tr>

                """
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>Layer</th><th>Computes</th><th>Shape</th><th>Result</th>\
            \(measureTitles)<th class="number">SNR,&nbsp;dB</th></tr></thead>
            <tbody>
            \(Array(body))</tbody></table></div>
            \(rest(layers.count))
            """
    }

    /// The largest errors of layers, a column for each arithmetic.
    func table(_ growth: ErrorGrowth) -> HTML {
        let body = growth.layers.prefix(rowLimit).map { layer -> HTML in
            let cells = growth.arithmetics.map { name -> HTML in
                let text = layer.errors[name].map { scientific($0.maximum) } ?? "–"
                return "<td class=\"number\">\(text)</td>"
            }
            return """
                <tr><td class="name">\(layer.name)</td><td class="operation">\(layer.operation)</td>\
                <td class="shape">\(sizes(layer.shape))</td>\(cells)</tr>

                """
        }
        let titles = growth.arithmetics.map { name -> HTML in
            "<th class=\"number\">\(name)</th>"
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>Layer</th><th>Computes</th><th>Shape</th>\(titles)</tr></thead>
            <tbody>
            \(Array(body))</tbody></table></div>
            \(rest(growth.layers.count))
            """
    }

    private func sizes(_ shape: [Int]) -> String {
        shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: " × ")
    }

    private func shape(_ row: ParityRow) -> String { row.difference.map { sizes($0.shape) } ?? "–" }

    private func status(_ row: ParityRow) -> HTML {
        let style: HTML = row.status == .notCompared ? "faint" : row.passes ? "good" : "bad"
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
            // Only what is 1 reads as 1.
            difference.cosine.map { String(format: "%.9f", $0 < 1 ? min($0, 0.999999999) : $0) }
                ?? "–",
            difference.outsideCount == 0 ? "0" : grouped(difference.outsideCount),
        ].map { cell -> HTML in "<td class=\"number\">\(cell)</td>" }
        return "\(cells)"
    }
}
