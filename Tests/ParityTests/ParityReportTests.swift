import Foundation
import Parity
import Tensors
import Testing

private func report(weights: [ParityRow] = [], outputs: [ParityRow] = []) -> ParityReport {
    var report = ParityReport(value: "b.onnx", reference: "a.h5")
    report.weights = weights
    report.outputs = outputs
    return report
}

private let ones = Tensor([1, 1, 2] as [Float])
private let near = Tensor([1, 1.00001, 2] as [Float])
private let far = Tensor([1, 1.5, 2] as [Float])

@Test func `a moved weight is bit-equal`() {
    let row = ParityRow.weight("conv1.weight", ones, reference: ones)
    #expect(row.status == .bitEqual)
    #expect(row.passes)
    #expect(row.explanation.isEmpty)
    #expect(report(weights: [row]).verdict == .equal)
}

@Test func `a weight that changed a little without a reason is different`() {
    let row = ParityRow.weight("conv1.weight", near, reference: ones)
    #expect(row.status == .different)
    #expect(row.explanation == "worst at [1]: 1.00001, reference 1.0")
    #expect(report(weights: [row]).verdict == .different)
}

@Test func `a reason explains a difference only inside its tolerance`() {
    let reason = "BN folded into the convolution"
    let good = ParityRow.weight(
        "w", near, reference: ones, tolerance: .outputs, reason: reason)
    #expect(good.status == .explained)
    #expect(good.explanation == reason)
    let bad = ParityRow.weight("w", far, reference: ones, tolerance: .outputs, reason: reason)
    #expect(bad.status == .different)
}

@Test func `another element type explains a weight`() {
    let row = ParityRow.weight("w", near.converted(to: .float16), reference: near)
    #expect(row.status == .explained)
    #expect(row.explanation == "float32 → float16")
    #expect(report(weights: [row]).verdict == .equalUpToElementType)
    #expect(report(weights: [row]).hasEqualWeightsUpToElementType)
    #expect(report(weights: [row]).passes)
}

@Test func `weights with NaN pass when bit-equal, with a caution`() {
    let odd = Tensor([1, .nan] as [Float])
    let row = ParityRow.weight("w", odd, reference: odd)
    #expect(row.passes)
    #expect(row.explanation.contains("1 NaN"))
}

@Test func `outputs with NaN on both sides do not pass`() {
    let odd = Tensor([1, .nan] as [Float])
    let row = ParityRow.output("logits", odd, reference: odd)
    #expect(row.status == .different)
    #expect(!report(outputs: [row]).passes)
}

@Test func `outputs inside the tolerance pass and outside it do not`() {
    #expect(ParityRow.output("y", near, reference: ones).status == .close)
    #expect(ParityRow.output("y", ones, reference: ones).status == .bitEqual)
    #expect(ParityRow.output("y", far, reference: ones).status == .different)
}

@Test func `shapes that differ are stated`() {
    let row = ParityRow.output("y", ones.reshaped([1, 3]), reference: ones)
    #expect(row.status == .different)
    #expect(row.explanation == "shape [1, 3], reference [3]")
    #expect(row.difference == nil)
}

@Test func `constant outputs are called out and prove nothing alone`() {
    let flat = Tensor([0.1, 0.1] as [Float])
    var row = ParityRow.output("y", flat, reference: flat)
    #expect(row.passes)
    #expect(row.explanation == "every value of the output and reference is the same")
    #expect(report(outputs: [row]).verdict == .nothingProven)
    #expect(!report(outputs: [row]).passes)
    let good = ParityRow.output("z", ones, reference: ones)
    #expect(report(outputs: [row, good]).verdict == .equal)
    row.note(dependsOnInput: true)
    #expect(report(outputs: [row]).verdict == .equal)
}

@Test func `an output that does not depend on the input proves nothing`() {
    var row = ParityRow.output("y", ones, reference: ones)
    row.note(dependsOnInput: false)
    #expect(report(weights: [row], outputs: [row]).verdict == .nothingProven)
}

@Test func `layers decide too, but not those without a partner`() {
    var found = report(outputs: [.output("y", ones, reference: ones)])
    func layer(_ row: ParityRow) -> LayerRow {
        LayerRow(name: "conv1", referenceName: "", operation: "Conv", shape: [3], parity: row)
    }
    found.layers = [
        layer(ParityRow(name: "conv1", status: .notCompared, explanation: "not recorded"))
    ]
    #expect(found.verdict == .equal)
    #expect(found.text().contains("not recorded"))
    found.layers.append(layer(.activation("conv1", near, reference: ones)))
    #expect(found.verdict == .withinTolerance)
    found.layers.append(layer(.activation("conv1", far, reference: ones)))
    #expect(found.verdict == .different)
    found.outputs = []
    found.layers = [found.layers[0]]
    #expect(found.verdict == .nothingCompared)
}

@Test func `ranks decide only when asked to`() {
    let a = Tensor([0, 1, 2, 3, 4, 5, 6, 0] as [Float], shape: [1, 8])
    let b = Tensor([0, 1, 2, 3, 4, 6, 5, 0] as [Float], shape: [1, 8])
    let wide = Tolerance(relative: 1, absoluteOfMaximum: 1, reason: "any")
    let row = ParityRow.output("y", a, reference: b, tolerance: wide)
    #expect(row.passes)
    #expect(row.agreement?.top1 == 0)
    #expect(row.agreement?.top5 == 1)
    #expect(row.agreement?.words == "top-1 agrees in 0 of 1, top-5 in 1")
    var strict = wide
    strict.top = 5
    let judged = ParityRow.output("y", a, reference: b, tolerance: strict)
    #expect(!judged.passes)
    #expect(judged.explanation.contains("the best 5 agree in 0 of 1"))
    #expect(ParityRow.activation("y", a, reference: b, tolerance: strict).passes)
    #expect(ParityRow.output("y", b, reference: b, tolerance: strict).passes)
}

@Test func `a missing weight fails the report`() {
    let row = ParityRow(name: "fc.bias", status: .missing, explanation: "only in a.h5")
    #expect(report(weights: [row]).verdict == .different)
}

@Test func `comparing nothing is no success`() {
    let empty = Tensor([] as [Float])
    #expect(report().verdict == .nothingCompared)
    let row = ParityRow.output("y", empty, reference: empty)
    #expect(row.explanation.contains("no elements"))
    #expect(report(outputs: [row]).verdict == .nothingCompared)
    #expect(!report(outputs: [row]).passes)
}

@Test func `a report survives JSON, even with NaN in the tensors`() throws {
    let odd = Tensor([1, .nan, .infinity] as [Float])
    let original = report(
        weights: [.weight("w", near, reference: ones)],
        outputs: [.output("y", odd, reference: ones), .output("z", odd, reference: odd)])
    let data = try JSONEncoder().encode(original)
    #expect(try JSONDecoder().decode(ParityReport.self, from: data) == original)
    #expect(String(decoding: data, as: UTF8.self).contains(#""verdict":"different""#))
}

@Test func `text shows every row, the counts and the verdict`() {
    var found = report(
        weights: [
            .weight("conv1.weight", ones, reference: ones),
            .weight("evil\u{1B}[31m\nname", far, reference: ones),
        ],
        outputs: [.output("y", near, reference: ones)])
    found.notes = ["Softmax applied to a.h5"]
    let text = found.text()
    #expect(text.contains("conv1.weight"))
    #expect(text.contains("1 of 2 weights bit-equal"))
    #expect(text.contains("note: Softmax applied to a.h5"))
    #expect(text.hasSuffix("verdict: DIFFERENT (1 row)"))
    #expect(!text.contains("\u{1B}"))
    #expect(!found.text(onlyRemarkable: true).contains("conv1.weight"))
    #expect(found.text(coloured: true).contains("\u{1B}[1;31mDIFFERENT"))
}

@Test func `table columns line up whatever the characters`() {
    var table = TextTable(columns: [.init("NAME"), .init("N", .right), .init("REST")])
    table.add(["a", "12", "x"])
    table.add(["日本", "3", ""])
    table.add(["e\u{301}"])
    #expect(
        table.render() == """
            NAME   N  REST
            a     12  x
            日本   3
            e\u{301}
            """)
}

@Test(arguments: [("abc", 3), ("日本", 4), ("e\u{301}", 1), ("😀", 2), ("", 0)])
func `display width counts terminal columns`(text: String, width: Int) {
    #expect(displayWidth(text) == width)
}
