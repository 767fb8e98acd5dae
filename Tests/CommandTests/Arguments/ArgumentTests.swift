import Foundation
import TestSupport
import Testing

/// What `compare-architectures --json` says.
private struct Document: Decodable {
    struct Argument: Decodable {
        let name: String
        let title: String
        let claim: String
        let formulas: [String]
        let columns: [Column]
        let rows: [Row]
        let verdict: String
        let conclusion: String
    }

    struct Column: Decodable {
        let key: String
        let title: String
        let origin: String
    }

    struct Row: Decodable {
        let name: String
        let figures: [String: Value]
    }

    enum Value: Decodable {
        case number(Double)
        case range([Int?])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let word = try? container.decode(String.self) {
                self = .number(word == "Infinity" ? .infinity : .nan)
            } else {
                self = .range(try container.decode([Int?].self))
            }
        }
    }

    let arguments: [Argument]
    let processor: String?
}

/// The report without times, made once: on kernels that every processor has.
private enum Report {
    static let made: Result<(document: Document, page: String, text: String), any Error> = Result {
        let folder = try TemporaryFolder()
        let outcome = try report(in: folder, "--json", "-o", "page.html")
        expectSuccess(outcome)
        let text = try report(in: folder)
        expectSuccess(text)
        return (
            try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8)),
            String(decoding: try folder.bytes("page.html"), as: UTF8.self), text.output
        )
    }
}

private func report(in folder: TemporaryFolder, _ words: String...) throws -> ProcessOutcome {
    var ferry = Ferry(in: folder)
    ferry.environment["FERRY_KERNELS"] = "baseline"
    ferry.memoryKiB = 3 << 20
    return try ferry.run(["compare-architectures", "--no-timing"] + words)
}

@Test(arguments: ArgumentFigures.tables.keys.sorted())
func `every number of an argument is what its closed form says`(name: String) throws {
    let argument = try #require(
        try Report.made.get().document.arguments.first { $0.name == name })
    let table = try #require(ArgumentFigures.tables[name])
    #expect(Set(argument.rows.map(\.name)) == Set(table.keys))
    for row in argument.rows {
        let wanted = try #require(table[row.name])
        #expect(Set(row.figures.keys) == Set(wanted.keys), "\(row.name)")
        for (key, figure) in wanted {
            switch (figure, row.figures[key]) {
            case (.exactly(let number), .number(let found)):
                #expect(found == number, "\(row.name), \(key)")
            case (.near(let number), .number(let found)):
                let isSame = abs(found - number) <= 1e-6 * max(1, abs(number))
                #expect(found == number || isSame, "\(row.name), \(key): \(found), not \(number)")
            case (.range(let sides), .range(let found)):
                #expect(found == sides, "\(row.name), \(key)")
            default: Issue.record("\(row.name), \(key): \(row.figures)")
            }
        }
    }
}

@Test func `every argument has a claim, a formula and a verdict`() throws {
    let document = try Report.made.get().document
    #expect(Set(document.arguments.map(\.name)) == Set(ArgumentFigures.tables.keys))
    let verdicts = Dictionary(
        uniqueKeysWithValues: document.arguments.map { ($0.name, $0.verdict) })
    #expect(
        verdicts == [
            "sharing": "holds", "activations": "holds", "towers": "holds",
            "overlap": "holds in part", "lrn": "holds", "stacks": "holds", "narrow": "holds",
            "pooled_head": "holds", "dense": "holds in part", "memory": "does not hold",
        ])
    for argument in document.arguments {
        #expect(!argument.claim.isEmpty && !argument.formulas.isEmpty)
        #expect(argument.conclusion.hasSuffix("."))
        // Without a clock nothing is measured.
        #expect(argument.columns.allSatisfy { ["computed", "quoted"].contains($0.origin) })
    }
    #expect(document.processor == nil)
}

@Test func `the conclusions tell the numbers`() throws {
    let document = try Report.made.get().document
    for (name, words) in [
        ("sharing", ["156 numbers for 122,304 connections", "4,821,600", "784 times"]),
        ("towers", ["60,965,224", "62,378,344", "63.8 %"]),
        ("stacks", ["44.9 %", "28.0 %"]), ("activations", ["0.40"]),
        ("pooled_head", ["vgg16 takes sides of 224–255", "any from 32"]),
        ("dense", ["alexnet’s dense layers hold 96.0 %", "8.2 %", "89.4 %", "0.80 %"]),
    ] {
        let argument = try #require(document.arguments.first { $0.name == name })
        for word in words {
            #expect(argument.conclusion.contains(word), "\(argument.conclusion)")
        }
    }
}

@Test func `the page and the text tell the numbers of the JSON`() throws {
    let (document, page, text) = try Report.made.get()
    for argument in document.arguments {
        #expect(page.contains("id=\"\(argument.name)\""))
        #expect(text.contains(argument.title))
        for row in argument.rows {
            for case .number(let number) in row.figures.values
            where number > 1000 && number.isFinite {
                let isCount = !row.figures.keys.contains("weight_bytes") && argument.name != "lrn"
                guard isCount else { continue }
                #expect(text.contains(grouped(Int(number), ",")), "\(row.name): \(number)")
                #expect(page.contains(grouped(Int(number), "\u{2009}")), "\(row.name): \(number)")
            }
        }
    }
    for figure in ["527.8", "1191.0", "1527.0"] {
        #expect(page.contains(">\(figure)<") && text.contains(" \(figure)"))
    }
    #expect(page.contains("<span class=\"tag quoted\">quoted</span></th>"))
    #expect(!page.contains("<span class=\"tag measured\">measured</span></th>"))
    #expect(text.contains("GPU, MIB, QUOTED") && !text.contains("MEASURED"))
    #expect(text.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
}

private func grouped(_ number: Int, _ separator: String) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
        if index > 0, index % 3 == 0 { text = separator + text }
        text = String(digit) + text
    }
    return text
}

@Test func `a page needs nothing but itself, and is the same each time`() throws {
    let page = try Report.made.get().page
    for word in ["http", "<script", "url(", "@import", "src="] { #expect(!page.contains(word)) }
    let folder = try TemporaryFolder()
    expectSuccess(try report(in: folder, "--json", "-o", "page.html"))
    #expect(try folder.bytes("page.html") == Array(page.utf8))
}

@Test func `times are marked as measured`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "compare-architectures", "lenet5", "--json", "-o", "page.html")
    expectSuccess(outcome)
    let document = try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
    #expect(document.processor?.isEmpty == false)
    let activations = try #require(document.arguments.first { $0.name == "activations" })
    #expect(activations.columns.filter { $0.origin == "measured" }.map(\.key) == ["milliseconds"])
    for row in activations.rows {
        guard case .number(let time)? = row.figures["milliseconds"] else {
            Issue.record("\(row.name)")
            continue
        }
        #expect(time > 0)
    }
    let page = String(decoding: try folder.bytes("page.html"), as: UTF8.self)
    #expect(page.contains("<span class=\"tag measured\">measured</span></th>"))
}

@Test func `networks that are named are told alone`() throws {
    let folder = try TemporaryFolder()
    let outcome = try report(in: folder, "vgg16_c", "lenet5", "--json")
    expectSuccess(outcome)
    let document = try JSONDecoder().decode(Document.self, from: Data(outcome.output.utf8))
    #expect(
        document.arguments.map(\.name) == [
            "activations", "stacks", "narrow", "pooled_head", "dense", "memory",
        ])
    for argument in document.arguments.suffix(3) {
        #expect(argument.rows.map(\.name) == ["vgg16_c", "lenet5"])
    }
}

@Test(arguments: [
    (["lent5"], "did you mean 'lenet5'?"), (["--force"], "--force: expected --output too"),
    (["-o", ""], "--output: expected a value, found nothing"),
])
func `what cannot be compared is refused`(words: [String], problem: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectRefusal(try ferry.run(["compare-architectures"] + words), 2, problem)
}

@Test func `a page is not written over a file unasked, nor nowhere`() throws {
    let folder = try TemporaryFolder()
    try folder.write([1], as: "a.html")
    expectRefusal(
        try report(in: folder, "lenet5", "-o", "a.html"), 2,
        "a.html: exists already; give --force to replace it")
    expectSuccess(try report(in: folder, "lenet5", "-o", "a.html", "--force"))
    expectRefusal(try report(in: folder, "lenet5", "-o", "nowhere/a.html"), 4, "nowhere/a.html: ")
}
