import Foundation
import TestSupport
import Testing

private let original = Fixtures.url("lenet5_1998/lenet5_1998.pth").path
private let photographs = [
    "chelsea_444.jpg", "coffee_420.jpg", "rocket_tall.jpg", "astronaut_progressive.jpg",
]

/// Classes as `run` ranks them, the likeliest first.
private func ranked(_ ferry: Ferry, _ words: [String]) throws -> [[Int]] {
    let outcome = try ferry.run(["run"] + words + ["--json"])
    expectSuccess(outcome)
    let answers = try #require(try outcome.json() as? [[String: Any]])
    return answers.map { answer in
        (answer["top"] as? [[String: Any]] ?? []).compactMap { $0["index"] as? Int }
    }
}

@Test(arguments: [model("lenet5.onnx"), model("lenet5_tanh.onnx"), original])
func `errors are those of the answers that run gives`(file: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    let labels = allDigits.map { Int($0.suffix(1)) ?? 0 }
    let answers = try ranked(ferry, [file] + allDigits.map(digit))
    let wrong = zip(answers, labels).count { $0[0] != $1 }
    let outcome = try ferry("evaluate", file, "digits", "--json")
    expectSuccess(outcome, #""labels" : "folders by their numbers""#, #""pictures" : 20"#)
    #expect(try outcome.number("top1Wrong") == wrong)
    #expect(try outcome.number("top5Wrong") == zip(answers, labels).count { !$0.contains($1) })
    // The networks were trained on digits: a wrong order of ranking would be wrong nearly always.
    #expect(wrong <= 2)
}

@Test func `the report has errors, confused pairs and the rate`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    // Every digit in the folder of the next.
    try folder.writeDigits { "\(($0 + 1) % 10)" }
    let outcome = try ferry("evaluate", model("lenet5.onnx"), "digits", "--confusions", "2")
    expectSuccess(outcome)
    let lines = outcome.output.split(separator: "\n").map { line in
        line.split(separator: " ").joined(separator: " ")
    }
    #expect(lines[0].hasSuffix("10 classes, folders by their numbers; center, 1 view a picture"))
    #expect(lines[1] == "ERROR WRONG OF")
    #expect(lines[2] == "top-1 100.00 % 20 20")
    #expect(lines[4] == "CLASS TAKEN FOR TIMES")
    #expect(lines[5] == "1 0 3")
    #expect(lines[6] == "5 4 3")
    #expect(lines[7].hasPrefix("20 pictures in ") && lines[7].hasSuffix(" pictures/s"))
    #expect(lines.count == 8)
}

@Test func `several at once are judged as one at a time`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    let one = try ferry("evaluate", model("lenet5.onnx"), "digits", "--json")
    for words in [["--batch", "7"], ["--threads", "1"], ["--batch", "64", "--threads", "3"]] {
        let outcome = try ferry.run(
            ["evaluate", model("lenet5.onnx"), "digits", "--json"] + words)
        expectSuccess(outcome)
        #expect(try outcome.figures() == one.figures())
    }
}

@Test(arguments: [
    ["--protocol", "ten-crop", "--batch", "3"], ["--protocol", "dense"],
    ["--protocol", "multi-scale"],
])
func `protocols judge as run does`(words: [String]) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let files = photographs.map { Fixtures.url("images/\($0)").path }
    let file = model("vgg11_narrow.onnx")
    let runWords = words.filter { $0 != "--batch" && $0 != "3" }
    let answers = try ranked(ferry, [file] + files + runWords)
    try folder.writePictures(zip(files, answers).map { ($0, "\($1[0])") }, as: "right")
    try folder.writePictures(zip(files, answers).map { ($0, "\($1[4])") }, as: "fifth")
    let right = try ferry.run(["evaluate", file, "right", "--json"] + words)
    expectSuccess(right, #""protocol" : "\#(words[1])""#)
    #expect(try right.number("top1Wrong") == 0)
    let fifth = try ferry.run(["evaluate", file, "fifth", "--json"] + words)
    expectSuccess(fifth)
    #expect(try fifth.number("top1Wrong") == files.count)
    #expect(try fifth.number("top5Wrong") == 0)
}

// MARK: Classes

@Test func `folders with other names are classes in sorted order`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits { "n0\($0)" }
    try FileManager.default.createDirectory(
        atPath: folder.path("digits/n07"), withIntermediateDirectories: true)
    let outcome = try ferry("evaluate", model("lenet5.onnx"), "digits/", "--json")
    expectSuccess(outcome, #""labels" : "folders in sorted order""#, #""folder" : "digits""#)
    #expect(try outcome.number("top1Wrong") ?? 20 <= 2)
}

@Test func `folders may have ImageNet's names`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("edit", model("alexnet_narrow.onnx"), "-o", "a.onnx", "--head", "1000"))
    let picture = Fixtures.url("images/chelsea_444.jpg").path
    let winner = try ranked(ferry, ["a.onnx", picture])[0][0]
    let names = try String(
        contentsOf: Fixtures.root.appending(
            path: "Sources/Tool/FerryCommands/Resources/imagenet_categories.txt"), encoding: .utf8
    ).split(separator: "\n").map(String.init)
    let name = names[winner].replacing(" ", with: "_").uppercased()
    try folder.writePictures([(picture, name), (picture, "tabby")], as: "pictures")
    let outcome = try ferry("evaluate", "a.onnx", "pictures", "--json")
    expectSuccess(outcome, #""labels" : "folders by ImageNet's names""#, #""label" : "tabby""#)
    #expect(try outcome.number("top1Wrong") == 1)
    try folder.writePictures([(picture, "taby")], as: "pictures")
    expectRefusal(
        try ferry("evaluate", "a.onnx", "pictures"), 3, "pictures: expected folders called by",
        "found 3 folders, 'taby'; did you mean 'tabby'?")
    try folder.writePictures([(picture, "CARDIGAN")], as: "dog or coat")
    expectRefusal(
        try ferry("evaluate", "a.onnx", "dog or coat"), 3,
        "found 1 folder, 'CARDIGAN', as several are called")
    try folder.writePictures([(picture, "Cardigan"), (picture, "cardigan")], as: "both")
    let both = try ferry("evaluate", "a.onnx", "both", "--json")
    expectSuccess(both, #""label" : "Cardigan""#, #""label" : "cardigan""#)
}

@Test(arguments: [
    (["10"], "digits: expected a class below 10 (or give --labels), found folder 10"),
    (["1", "01"], "expected one folder a class, found two for the same"),
    (
        ["cat", "dog"],
        "or one for each of the 10 classes (or give --labels), found 2 folders, 'cat'"
    ),
    ([], "digits: expected a folder for each class, or --labels, found none"),
])
func `folders that are no classes are refused`(names: [String], problem: String) throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
        atPath: folder.path("digits"), withIntermediateDirectories: true)
    try folder.writePictures(names.map { (digit("718_1"), $0) }, as: "digits")
    expectRefusal(
        try Ferry(in: folder)("evaluate", model("lenet5.onnx"), "digits"), 3, problem)
}

@Test func `classes may stand in a file`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    try folder.writeDigits()
    try FileManager.default.moveItem(
        atPath: folder.path("digits/0"), toPath: folder.path("digits/a b"))
    try folder.write(
        "# digits\n\na b/0_27_0.png 0\r\n1/3_718_1.png\t1\na b/1_450_0.png\t7\n", as: "labels.txt")
    let outcome = try ferry("evaluate", name, "digits", "--labels", "labels.txt", "--json")
    expectSuccess(outcome, #""labels" : "by labels.txt""#, #""pictures" : 3"#)
    #expect(try outcome.number("top1Wrong") == 1)
    try folder.write("1/3_718_1.png 1\nmissing.png 2\n", as: "labels.txt")
    let missing = try ferry("evaluate", name, "digits", "--labels", "labels.txt", "--json")
    #expect(missing.status == 3)
    #expect(missing.errors.contains("digits/missing.png: expected a readable file"))
    #expect(try missing.number("pictures") == 1)
    #expect(try missing.number("failed") == 1)
}

@Test(arguments: [
    ("a.png", "labels.txt: labels: line 1: expected a picture and its class, divided by"),
    ("a.png 1\nb.png 10", "line 2: expected a class below 10, found 10"),
    ("a.png one", "expected a class's number, as Ferry knows no names of these 10, found 'one'"),
    ("a.png 1\n#\na.png 2", "line 3: expected every picture once, found 'a.png' as in line 1"),
    ("/etc/passwd 1", "expected a picture inside the folder, found '/etc/passwd'"),
    ("a/../../b.png 1", "expected a picture inside the folder, found 'a/../../b.png'"),
    ("", "labels.txt: labels: expected a picture and its class a line, found no such line"),
    ("a.png 99999999999999999999", "line 1: expected "),
    (String(repeating: "a", count: 9000) + " 1", "line 1: expected at most 8192 bytes, found more"),
    (String(repeating: "a", count: 200_000), "line 1: expected at most 8192 bytes, found more"),
])
func `a file of classes that means nothing is refused`(text: String, problem: String) throws {
    let folder = try TemporaryFolder()
    try folder.writeDigits()
    try folder.write(text, as: "labels.txt")
    expectRefusal(
        try Ferry(in: folder)(
            "evaluate", model("lenet5.onnx"), "digits", "--labels", "labels.txt"), 3, problem)
}

@Test func `bytes that are no text are refused as classes`() throws {
    let folder = try TemporaryFolder()
    try folder.writeDigits()
    try folder.write([0x61, 0xFF, 0x20, 0x31], as: "labels.txt")
    let ferry = Ferry(in: folder)
    for (name, problem) in [("labels.txt", "text in UTF-8"), (".", "a regular file"), ("x", "x: ")]
    {
        expectRefusal(
            try ferry("evaluate", model("lenet5.onnx"), "digits", "--labels", name), 3, problem)
    }
}

// MARK: Pictures

@Test func `broken pictures are reported, others skipped, the rest evaluated`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    let png = try [UInt8](Data(contentsOf: URL(filePath: digit("718_1"))))
    try folder.write(Array(png[..<(png.count / 2)]), as: "digits/1/cut.png")
    try folder.write([], as: "digits/2/empty.JPG")
    try folder.write(Array("GIF89a".utf8), as: "digits/3/moving.gif")
    try folder.write(png, as: "digits/1/without_ending")
    for name in ["readme.txt", "4/notes", "4/Thumbs.db", "5/.hidden.png"] {
        try folder.write(Array("text".utf8), as: "digits/\(name)")
    }
    #expect(unsafe mkfifo(folder.path("digits/6/pipe.png"), 0o600) == 0)
    try FileManager.default.createDirectory(
        atPath: folder.path("digits/8/more/deep"), withIntermediateDirectories: true)
    try folder.write(png, as: "digits/8/more/deep/one.png")
    try FileManager.default.createSymbolicLink(
        atPath: folder.path("digits/8/more/loop"), withDestinationPath: "..")
    let outcome = try ferry("evaluate", model("lenet5.onnx"), "digits", "--json")
    #expect(outcome.status == 3)
    let reported = outcome.errorLines.filter { !$0.hasPrefix("ferry: preprocess") }
    #expect(reported.count == 3, "\(outcome.errors)")
    for name in ["1/cut.png: PNG: ", "2/empty.JPG: ", "3/moving.gif: "] {
        #expect(reported.contains { $0.hasPrefix("ferry: digits/\(name)") }, "\(name)")
    }
    #expect(try outcome.number("pictures") == 22)
    #expect(try outcome.number("failed") == 3)
    // The four files of text, the pipe and the link.
    #expect(try outcome.number("skipped") == 6)
    #expect(try outcome.number("top1Wrong") ?? 22 <= 3)
}

@Test func `what is no folder, and wrong usage`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    try folder.write([], as: "file")
    expectRefusal(try ferry("evaluate", name, "missing"), 3, "missing: expected a folder")
    expectRefusal(try ferry("evaluate", name, "file"), 3, "file: expected a folder", "found a file")
    expectRefusal(try ferry("evaluate", name), 2, "expected FOLDER, found nothing")
    expectRefusal(try ferry("evaluate", name, "a", "b"), 2, "expected 2 arguments, found 'b' too")
    expectRefusal(
        try ferry("evaluate", name, "a", "--batch", "0"), 2, "--batch: expected 1 to 1024")
    expectRefusal(
        try ferry("evaluate", name, "a", "--protocol", "dense"), 2, "--protocol: expected center")
    expectRefusal(
        try ferry(
            "evaluate", model("vgg11_narrow.onnx"), "a", "--protocol", "dense", "--batch", "2"), 2,
        "--batch: expected 1 for a network and views that take pictures one at a time")
    try folder.writePictures([], as: "empty")
    try FileManager.default.createDirectory(
        atPath: folder.path("empty/1"), withIntermediateDirectories: true)
    expectRefusal(
        try ferry("evaluate", name, "empty"), 3, "empty: expected pictures in its folders")
}
