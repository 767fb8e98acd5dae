import Foundation
import TestSupport
import Testing

private func page(_ name: String, in folder: TemporaryFolder) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder.path(name))), as: UTF8.self)
}

@Test func `verify writes its report as a page, the same whenever it is asked`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let words = ["verify", model("lenet5.onnx"), model("lenet5.keras.h5"), "--arch", "lenet5"]
    let outcome = try ferry.run(words + ["--batch", "3", "--html", "a.html"])
    expectSuccess(outcome, "verdict: equal to the last bit\n")
    let first = try page("a.html", in: folder)
    #expect(first.contains("Equal to the last bit"))
    #expect(first.contains("seeded noise, seed 1, batch 3"))
    #expect(first.matches(of: /<img alt="" width="28" height="28"/).count == 3)
    // Of the two files, as sha256sum gives it.
    #expect(first.matches(of: /[0-9a-f]{64}/).count == 2)
    expectSuccess(try ferry.run(words + ["--batch", "3", "--html", "a.html", "--force"]))
    let again = try page("a.html", in: folder)
    #expect(again.replacing(" --force", with: "") == first)
}

@Test func `a page of a difference shows where it is`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "verify", model("lenet5_tanh.onnx"), "--fixture",
        Fixtures.url("models/lenet5/golden").path, "--html", "a.html")
    #expect(outcome.status == 1)
    let page = try page("a.html", in: folder)
    #expect(page.contains("<h1 class=\"bad\">Different</h1>"))
    #expect(page.contains("× the tolerance"))
    #expect(page.matches(of: /<img alt=/).count == 6)
}

@Test func `a page is never written over what is read, nor over what exists`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = "lenet5.onnx"
    try FileManager.default.copyItem(atPath: model(name), toPath: folder.path(name))
    try folder.write([1], as: "a.html")
    expectRefusal(
        try ferry("verify", name, name, "--html", "a.html"), 2,
        "a.html: exists already; give --force to replace it")
    expectRefusal(
        try ferry("verify", name, name, "--html", name, "--force"), 2,
        "expected another file than the source")
    expectRefusal(try ferry("verify", name, name, "--force"), 2, "--force: expected --html too")
    expectRefusal(
        try ferry("verify", name, name, "--html", "nowhere/a.html"), 4, "nowhere/a.html: ")
}
