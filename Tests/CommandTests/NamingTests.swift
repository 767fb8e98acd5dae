import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// A network's state dict under names that no architecture has, with a graph of its own forgotten.
@discardableResult
private func wrapped(
    as name: String, in folder: TemporaryFolder, _ change: (inout [NamedTensor]) -> Void
) throws -> String {
    try altered(model("alexnet_narrow.safetensors"), as: name, in: folder, change)
}

private func rename(_ tensors: inout [NamedTensor], _ change: (String) -> String) {
    for index in tensors.indices { tensors[index].name = change(tensors[index].name) }
}

@Test func `renamed tensors are recognised`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try wrapped(as: "w.safetensors", in: folder) { tensors in
        rename(&tensors) { "x_\($0.replacing(".", with: "_"))" }
    }
    expectRefusal(
        try ferry("convert", "w.safetensors", "o.onnx"), 3, "expected the tensors of a known")
    let rules = [
        "--rename", #"^x_(features|classifier)_(\d+)_=$1.$2."#,
    ]
    expectSuccess(try ferry.run(["convert", "w.safetensors", "o.onnx"] + rules), "alexnet")
    expectSuccess(
        try ferry("verify", "o.onnx", model("alexnet_narrow.onnx")), "equal to the last bit")
    expectSuccess(try ferry.run(["inspect", "w.safetensors"] + rules), "alexnet")
    expectSuccess(
        try ferry.run(["verify", "w.safetensors", "o.onnx"] + rules), "equal to the last bit")
    let nothing = try ferry.run(
        ["convert", "w.safetensors", "n.npz", "--rename", "nowhere=x"])
    expectSuccess(nothing)
    #expect(nothing.errors.contains("--rename 'nowhere=x' matches no tensor"))
    let same = try ferry.run(["convert", "w.safetensors", "s.npz", "--rename", "(.)$=$1"])
    expectSuccess(same)
    #expect(!same.errors.contains("matches no tensor"))
}

@Test func `a mapping file names tensors one by one`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    var lines = ["# old => new", ""]
    try wrapped(as: "w.safetensors", in: folder) { tensors in
        for index in tensors.indices {
            let divider = index.isMultiple(of: 2) ? "\t" : " => "
            lines.append("t\(index)\(divider)\(tensors[index].name)")
            tensors[index].name = "t\(index)"
        }
    }
    try folder.write(Array(lines.joined(separator: "\n").utf8), as: "names.txt")
    expectSuccess(
        try ferry("convert", "w.safetensors", "o.pth", "--mapping", "names.txt"), "alexnet")
    // A byte order mark is no part of the first name.
    try folder.write([0xEF, 0xBB, 0xBF] + (try folder.bytes("names.txt")), as: "marked.txt")
    expectSuccess(
        try ferry("convert", "w.safetensors", "m.pth", "--mapping", "marked.txt"), "alexnet")
    #expect(try folder.bytes("o.pth") == folder.bytes("m.pth"))
    // What the mapping names is not renamed again.
    expectSuccess(
        try ferry(
            "convert", "w.safetensors", "p.pth", "--mapping", "names.txt", "--rename", ".*=y"))
    #expect(try folder.bytes("o.pth") == folder.bytes("p.pth"))
}

@Test(arguments: [
    ("a b\n", "line 1: expected two names divided by a tab or by =>, found 'a b'"),
    ("#\n\na => b => c\n", "line 3: expected two names"), ("a\t\n", "line 1: expected two names"),
    ("x => a\nx => b\n", "line 2: expected every tensor once, found 'x' as in line 1"),
    ("x => a\ny\ta\n", "line 2: expected every new name once, found 'a' as in line 1"),
    ("# none\nnowhere => a\n", "line 2: expected a tensor of "),
])
func `a bad mapping is refused with its line`(_ text: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(Array(text.utf8), as: "names.txt")
    expectRefusal(
        try Ferry(in: folder)(
            "convert", model("alexnet_narrow.onnx"), "o.pth", "--mapping", "names.txt"), 3,
        "names.txt: mapping: \(words)")
    #expect(try folder.names() == ["names.txt"])
}

@Test func `a part is taken although the mapping names more`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Array("# none\nnowhere => a\n".utf8), as: "names.txt")
    let outcome = try Ferry(in: folder)(
        "convert", model("alexnet_narrow.onnx"), "o.pth", "--mapping", "names.txt", "--partial")
    expectSuccess(outcome, "alexnet")
    #expect(outcome.errors.contains("note: names.txt, line 2: no tensor 'nowhere'"))
}

@Test func `mappings that are no text are refused`() throws {
    let folder = try TemporaryFolder()
    try folder.write([0xFF, 0xFE, 0x00], as: "names.txt")
    let ferry = Ferry(in: folder)
    let source = model("alexnet_narrow.onnx")
    expectRefusal(
        try ferry("inspect", source, "--mapping", "names.txt"), 3, "expected text in UTF-8")
    expectRefusal(try ferry("inspect", source, "--mapping", "none.txt"), 3, "none.txt: expected")
}

@Test func `two tensors of one name are refused with both names`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectRefusal(
        try ferry(
            "convert", model("alexnet_narrow.safetensors"), "o.pth", "--rename",
            #"features\.\d+=f"#), 2, "'f.", "for both 'features.", "and 'features.")
    expectRefusal(
        try ferry("inspect", model("alexnet_narrow.onnx"), "--rename", ".*="), 2,
        "expected a name, found none left of")
    expectRefusal(
        try ferry("inspect", model("alexnet_narrow.onnx"), "--rename", "(=x"), 2, "character 1")
}

@Test func `constants of a graph are renamed where nodes read them`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    expectSuccess(
        try ferry(
            "verify", model("alexnet_narrow.onnx"), model("alexnet_narrow.pth"), "--rename",
            "^=renamed."), "equal to the last bit")
    expectRefusal(
        try ferry(
            "inspect", model("alexnet_narrow.onnx"), "--rename",
            #"^features\.0\.weight$=input"#), 2, "another value of the graph")
}

@Test func `Keras' tensors are named below their layers`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try altered(model("alexnet_narrow.keras.h5"), as: "k.h5", in: folder) { tensors in
        for index in tensors.indices {
            let layer = tensors[index].layer ?? ""
            tensors[index].name = tensors[index].name.replacing(layer, with: "my_\(layer)")
            tensors[index].layer = "my_\(layer)"
        }
    }
    let outcome = try ferry(
        "convert", "k.h5", "a.pth", "--rename", "my_=", "--arch", "alexnet")
    expectSuccess(outcome)
    expectSuccess(
        try ferry("verify", "a.pth", model("alexnet_narrow.pth"), "--weights-only"),
        "equal to the last bit")
}
