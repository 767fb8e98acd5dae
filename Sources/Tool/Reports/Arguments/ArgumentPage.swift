/// Arguments as one page of HTML that needs no network, no script and no other file.
package struct ArgumentPage {
    let arguments: [Argument]
    let version: String
    /// How to make the page again, and with what it was made: names and values.
    let facts: [(name: String, value: String)]
    let commandLine: [String]

    package init(
        _ arguments: [Argument], version: String, commandLine: [String],
        facts: [(name: String, value: String)]
    ) {
        self.arguments = arguments
        self.version = version
        self.commandLine = commandLine
        self.facts = facts
    }

    /// The page's source.
    package var html: String {
        let sections = arguments.enumerated().map { index, argument in
            markup(index + 1, argument)
        }
        return document(
            "The papers’ arguments, checked", version: version,
            "\(head)\(contents)\(sections)\(repetition)")
    }

    private var head: HTML {
        """
        <header>
        <p class="program">ferry · LeNet, AlexNet and VGG</p>
        <h1 class="plain">The papers’ arguments, checked</h1>
        <p class="intro">What the papers say for their designs, counted on the networks’ own graphs. \
        Every number is computed from these but where its column says \
        <span class="tag measured">measured</span>, which is by Ferry’s engine on this machine, or \
        <span class="tag quoted">quoted</span>, which is from others.</p>
        </header>

        """
    }

    private var contents: HTML {
        let items = arguments.map { argument -> HTML in
            """
            <li><a href="#\(argument.name)">\(argument.title)</a> \(status(argument.verdict))</li>

            """
        }
        return "<ol class=\"contents\">\n\(items)</ol>\n"
    }

    private func status(_ verdict: Argument.Verdict) -> HTML {
        let style: HTML =
            switch verdict {
            case .holds: "good"
            case .holdsInPart: "part"
            case .doesNotHold: "bad"
            }
        return "<span class=\"verdict \(style)\">\(verdict.rawValue)</span>"
    }

    private func markup(_ number: Int, _ argument: Argument) -> HTML {
        let formulas = argument.formulas.map { formula -> HTML in "<li>\(formula)</li>\n" }
        return """
            <section class="argument" id="\(argument.name)">
            <h2>\(number). \(argument.title) \(status(argument.verdict))</h2>
            <p class="claim">\(HTML(text: argument.claim, limit: 1000)) \
            <cite>\(argument.source)</cite></p>
            \(table(argument.table))\(chart(argument))<ul class="formulas">
            \(formulas)</ul>
            <p class="conclusion">\(HTML(text: argument.conclusion, limit: 1000))</p>
            </section>

            """
    }

    private func table(_ table: FigureTable) -> HTML {
        let titles = table.columns.map { column -> HTML in
            let tag: HTML =
                column.origin == .computed
                ? ""
                : """
                <br><span class="tag \(column.origin.rawValue)">\(column.origin.rawValue)</span>
                """
            return "<th class=\"number\">\(column.title)\(tag)</th>"
        }
        let rows = table.rows.map { row -> HTML in
            let cells = row.figures.map { figure -> HTML in
                "<td class=\"number\">\(figure?.text(separator: "\u{2009}") ?? "")</td>"
            }
            return "<tr><td class=\"row\">\(row.name)</td>\(cells)</tr>\n"
        }
        return """
            <div class="wide"><table>
            <thead><tr><th>\(table.rowTitle)</th>\(titles)</tr></thead>
            <tbody>
            \(rows)</tbody></table></div>

            """
    }

    private func chart(_ argument: Argument) -> HTML {
        switch argument.chart {
        case .curves(let curves):
            "<figure class=\"chart\">\(CurveChart(curves: curves).markup)</figure>\n"
        case .bars(let bars):
            """
            <figure class="chart">\(BarChart(table: argument.table, bars: bars).markup)</figure>

            """
        case nil: ""
        }
    }

    private var repetition: HTML {
        let facts = facts.map { fact -> HTML in
            "<div><dt>\(fact.name)</dt><dd>\(fact.value)</dd></div>\n"
        }
        let words = commandLine.map(\.quotedForShell).joined(separator: " ")
        return section(
            "To repeat this", "",
            """
            <pre><code>\(HTML(text: words, limit: 4000))</code></pre>
            <dl class="facts">\(facts)</dl>

            """)
    }
}
