/// Functions over one axis of arguments, in one plane of equal scales.
struct CurveChart {
    let curves: [FigureChart.Curve]
    private let unit = 62.0
    private let margin = (left: 34.0, top: 10.0, bottom: 26.0)

    private var x: ClosedRange<Double> { range { $0.x } }
    private var y: ClosedRange<Double> { range { $0.y } }

    private func range(_ axis: ((x: Double, y: Double)) -> Double) -> ClosedRange<Double> {
        let values = curves.flatMap(\.points).map(axis)
        return (values.min() ?? 0).rounded(.down)...(values.max() ?? 1).rounded(.up)
    }

    private func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
        (
            margin.left + (x - self.x.lowerBound) * unit,
            margin.top + (self.y.upperBound - y) * unit
        )
    }

    var markup: HTML {
        let end = place(x.upperBound, y.lowerBound)
        let (width, height) = (end.x + 12, end.y + margin.bottom)
        let legend = zip(curves, ErrorChart.styles).map { curve, style -> HTML in
            "<span class=\"key \(HTML(source: style))\">\(curve.name)</span>"
        }
        return """
            <div class="legend">\(legend)</div>
            <div class="wide"><svg role="img" aria-label="Curves" width="\(width)" \
            height="\(height)" viewBox="0 0 \(width) \(height)">
            \(grid)\(zip(curves, ErrorChart.styles).map { line($0, $1) })
            </svg></div>

            """
    }

    private var grid: [HTML] {
        let rows = Int(y.lowerBound)...Int(y.upperBound)
        let columns = Int(x.lowerBound)...Int(x.upperBound)
        let horizontal = rows.map { value -> HTML in
            let (left, right) = (
                place(x.lowerBound, Double(value)), place(x.upperBound, Double(value))
            )
            return """
                <line class="\(value == 0 ? "axis" : "grid")" x1="\(left.x)" x2="\(right.x)" \
                y1="\(left.y)" y2="\(left.y)"/>\
                <text class="tick" x="\(left.x - 8)" y="\(left.y + 4)" text-anchor="end">\
                \(signed(value))</text>

                """
        }
        let vertical = columns.map { value -> HTML in
            let (top, bottom) = (
                place(Double(value), y.upperBound), place(Double(value), y.lowerBound)
            )
            return """
                <line class="\(value == 0 ? "axis" : "grid")" x1="\(top.x)" x2="\(top.x)" \
                y1="\(top.y)" y2="\(bottom.y)"/>\
                <text class="tick" x="\(top.x)" y="\(bottom.y + 18)" text-anchor="middle">\
                \(signed(value))</text>

                """
        }
        return horizontal + vertical
    }

    private func signed(_ value: Int) -> String { value < 0 ? "−\(-value)" : "\(value)" }

    private func line(_ curve: FigureChart.Curve, _ style: String) -> HTML {
        let path = curve.points.enumerated().map { index, point -> HTML in
            let place = place(point.x, point.y)
            return "\(index == 0 ? "M" : "L" as HTML)\(place.x) \(place.y)"
        }
        return "<path class=\"line \(HTML(source: style))\" d=\"\(path)\"/>\n"
    }
}
