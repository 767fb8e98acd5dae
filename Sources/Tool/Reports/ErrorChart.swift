import Foundation
import Parity

/// Error by layer: layers from left to right, parts of the reference's largest magnitude upwards on
/// a logarithmic scale.
struct ErrorChart {
    /// A line of the chart.
    struct Series {
        let name: String
        let style: String
        /// For each layer, its error as a part of the reference's magnitude; nil where the layer
        /// could not be compared.
        let values: [Double?]
    }

    /// Styles of lines, in the order that they are given out.
    static let styles = ["first", "second", "third", "fourth"]

    /// A place on the axis below.
    struct Layer {
        let name: String
        let operation: String
        /// Whether to show it as outside the tolerance.
        let isOutside: Bool
    }

    let layers: [Layer]
    let series: [Series]
    private let tolerance: ClosedRange<Double>?
    private let exponents: ClosedRange<Int>
    private let step: Double
    private let plot = (left: 52.0, top: 14.0, height: 250.0)

    /// - Parameter tolerance: what is allowed of values near zero, and of the largest.
    init(_ layers: [Layer], _ series: [Series], tolerance: ClosedRange<Double>?) {
        self.layers = layers
        self.series = series
        self.tolerance = tolerance
        let logarithms = series.flatMap(\.values).compactMap { $0 }
            .filter { $0 > 0 && $0.isFinite }.map { log10($0) }
        let limits = tolerance.map { [log10($0.lowerBound), log10($0.upperBound)] }
        let all = logarithms + (limits ?? [])
        let low = Int(max(all.min() ?? -8, -30).rounded(.down))
        let high = Int(min(max(all.max() ?? -3, -20), 12).rounded(.up))
        // Fewer decades would make noise look like a slope.
        exponents = min(low, high - 4)...high
        step = min(max(928 / Double(max(layers.count, 1)), 10), 40)
    }

    var markup: HTML {
        let width = plot.left + step * Double(layers.count) + 20
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
        if tolerance != nil {
            legend.append(
                "<span class=\"key band\">tolerance, from values near zero to the largest</span>")
        }
        legend.append(
            "<span class=\"unit\">as parts of the layer’s own magnitude</span>")
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
        guard let tolerance else { return "" }
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
            let layer = layers[index]
            guard value != nil || layer.isOutside else { return "" }
            let style: HTML = layer.isOutside ? "bad" : HTML(source: series.style)
            let text = value.map(scientific) ?? "not comparable"
            return """
                <circle class="\(style)" cx="\(x(index))" cy="\(y(value ?? .infinity))" \
                r="\(layer.isOutside ? 3.6 : 2.6)"><title>\(layer.name) (\(layer.operation)): \
                \(series.name) \(text)</title></circle>

                """
        }
        return "\(dots)"
    }

    /// Names under the axis, as many as there is room for.
    private var labels: [HTML] {
        let every = max(1, Int((15 / step).rounded(.up)))
        let y = plot.top + plot.height + 14
        return layers.indices.filter { $0 % every == 0 }.map { index in
            let style: HTML = layers[index].isOutside ? "tick bad" : "tick"
            return """
                <text class="\(style)" text-anchor="end" \
                transform="translate(\(x(index) + 4) \(y)) rotate(-50)">\
                \(shortened(layers[index].name, to: 22))</text>

                """
        }
    }
}

extension ErrorChart {
    /// The differences of compared layers.
    init(_ rows: [LayerRow]) {
        let differences = rows.map(\.parity.difference)
        let tolerance = differences.lazy.compactMap { $0?.tolerance }.first
        let least = tolerance?.absoluteOfMaximum ?? 0
        self.init(
            rows.map {
                Layer(name: $0.name, operation: $0.operation, isOutside: !$0.parity.passes)
            },
            [
                Series(
                    name: "largest difference", style: Self.styles[0],
                    values: differences.map { $0?.relativeMaximum }),
                Series(
                    name: "root mean square", style: Self.styles[1],
                    values: differences.map { $0?.relativeRMS }),
            ],
            tolerance: least > 0 ? least...least + (tolerance?.relative ?? 0) : nil)
    }

    /// The errors of a network's layers in several arithmetics.
    ///
    /// - Parameter count: how many layers to show.
    init(_ growth: ErrorGrowth, first count: Int) {
        let layers = growth.layers.prefix(count)
        self.init(
            layers.map { Layer(name: $0.name, operation: $0.operation, isOutside: false) },
            zip(growth.arithmetics, Self.styles).map { name, style in
                Series(
                    name: name, style: style, values: layers.map { $0.errors[name]?.maximum }
                )
            },
            tolerance: nil)
    }
}

extension TensorDifference {
    /// max |v − r| as a part of the reference's largest magnitude; of 1 where that is 0.
    fileprivate var relativeMaximum: Double {
        if worst != nil, worstValue == nil || worstReference == nil { return .infinity }
        return maximumAbsolute / (reference.maximumMagnitude > 0 ? reference.maximumMagnitude : 1)
    }

    /// √(Σ(v − r)² / Σr²); nil where the reference is 0 or a value is no finite number.
    fileprivate var relativeRMS: Double? {
        if maximumAbsolute == 0 { return relativeMaximum }
        return relativeMaximum.isFinite ? signalToNoise.map { pow(10, -$0 / 20) } : nil
    }
}
