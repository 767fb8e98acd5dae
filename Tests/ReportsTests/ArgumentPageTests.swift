import Reports
import Testing

private let hostile = "<b>\"'&\u{202E}"

private func argument(_ word: String, chart: FigureChart? = nil) -> Argument {
    Argument(
        name: "name", title: word, claim: word, source: word, formulas: [word],
        table: FigureTable(
            word,
            [
                .init("a", word), .init("b", "time", .measured), .init("c", "error", .quoted),
            ],
            [
                .init(word, [.count(1_234_567), .milliseconds(1.5), nil]),
                .init("second", [.count(-3), nil, .decimal(-0.00001, digits: 2)]),
            ]),
        chart: chart, verdict: .holdsInPart, conclusion: word)
}

private func page(_ argument: Argument) -> String {
    ArgumentPage(
        [argument], version: "1", commandLine: ["ferry", hostile], facts: [("a", hostile)]
    )
    .html
}

@Test func `words of an argument cannot leave the text they stand in`() {
    let page = page(argument(hostile))
    #expect(!page.contains("<b>"))
    #expect(page.contains("&lt;b&gt;&quot;&#39;&amp;"))
    #expect(!page.unicodeScalars.contains("\u{202E}"))
}

@Test func `figures are text as people read them`() {
    let pairs: [(Figure, String)] = [
        (.count(0), "0"), (.count(999), "999"), (.count(1_000), "1,000"),
        (.count(-1_234_567), "−1,234,567"), (.bytes(1191 << 20), "1191.0"),
        (.bytes(1_024), "0.001"), (.share(0.2804), "28.0 %"), (.share(1), "100.0 %"),
        (.share(0.0005), "0.05 %"),
        (.decimal(.infinity, digits: 2), "∞"), (.decimal(-0.5, digits: 1), "−0.5"),
        (.decimal(-1e-17, digits: 4), "0.0000"), (.milliseconds(0.1234), "0.123"),
        (.milliseconds(12.34), "12.3"), (.milliseconds(123.4), "123"),
        (.range(224, 255), "224–255"),
        (.range(32, nil), "from 32"), (.range(7, 7), "7"),
    ]
    for (figure, text) in pairs { #expect(figure.text(separator: ",") == text) }
}

@Test func `what is measured can be left out, and is marked where it is not`() {
    let whole = argument("word")
    let column = "<th class=\"number\">time<br><span class=\"tag measured\">measured</span></th>"
    #expect(page(whole).contains(column))
    #expect(page(whole).contains("<span class=\"tag quoted\">quoted</span></th>"))
    let table = whole.table.without(.measured)
    #expect(table.columns.map(\.key) == ["a", "c"])
    #expect(
        table.rows.map(\.figures) == [
            [.count(1_234_567), nil],
            [
                .count(-3), .decimal(-0.00001, digits: 2),
            ],
        ])
}

@Test func `bars are as long as their figures, a mark where its is`() {
    let table = FigureTable(
        "row", [.init("a", "first"), .init("b", "second"), .init("m", "mark")],
        [
            .init("one", [.bytes(30), .bytes(10), .bytes(80)]),
            .init("two", [.bytes(20), nil, nil]),
        ])
    var argument = argument("word", chart: .bars(.init([["a", "b"]], mark: "m")))
    argument.table = table
    let page = page(argument)
    let widths = page.matches(of: /<rect class="(first|second)"[^>]* width="([0-9.]+)"/).map {
        (String($0.1), Double($0.2) ?? 0)
    }
    #expect(widths.map(\.0) == ["first", "second", "first"])
    // The mark, at 80, is the farthest: 760 pixels from the axis.
    #expect(widths.map(\.1) == [285, 95, 190])
    #expect(page.contains("<line class=\"mark\" x1=\"872\""))
}

@Test func `curves keep their points`() {
    let curve = FigureChart.Curve(name: "f", points: [(x: -1, y: 0), (x: 0, y: 1), (x: 1, y: -1)])
    let page = page(argument("word", chart: .curves([curve])))
    #expect(page.contains("d=\"M34 72L96 10L158 134\""))
    #expect(page.contains(">−1</text>"))
}
