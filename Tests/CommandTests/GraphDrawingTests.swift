import FerryCommands
import Foundation
import TestSupport
import Testing

/// Where Graphviz is, if it is installed.
private let graphviz = try? Graphviz.program()

private func text(_ name: String, in folder: TemporaryFolder) throws -> String {
    String(decoding: try folder.bytes(name), as: UTF8.self)
}

@Test func `a network becomes boxes and arrows with shapes`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let outcome = try ferry("inspect", model("lenet5.onnx"), "--dot", "a.dot")
    expectSuccess(outcome, "lenet5.onnx → a.dot, ", ", 12 layers\n")
    let dot = try text("a.dot", in: folder)
    #expect(dot.hasPrefix("digraph network {\n") && dot.hasSuffix("\n}\n"))
    for line in [
        ##"layer0 [label="conv1\nConv 5×5+2\n156 parameters", fillcolor="#b9d4f0"];"##,
        ##"layer1 [label="relu1 (Relu)", fillcolor="#f7ecab"];"##,
        ##"layer2 [label="pool1\nMaxPool 2×2/2", fillcolor="#bfe3c0"];"##,
        ##"[label="fc1\nGemm\n48,120 parameters", fillcolor="#f6cfa4"];"##,
        #"input0 -> layer0 [label=" 1×28×28"];"#, #"layer1 -> layer2 [label=" 6×28×28"];"#,
        #"-> output0 [label=" 10"];"#,
    ] {
        #expect(dot.contains(line), "\(line)\n\(dot)")
    }
    expectSuccess(try ferry("inspect", model("lenet5.onnx"), "--dot", "b.dot", "--threads", "3"))
    #expect(try folder.bytes("a.dot") == folder.bytes("b.dot"))
}

@Test func `branches meet again, and several steps are one box`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry(
            "inspect", Fixtures.url("caffe/inception.caffemodel").path, "--dot", "i.dot",
            "--prototxt",
            Fixtures.url("caffe/inception.prototxt").path))
    let inception = try text("i.dot", in: folder)
    let concats = inception.split(separator: "\n").filter { $0.contains("(Concat)\"") }
    #expect(!concats.isEmpty)
    for line in concats {
        let id = try #require(line.split(separator: " ").first)
        #expect(inception.split(separator: "\n").count { $0.contains("-> \(id) ") } >= 3, "\(line)")
    }
    expectSuccess(
        try ferry(
            "inspect", Fixtures.url("lenet5_1998/lenet5_1998.pth").path, "--dot", "l.dot"))
    let lenet = try text("l.dot", in: folder)
    #expect(lenet.contains(#"s2\nAveragePool + Mul + Mul + Add 2×2/2\n12 parameters"#))
    #expect(lenet.contains(#"c3\nConv 5×5\n1,516 parameters"#))
}

@Test func `names from files stay text`() throws {
    let folder = try TemporaryFolder()
    let names = [
        "\"]; evil [label=\"x", "back\\slash\\", "a&lt;b", "line\nbreak\u{7}", "<b>bold</b>", "\\N",
        String(repeating: "long", count: 1000),
    ]
    for (index, name) in names.enumerated() {
        let sizes: [UInt64] = [1, 2, 3, UInt64(index + 1)]
        try folder.write(oneNodeONNX("Relu", sizes: sizes, name: name), as: "n.onnx")
        let outcome = try Ferry(in: folder)("inspect", "n.onnx", "--dot", "n.dot", "--force")
        expectSuccess(outcome)
        let dot = try text("n.dot", in: folder)
        let labels = dot.split(separator: "\n").filter { $0.hasPrefix("  layer0 [") }
        #expect(labels.count == 1)
        let label = try #require(labels.first)
        // Outside escapes there are four quotes: the label's and the colour's.
        let bare = label.replacing("\\\\", with: "").replacing("\\\"", with: "")
        #expect(bare.count { $0 == "\"" } == 4, "\(label)")
        #expect(label.count < 200)
        #expect(!dot.contains("\u{7}") && !label.contains("&lt;"))
        if let graphviz {
            let svg = try Graphviz.svg(of: dot, by: graphviz)
            let document = try XMLDocumentCheck(svg)
            #expect(document.elements.contains("svg") && !document.elements.contains("b"))
        }
    }
}

@Test func `without Graphviz the error says how to get it`() throws {
    let folder = try TemporaryFolder()
    var ferry = Ferry(in: folder)
    ferry.environment["PATH"] = "bin:\(folder.path)"
    ferry.start = #"PATH="bin:\#(folder.path)"; exec "$0" "$@""#
    try FileManager.default.createDirectory(
        atPath: folder.path("bin/dot"), withIntermediateDirectories: true)
    expectRefusal(
        try ferry("inspect", model("lenet5.onnx"), "--svg", "a.svg"), 2,
        "expected Graphviz' program 'dot' on the PATH, found none", "apt install graphviz")
    #expect(try folder.names() == ["bin"])
}

/// A program that stands for Graphviz.
private func program(_ script: String, in folder: TemporaryFolder) throws -> String {
    let path = try folder.write(Array("#!/bin/sh\n\(script)\n".utf8), as: "dot")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
}

private let impostors: [(script: String, failure: Graphviz.Failure)] = [
    ("cat >/dev/null; echo broken >&2; exit 3", .silent("'broken\n'")),
    ("cat >/dev/null; echo hello", .silent("no SVG")),
    ("exit 1", .silent("exit status 1")),
    ("exec sleep 30", .slow(seconds: 1)),
    ("exec yes", .verbose(limit: 1 << 20)),
]

@Test(arguments: impostors)
func `a program that is not Graphviz is left`(script: String, failure: Graphviz.Failure) throws {
    // As in Ferry: a program that has gone does not end its owner.
    signal(SIGPIPE, SIG_IGN)
    let folder = try TemporaryFolder()
    let program = try program(script, in: folder)
    let text = String(repeating: "digraph {}\n", count: 100_000)
    #expect(throws: failure) {
        try Graphviz.svg(of: text, by: program, seconds: 1, limit: 1 << 20)
    }
}

@Test func `a long text is said while a long answer is heard`() throws {
    let folder = try TemporaryFolder()
    let program = try program("printf '<?xml'; exec cat", in: folder)
    let text = String(repeating: "digraph {}\n", count: 100_000)
    let answer = try Graphviz.svg(of: text, by: program)
    #expect(answer == Array("<?xml\(text)".utf8))
}

@Test(.enabled(if: graphviz != nil, "Graphviz is not installed"))
func `Graphviz draws a network`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let outcome = try ferry("inspect", model("vgg16_narrow.onnx"), "--svg", "a.svg", "--json")
    expectSuccess(outcome, #""svg" : "a.svg""#)
    let document = try XMLDocumentCheck(try folder.bytes("a.svg"))
    #expect(document.elements.first == "svg")
    for words in ["features.0", "MaxPool 2×2/2", "2×224×224"] {
        #expect(document.text.contains(words), "\(words)")
    }
    expectRefusal(
        try ferry("inspect", model("vgg16_narrow.onnx"), "--svg", "a.svg"), 2, "exists already")
    expectSuccess(
        try ferry("inspect", model("vgg16_narrow.onnx"), "--svg", "b.svg", "--dot", "b.dot"))
    #expect(try folder.bytes("a.svg") == folder.bytes("b.svg"))
}

/// The elements and the text of an XML document, which must be well formed.
private struct XMLDocumentCheck {
    let elements: [String]
    let text: String

    init(_ bytes: [UInt8]) throws {
        // A small reader: names of elements, and what stands between them.
        let document = String(decoding: bytes, as: UTF8.self)
        var (elements, text, open) = ([String](), "", [String]())
        var rest = Substring(document)
        while let start = rest.firstIndex(of: "<") {
            text += rest[..<start]
            if rest[start...].hasPrefix("<!--") {
                rest = rest[(try #require(rest.range(of: "-->")).upperBound)...]
                continue
            }
            let end = try #require(rest[start...].firstIndex(of: ">"))
            let tag = rest[rest.index(after: start)..<end]
            rest = rest[rest.index(after: end)...]
            if tag.hasPrefix("?") || tag.hasPrefix("!") { continue }
            if tag.hasPrefix("/") {
                #expect(open.popLast() == String(tag.dropFirst()))
                continue
            }
            let name = String(tag.prefix { !$0.isWhitespace && $0 != "/" })
            elements.append(name)
            if !tag.hasSuffix("/") { open.append(name) }
        }
        #expect(open.isEmpty)
        self.elements = elements
        self.text = text
    }
}
