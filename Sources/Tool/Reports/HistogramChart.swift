import Foundation
import Parity

/// How many elements of an output differ by how much.
struct HistogramChart {
    let histogram: DifferenceHistogram
    private let plot = (left: 8.0, top: 22.0, height: 120.0)
    private let barWidth = 26.0

    private struct Bar {
        let count: Int
        let left: Double
        let title: String
        var style: HTML = "first"
    }

    var markup: HTML {
        let all = bars
        let right = (all.last?.left ?? plot.left) + barWidth + 24
        let width = max(right, 320)
        let base = plot.top + plot.height
        let ticks: [HTML] = decades.map { tick($0) }
        let drawn: [HTML] = all.map { bar($0) }
        return """
            <figure class="histogram"><figcaption><span class="name">\(histogram.name)</span>, \
            \(grouped(total)) elements</figcaption>
            <div class="wide"><svg role="img" aria-label="Histogram of differences" \
            width="\(width)" height="\(base + 30)" viewBox="0 0 \(width) \(base + 30)">
            \(drawn)<line class="axis" x1="0" x2="\(right)" y1="\(base)" y2="\(base)"/>
            \(ticks)\(toleranceLine)\(namedTicks(all))
            </svg></div></figure>

            """
    }

    private var total: Int {
        histogram.equalCount + histogram.nonFiniteCount
            + histogram.bins.reduce(0) { $0 + $1.count }
    }

    /// The half decade that the scale begins with: a whole decade.
    private var first: Int {
        let first = histogram.bins.first?.halfDecade ?? -14
        return Int((Double(first) / 2).rounded(.down)) * 2
    }

    /// The half decade behind the last of the scale: a whole decade.
    private var end: Int {
        let last = histogram.bins.last?.halfDecade ?? -10
        return Int((Double(last + 1) / 2).rounded(.up)) * 2
    }

    /// Where the scale of differences begins, behind the elements that are equal.
    private var origin: Double { plot.left + 64 }

    private func x(_ halfDecade: Double) -> Double {
        origin + (halfDecade - Double(first)) * barWidth
    }

    private var bars: [Bar] {
        var bars = [
            Bar(count: histogram.equalCount, left: plot.left + 4, title: "equal", style: "equal")
        ]
        bars += histogram.bins.map { bin in
            let half = bin.halfDecade
            let low = scientific(pow(10, Double(half) / 2))
            return Bar(
                count: bin.count, left: x(Double(half)),
                title: "\(low) to \(scientific(pow(10, Double(half + 1) / 2)))")
        }
        if histogram.nonFiniteCount > 0 {
            bars.append(
                Bar(
                    count: histogram.nonFiniteCount, left: x(Double(end)) + 24,
                    title: "not finite", style: "bad"))
        }
        return bars
    }

    private func bar(_ bar: Bar) -> HTML {
        let most = max(bars.map(\.count).max() ?? 0, 1)
        let height = plot.height * Double(bar.count) / Double(most)
        let drawn = bar.count == 0 ? 0 : max(height, 1.5)
        let top = plot.top + plot.height - drawn
        let number: HTML =
            bar.count == 0
            ? ""
            : """
            <text class="tick" text-anchor="middle" x="\(bar.left + barWidth / 2)" \
            y="\(top - 5)">\(grouped(bar.count))</text>
            """
        return """
            <rect class="\(bar.style)" x="\(bar.left + 1)" y="\(top)" width="\(barWidth - 2)" \
            height="\(drawn)"><title>\(bar.title): \(grouped(bar.count))</title></rect>\(number)

            """
    }

    private var decades: [Int] {
        histogram.bins.isEmpty ? [] : Array(stride(from: first, through: end, by: 2))
    }

    private func tick(_ halfDecade: Int) -> HTML {
        let (x, y) = (x(Double(halfDecade)), plot.top + plot.height)
        return """
            <line class="axis" x1="\(x)" x2="\(x)" y1="\(y)" y2="\(y + 4)"/>\
            <text class="tick" text-anchor="middle" x="\(x)" y="\(y + 18)">\
            \(power(halfDecade / 2))</text>

            """
    }

    private func namedTicks(_ bars: [Bar]) -> [HTML] {
        let named = bars.filter { $0.title == "equal" || $0.title == "not finite" }
        return named.map { bar in
            """
            <text class="tick" text-anchor="middle" x="\(bar.left + barWidth / 2)" \
            y="\(plot.top + plot.height + 18)">\(bar.title)</text>

            """
        }
    }

    /// Where the tolerance of values near zero lies, when that is in the picture.
    private var toleranceLine: HTML {
        let least = histogram.tolerance.absoluteOfMaximum
        guard least > 0, !histogram.bins.isEmpty else { return "" }
        let place = 2 * log10(least)
        guard place >= Double(first), place <= Double(end) else { return "" }
        return """
            <line class="limit" x1="\(x(place))" x2="\(x(place))" y1="\(plot.top - 14)" \
            y2="\(plot.top + plot.height)"><title>tolerance of values near zero</title></line>

            """
    }
}
