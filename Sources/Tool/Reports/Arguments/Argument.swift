/// What a paper says for a design, the numbers that bear on it, and what they show.
package struct Argument: Sendable {
    package enum Verdict: String, Sendable, Encodable {
        case holds
        case holdsInPart = "holds in part"
        case doesNotHold = "does not hold"
    }

    /// One word for machines.
    package var name: String
    package var title: String
    /// What is said, as a sentence.
    package var claim: String
    /// Where it is said.
    package var source: String
    /// How the numbers follow, one formula a line.
    package var formulas: [String]
    package var table: FigureTable
    package var chart: FigureChart?
    package var verdict: Verdict
    /// What the numbers show, as sentences.
    package var conclusion: String

    package init(
        name: String, title: String, claim: String, source: String, formulas: [String],
        table: FigureTable, chart: FigureChart? = nil, verdict: Verdict, conclusion: String
    ) {
        self.name = name
        self.title = title
        self.claim = claim
        self.source = source
        self.formulas = formulas
        self.table = table
        self.chart = chart
        self.verdict = verdict
        self.conclusion = conclusion
    }
}

/// Numbers by row and column.
package struct FigureTable: Sendable {
    /// Where a column's numbers come from.
    package enum Origin: String, Sendable, Encodable {
        /// From the networks' graphs alone: the same at any time.
        case computed
        /// By a clock, on the machine at hand.
        case measured
        /// From others; the argument says from whom.
        case quoted
    }

    package struct Column: Sendable, Encodable {
        /// The name for machines.
        package var key: String
        package var title: String
        package var origin: Origin

        package init(_ key: String, _ title: String, _ origin: Origin = .computed) {
            self.key = key
            self.title = title
            self.origin = origin
        }
    }

    package struct Row: Sendable {
        package var name: String
        /// One for each column; nil where there is nothing to tell.
        package var figures: [Figure?]

        package init(_ name: String, _ figures: [Figure?]) {
            self.name = name
            self.figures = figures
        }
    }

    /// What rows are.
    package var rowTitle: String
    package private(set) var columns: [Column]
    package private(set) var rows: [Row]

    /// - Precondition: every row has a figure for each column.
    package init(_ rowTitle: String, _ columns: [Column], _ rows: [Row]) {
        precondition(rows.allSatisfy { $0.figures.count == columns.count }, "a short row")
        self.rowTitle = rowTitle
        self.columns = columns
        self.rows = rows
    }

    /// The figures of a column, by its key.
    func figures(_ key: String) -> [Figure?] {
        guard let place = columns.firstIndex(where: { $0.key == key }) else { return [] }
        return rows.map { $0.figures[place] }
    }

    /// The table without what a clock told.
    package func without(_ origin: Origin) -> FigureTable {
        let kept = columns.indices.filter { columns[$0].origin != origin }
        return FigureTable(
            rowTitle, kept.map { columns[$0] },
            rows.map { row in Row(row.name, kept.map { row.figures[$0] }) })
    }
}

/// What is drawn beside a table.
package enum FigureChart: Sendable {
    /// Functions over the same arguments.
    case curves([Curve])
    /// A table's columns as bars.
    case bars(Bars)

    package struct Curve: Sendable {
        package var name: String
        package var points: [(x: Double, y: Double)]

        package init(name: String, points: [(x: Double, y: Double)]) {
            self.name = name
            self.points = points
        }
    }

    package struct Bars: Sendable {
        /// For each row one bar or several, one under the other: the columns that make it, one
        /// behind the other, by their keys.
        package var bars: [[String]]
        /// The column of a mark beside the bars.
        package var mark: String?

        package init(_ bars: [[String]], mark: String? = nil) {
            self.bars = bars
            self.mark = mark
        }
    }
}
