import Parity
import Reports
import Tensors
import TestSupport
import Testing

private let hostile = "<script>alert(1)</script>\"'&\u{202E}gpj.exe\u{1B}[2J"

/// A report with one of everything.
private func report(_ name: String = "conv1", isDifferent: Bool = false) -> ParityReport {
    let reference = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let value = Tensor([1, 2, 3, isDifferent ? 5 : 4.000001] as [Float], shape: [2, 2])
    var report = ParityReport(value: name, reference: name)
    report.weights = [
        .weight(name, reference, reference: reference),
        ParityRow(name: name + ".bias", status: .explained, explanation: name),
    ]
    report.outputs = [.output(name, value, reference: reference)]
    report.layers = [
        LayerRow(
            name: name, referenceName: name + "x", operation: name, parity: report.outputs[0])
    ]
    report.notes = [name]
    report.provenance = Provenance(
        version: name, commandLine: ["ferry", "verify", name],
        files: [.init(path: name, byteCount: 1234, sha256: name)], processor: name,
        kernels: name, threads: 2, numerics: name, inputs: name)
    if isDifferent {
        report.bisection = Bisection(
            layer: name, operation: name, isBornHere: true, onReferenceInput: nil,
            explanation: name)
        report.findings = [
            Finding(
                layer: name, operation: name, tensor: name, cause: .unknown, explanation: name,
                isExact: true)
        ]
    }
    return report
}

/// Evidence for `report`.
private func evidence(_ name: String = "output", pixels: Int = 4) -> Evidence {
    var evidence = Evidence()
    evidence.histograms = [
        DifferenceHistogram(
            named: name, of: Tensor([1, 2, .nan] as [Float], shape: [3]),
            from: Tensor([1, 2.5, 3] as [Float], shape: [3]), tolerance: .outputs)
    ]
    var generator = SeededGenerator(seed: 5)
    evidence.inputs = (0..<9).map { index in
        Evidence.Input(
            caption: name,
            difference: InputDifference(index: index, maximumAbsolute: 1, margin: .infinity),
            picture: .init(
                width: 96, height: 96,
                png: (0..<pixels).map { _ in UInt8(truncatingIfNeeded: generator.next()) }))
    }
    return evidence
}

/// The first tag that closes nothing, or that nothing closes; nil when all are balanced.
private func unbalancedTag(in page: String) -> String? {
    var open: [Substring] = []
    for match in page.matches(of: /<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/) {
        let name = match.2
        if ["meta", "link", "br", "img"].contains(name) || !match.3.isEmpty { continue }
        if match.1.isEmpty {
            open.append(name)
        } else if open.popLast() != name {
            return "/\(name)"
        }
    }
    return open.last.map(String.init)
}

@Test(arguments: [false, true])
func `names from files cannot leave the text they stand in`(isDifferent: Bool) {
    let page = Page(
        of: report(hostile, isDifferent: isDifferent), evidence: evidence(hostile)
    ).html
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\u{FFFD}gpj.exe"))
    #expect(!page.unicodeScalars.contains("\u{202E}"))
    #expect(!page.unicodeScalars.contains("\u{1B}"))
    #expect(unbalancedTag(in: page) == nil)
}

@Test func `a page says the verdict, and why`() {
    let same = Page(of: report()).html
    #expect(same.contains("<h1 class=\"good\">The same within the tolerance</h1>"))
    #expect(!same.contains("First layer outside"))
    let different = Page(of: report(isDifferent: true), evidence: evidence()).html
    #expect(different.contains("<h1 class=\"bad\">Different</h1>"))
    #expect(different.contains("First layer outside the tolerance"))
    #expect(different.contains("<td>all</td>"))
    #expect(different.contains("Worst at [1, 1]: 5.0, reference 4.0."))
    #expect(
        Page(of: ParityReport(value: "a", reference: "b")).html.contains("Nothing was compared"))
}

@Test func `a page needs nothing but itself`() {
    let page = Page(of: report(isDifferent: true), evidence: evidence()).html
    #expect(!page.contains("http"))
    #expect(!page.contains("<script"))
    #expect(!page.contains("url("))
    #expect(!page.contains("@import"))
    let sources = page.matches(of: /(?:src|href)="([^"]*)"/).map(\.1)
    #expect(!sources.isEmpty)
    #expect(sources.allSatisfy { $0.hasPrefix("data:") })
    #expect(unbalancedTag(in: page) == nil)
}

@Test func `a page of thousands of long rows stays below 1 MiB, and says what it leaves out`() {
    var large = report(isDifferent: true)
    let name = String(repeating: "features.denseblock4.", count: 20)
    let row = ParityRow(name: name, status: .different, explanation: name)
    large.weights = (0..<3000).map { index in
        index % 2 == 0 ? large.weights[0] : row
    }
    large.weights = large.weights.map { row in
        var row = row
        row.name = name
        return row
    }
    large.layers = (0..<3000).map { _ in
        LayerRow(name: name, referenceName: name, operation: "Conv", parity: large.outputs[0])
    }
    large.findings = Array(repeating: large.findings[0], count: 3000)
    let page = Page(of: large, evidence: evidence(pixels: 96 * 96 * 3)).html
    #expect(page.utf8.count < 1 << 20)
    #expect(page.contains(" more: --json has all."))
    #expect(unbalancedTag(in: page) == nil)
}

@Test func `the same report gives the same page`() {
    let first = Page(of: report(isDifferent: true), evidence: evidence()).html
    #expect(first == Page(of: report(isDifferent: true), evidence: evidence()).html)
}

@Test func `the command line can be pasted into a shell`() {
    var quoted = report()
    quoted.provenance?.commandLine = ["ferry", "verify", "my model.onnx", "it's.h5", "--batch=2"]
    let page = Page(of: quoted).html
    #expect(
        page.contains(
            "ferry verify &#39;my model.onnx&#39; &#39;it&#39;\\&#39;&#39;s.h5&#39; --batch=2"))
}
