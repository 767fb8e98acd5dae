import Foundation
import Parity

/// Error by layer: layers from left to right, parts of the reference's largest magnitude upwards on
/// a logarithmic scale.
struct ErrorChart {
    /// A line of the chart.
    struct Series {
        let name: String
        let style: String
        /// For each layer, its error as a part of the reference's largest magnitude; nil where the
        /// layer could not be compared.
        let values: [Double?]
    }

    let rows: [LayerRow]
    let series: [Series]
    private let exponents: ClosedRange<Int>
    private let step: Double
    private let plot = (left: 52.0, top: 14.0, height: 250.0)

    init(_ rows: [LayerRow]) {
        self.rows = rows
        series = [
            Series(
                name: "largest difference", style: "first",
                values: rows.map { $0.parity.difference.map { $0.relativeMaximum } })
        ]
        let logarithms = series.flatMap(\.values).compactMap { $0 }
            .filter { $0 > 0 && $0.isFinite }.map { log10($0) }
        let limits = Self.tolerance(of: rows).map { [log10($0.lowerBound), log10($0.upperBound)] }
        let all = logarithms + (limits ?? [])
        let low = Int(max(all.min() ?? -8, -30).rounded(.down))
        let high = Int(min(max(all.max() ?? -3, -20), 12).rounded(.up))
        // Fewer decades would make noise look like a slope.
        exponents = min(low, high - 4)...high
        step = min(max(928 / Double(max(rows.count, 1)), 10), 40)
    }

    /// What the tolerance allows of values near zero, and of the largest.
    private static func tolerance(of rows: [LayerRow]) -> ClosedRange<Double>? {
        guard let tolerance = rows.lazy.compactMap({ $0.parity.difference?.tolerance }).first,
            tolerance.absoluteOfMaximum > 0
        else { return nil }
        let least = tolerance.absoluteOfMaximum
        return least...least + tolerance.relative
    }

    var markup: HTML {
        let width = plot.left + step * Double(rows.count) + 20
        let height = plot.top + plot.height + 118
        return """
            <div class="legend">\(legend)</div>
            <div class="wide"><svg role="img" aria-label="Error by layer" width="\(width)" \
            height="\(height)" viewBox="0 0 \(width) \(height)">
            \(band(width))\(grid(width))\(series.map(line))\(series.map(dots))\(labels)
            </svg></div>

            """
    }

    private var legend: [HTML] {
        var legend = series.map { series -> HTML in
            "<span class=\"key \(HTML(source: series.style))\">\(series.name)</span>"
        }
        if Self.tolerance(of: rows) != nil {
            legend.append(
                "<span class=\"key band\">tolerance, from values near zero to the largest</span>")
        }
        legend.append(
            "<span class=\"unit\">as a part of the layer’s largest magnitude</span>")
        return legend
    }

    // MARK: Places

    private func x(_ index: Int) -> Double { plot.left + step * (Double(index) + 0.5) }

    /// Zero lies on the axis, what is not finite at the top.
    private func y(_ value: Double) -> Double {
        guard value > 0 else { return plot.top + plot.height }
        let span = Double(exponents.upperBound - exponents.lowerBound)
        let share = (log10(value) - Double(exponents.lowerBound)) / span
        return plot.top + plot.height * (1 - min(max(share, 0), 1))
    }

    // MARK: Parts

    private func band(_ width: Double) -> HTML {
        guard let tolerance = Self.tolerance(of: rows) else { return "" }
        let top = y(tolerance.upperBound)
        return """
            <rect class="band" x="\(plot.left)" y="\(top)" width="\(width - plot.left)" \
            height="\(max(y(tolerance.lowerBound) - top, 1))"/>

            """
    }

    private func grid(_ width: Double) -> [HTML] {
        let stride = exponents.count > 14 ? 2 : 1
        return Swift.stride(from: exponents.lowerBound, through: exponents.upperBound, by: stride)
            .map { exponent in
                let y = y(pow(10, Double(exponent)))
                let label = exponent == exponents.lowerBound ? "0" : power(exponent)
                return """
                    <line class="grid" x1="\(plot.left)" x2="\(width)" y1="\(y)" y2="\(y)"/>\
                    <text class="tick" x="\(plot.left - 8)" y="\(y + 4)" \
                    text-anchor="end">\(label)</text>

                    """
            }
    }

    private func line(_ series: Series) -> HTML {
        var path = ""
        var isDown = false
        for (index, value) in series.values.enumerated() {
            guard let value else {
                isDown = false
                continue
            }
            let place: HTML = "\(x(index)) \(y(value))"
            path += (isDown ? "L" : "M") + place.source
            isDown = true
        }
        return "<path class=\"line \(HTML(source: series.style))\" d=\"\(HTML(source: path))\"/>\n"
    }

    private func dots(_ series: Series) -> HTML {
        let dots = series.values.enumerated().map { index, value -> HTML in
            let row = rows[index]
            let style: HTML = row.parity.passes ? HTML(source: series.style) : "bad"
            let text = value.map(scientific) ?? row.parity.explanation
            return """
                <circle class="\(style)" cx="\(x(index))" cy="\(y(value ?? .infinity))" \
                r="\(row.parity.passes ? 2.6 : 4)"><title>\(row.name) (\(row.operation)): \(text)\
                </title></circle>

                """
        }
        return "\(dots)"
    }

    /// Names under the axis, as many as there is room for.
    private var labels: [HTML] {
        let every = max(1, Int((15 / step).rounded(.up)))
        let y = plot.top + plot.height + 14
        return rows.indices.filter { $0 % every == 0 || !rows[$0].parity.passes }.map { index in
            let style: HTML = rows[index].parity.passes ? "tick" : "tick bad"
            return """
                <text class="\(style)" text-anchor="end" \
                transform="translate(\(x(index) + 4) \(y)) rotate(-50)">\
                \(shortened(rows[index].name, to: 22))</text>

                """
        }
    }
}

extension TensorDifference {
    /// max |v − r| as a part of the reference's largest magnitude; of 1 where that is 0.
    var relativeMaximum: Double {
        if worst != nil, worstValue == nil || worstReference == nil { return .infinity }
        return maximumAbsolute / (reference.maximumMagnitude > 0 ? reference.maximumMagnitude : 1)
    }
}
