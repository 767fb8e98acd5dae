/// A table's rows as horizontal bars of a common scale.
struct BarChart {
    let table: FigureTable
    let bars: FigureChart.Bars
    private let label = 112.0
    private let length = 760.0
    private let thickness = 11.0
    private let gap = 9.0

    private struct Row {
        let name: String
        let top: Double
        /// From the axis on, one behind the other.
        let parts: [(key: String, figure: Figure)]

        /// The figure of the whole bar; nil where its parts are of several kinds.
        var total: Figure? {
            if parts.count == 1 { return parts[0].figure }
            let bytes = parts.compactMap { part -> Int? in
                if case .bytes(let count) = part.figure { count } else { nil }
            }
            return bytes.count == parts.count ? .bytes(bytes.reduce(0, +)) : nil
        }
    }

    /// Columns in the order of their colours.
    private var keys: [String] {
        bars.bars.joined().reduce(into: []) { keys, key in
            if !keys.contains(key) { keys.append(key) }
        }
    }

    private func title(_ key: String) -> String {
        table.columns.first { $0.key == key }?.title ?? key
    }

    private func style(_ key: String) -> HTML {
        let place = keys.firstIndex(of: key) ?? 0
        return HTML(source: ErrorChart.styles[place % ErrorChart.styles.count])
    }

    private var pitch: Double { thickness * Double(bars.bars.count) + gap }

    private var rows: [Row] {
        table.rows.indices.flatMap { index in
            bars.bars.enumerated().map { place, keys in
                Row(
                    name: place == 0 ? table.rows[index].name : "",
                    top: Double(index) * pitch + Double(place) * thickness + gap / 2,
                    parts: keys.compactMap { key in
                        table.figures(key)[index].map { (key, $0) }
                    })
            }
        }
    }

    private var marks: [Figure?] { bars.mark.map(table.figures) ?? [] }

    /// The length of the longest bar, or the farthest mark.
    private var limit: Double {
        let sums = rows.map { $0.parts.reduce(0) { $0 + ($1.figure.length ?? 0) } }
        return max((sums + marks.compactMap { $0?.length }).max() ?? 0, .leastNormalMagnitude)
    }

    var markup: HTML {
        let height = Double(table.rows.count) * pitch + 4
        let width = label + length + 72
        let markLegend: HTML =
            bars.mark.map { "<span class=\"key mark\">\(title($0))</span>" } ?? ""
        let legend = keys.map { key -> HTML in
            "<span class=\"key \(style(key))\">\(title(key))</span>"
        }
        return """
            <div class="legend">\(legend)\(markLegend)</div>
            <div class="wide"><svg role="img" aria-label="Bars" width="\(width)" \
            height="\(height)" viewBox="0 0 \(width) \(height)">
            <line class="axis" x1="\(label)" x2="\(label)" y1="0" y2="\(height)"/>
            \(rows.map(drawn))\(marks.indices.map(mark))
            </svg></div>

            """
    }

    private func drawn(_ row: Row) -> HTML {
        var left = label
        let parts = row.parts.map { key, figure -> HTML in
            let width = length * (figure.length ?? 0) / limit
            defer { left += width }
            return """
                <rect class="\(style(key))" x="\(left)" y="\(row.top)" width="\(width)" \
                height="\(thickness - 2)"><title>\(row.name.isEmpty ? "" : "\(row.name), " as HTML)\
                \(title(key)): \(figure.text(separator: "\u{2009}"))</title></rect>
                """
        }
        let number: HTML = """
            <text class="tick" x="\(left + 6)" y="\(row.top + thickness - 3)">\
            \(row.total?.text(separator: "\u{2009}") ?? "")</text>
            """
        let middle = row.top + (thickness * Double(bars.bars.count)) / 2
        let name: HTML =
            row.name.isEmpty
            ? ""
            : """
            <text class="tick" text-anchor="end" x="\(label - 8)" y="\(middle + 3)">\
            \(row.name)</text>
            """
        return "\(name)\(parts)\(number)\n"
    }

    private func mark(_ index: Int) -> HTML {
        guard let figure = marks[index], let value = figure.length, let key = bars.mark else {
            return ""
        }
        let x = label + length * value / limit
        let top = Double(index) * pitch + gap / 2 - 3
        return """
            <line class="mark" x1="\(x)" x2="\(x)" y1="\(top)" y2="\(top + pitch - 3)">\
            <title>\(table.rows[index].name), \(title(key)): \
            \(figure.text(separator: "\u{2009}"))</title></line>\
            <text class="tick" x="\(x + 6)" y="\(top + thickness)">\
            \(figure.text(separator: "\u{2009}"))</text>

            """
    }
}
