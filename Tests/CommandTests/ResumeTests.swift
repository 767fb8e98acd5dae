import Foundation
import IR
import TestSupport
import Testing

private let lenet = model("lenet5.onnx")
private let original = Fixtures.url("lenet5_1998/lenet5_1998.pth").path

private func evaluate(_ ferry: Ferry, _ words: String...) throws -> ProcessOutcome {
    try ferry.run(["evaluate", lenet, "digits", "--json", "--resume", "state"] + words)
}

@Test func `a state has a line for each picture, and a finished one is only read`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    let first = try evaluate(ferry)
    expectSuccess(first, #""resumed" : 0"#)
    let text = try folder.text("state")
    #expect(text.hasPrefix("ferry evaluation, version 1\nversion "))
    let lines = text.split(separator: "\n").filter { $0.first?.isNumber == true }
    #expect(lines.count == 20)
    #expect(lines[0].hasPrefix("0\t0\t0,"))
    #expect(lines[0].hasSuffix("\t0/0_27_0.png"))
    let second = try evaluate(ferry)
    expectSuccess(second, #""resumed" : 20"#)
    #expect(try second.figures() == first.figures())
    #expect(try folder.text("state") == text)
    #expect(try evaluate(ferry, "--threads", "1").figures() == first.figures())
}

@Test(arguments: ["lenet5.onnx", "1998"])
func `whatever was written before a kill, the figures are the same`(name: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits { "\(($0 + $0 % 2) % 10)" }
    let words = [
        "evaluate", name == "1998" ? original : model(name), "digits", "--json", "--resume",
        "state",
    ]
    let whole = try ferry.run(words)
    expectSuccess(whole)
    #expect(try whole.number("top1Wrong") ?? 0 > 0)
    let bytes = try folder.bytes("state")
    var ends = stride(from: 0, through: bytes.count, by: bytes.count / 11 + 1).map { $0 }
    ends += [bytes.count, bytes.count - 1, bytes.count - 2]
    var resumed: Set<Int> = []
    for end in ends {
        try folder.write(Array(bytes[..<end]), as: "state")
        let outcome = try ferry.run(words)
        expectSuccess(outcome)
        #expect(try outcome.figures() == whole.figures(), "cut at \(end)")
        #expect(try folder.bytes("state") == bytes, "cut at \(end)")
        resumed.insert(try #require(try outcome.number("resumed")))
    }
    #expect(resumed.contains(0) && resumed.contains(20) && resumed.count > 4)
}

@Test func `a run that was killed goes on, with the same figures`() throws {
    let folder = try TemporaryFolder()
    var slow = Ferry(in: folder)
    let files = [
        "chelsea_444.jpg", "coffee_420.jpg", "rocket_tall.jpg", "astronaut_progressive.jpg",
    ]
    .map { Fixtures.url("images/\($0)").path }
    try folder.writePictures((0..<16).map { (files[$0 % 4], "\($0 % 7)") }, as: "pictures")
    let words = [
        "evaluate", model("vgg11_narrow.onnx"), "pictures", "--json", "--protocol", "ten-crop",
    ]
    let whole = try slow.run(words)
    expectSuccess(whole)
    let fast = slow
    // Slow, and the same bits.
    slow.environment["FERRY_KERNELS"] = "baseline"
    let running = try slow.begin(words + ["--resume", "state", "--threads", "1"])
    var lines = 0
    for _ in 0..<20_000 where lines < 2 {
        usleep(1000)
        lines = ((try? folder.text("state")) ?? "").split(separator: "\n")
            .count { $0.first?.isNumber == true }
    }
    kill(running.identifier, SIGKILL)
    #expect(try running.finish().status == -SIGKILL)
    let outcome = try fast.run(words + ["--resume", "state"])
    expectSuccess(outcome)
    let resumed = try #require(try outcome.number("resumed"))
    #expect((2..<16).contains(resumed))
    #expect(try outcome.figures() == whole.figures())
}

@Test func `failed pictures are tried again`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    let good = try folder.bytes("digits/1/3_718_1.png")
    let whole = try ferry("evaluate", lenet, "digits", "--json")
    try folder.write([UInt8](repeating: 0, count: good.count), as: "digits/1/3_718_1.png")
    let failing = try evaluate(ferry)
    #expect(failing.status == 3)
    #expect(try failing.number("pictures") == 19)
    #expect(try evaluate(ferry).status == 3)
    try folder.write(good, as: "digits/1/3_718_1.png")
    let mended = try evaluate(ferry)
    expectSuccess(mended, #""resumed" : 19"#)
    #expect(try mended.figures() == whole.figures())
}

@Test func `the state of another evaluation is refused by what differs, and left alone`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    expectSuccess(try evaluate(ferry))
    let bytes = try folder.bytes("state")
    func refuse(_ words: [String], _ key: String) throws {
        let outcome = try ferry.run(["evaluate"] + words + ["--resume", "state"])
        #expect(outcome.status == 2 && outcome.output.isEmpty)
        #expect(
            outcome.errors.contains("--resume state: expected a state of the same \(key), '"),
            "\(outcome.errors)")
        #expect(try folder.bytes("state") == bytes)
    }
    let changed = try altered(lenet, as: "changed.onnx", in: folder) { tensors in
        tensors[0].tensor = replacingFirst(tensors[0].tensor, by: 0.5)
    }
    try refuse([model("lenet5_tanh.onnx"), "digits"], "network")
    try refuse([changed, "digits"], "weights")
    try refuse([lenet, "digits", "--preprocess", "none"], "recipe")
    try refuse([lenet, "digits", "--exif", "apply"], "exif")
    try refuse([lenet, "digits", "--numerics", "strict"], "numerics")
    try refuse([lenet, "digits", "--weights", "f16"], "numerics")
    try refuse([lenet, "digits", "--batch", "2"], "batch")
    try folder.write("1/3_718_1.png 1\n", as: "labels.txt")
    try refuse([lenet, "digits", "--labels", "labels.txt"], "pictures")
    try FileManager.default.removeItem(atPath: folder.path("digits/1/3_718_1.png"))
    try refuse([lenet, "digits"], "pictures")
}

@Test func `the state of another protocol is refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writePictures([(Fixtures.url("images/chelsea_444.jpg").path, "1")], as: "pictures")
    let words = ["evaluate", model("alexnet_narrow.onnx"), "pictures", "--resume", "state"]
    expectSuccess(try ferry.run(words + ["--protocol", "dense"]))
    expectRefusal(
        try ferry.run(words + ["--protocol", "ten-crop"]), 2,
        "expected a state of the same protocol, 'ten-crop at 256', found 'dense at 256'")
    expectRefusal(
        try ferry.run(words + ["--protocol", "dense", "--scale", "300"]), 2,
        "expected a state of the same protocol, 'dense at 300', found 'dense at 256'")
}

@Test func `damaged states are refused with the line`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    expectSuccess(try evaluate(ferry))
    let text = try folder.text("state")
    let start = text.split(separator: "\n").prefix { $0.first?.isNumber != true }
    let head = start.joined(separator: "\n") + "\n"
    let line = "line \(start.count + 1): "
    let good = "0\t0\t0,1,2,3,4\t0/0_27_0.png\n"
    let cases: [(String, String)] = [
        ("hello\n" + text, "line 1: expected 'ferry evaluation, version 1'"),
        (String(repeating: "x", count: 1 << 20), "line 1: expected"),
        (text.replacing("recipe", with: "rezipe"), "expected 'recipe' and its value"),
        (head + "text\n", line + "expected a picture below 20"),
        (head + "20\t0\t0,1,2,3,4\t0/0_27_0.png\n", line + "expected a picture below 20"),
        (head + "-1\t0\t0,1,2,3,4\t0/0_27_0.png\n", line + "expected a picture below 20"),
        (head + "99999999999999999999\t0\t0\tx\n", line + "expected a picture below 20"),
        (head + "0\t1\t0,1,2,3,4\t0/0_27_0.png\n", line + "expected class 0 and '0/0_27_0.png'"),
        (head + "0\t0\t0,1,2,3,4\tother.png\n", line + "expected class 0 and '0/0_27_0.png'"),
        (head + "0\t0\t0,1,2,3\t0/0_27_0.png\n", line + "expected 5 classes below 10"),
        (head + "0\t0\t0,1,2,3,10\t0/0_27_0.png\n", line + "expected 5 classes below 10"),
        (head + "0\t0\t0,1,2,3,3\t0/0_27_0.png\n", line + "expected 5 classes below 10"),
        (head + "0\t0\t0,1,2,3,4,5\t0/0_27_0.png\n", line + "expected 5 classes below 10"),
        (
            head + good + good,
            "line \(start.count + 2): expected every picture once, found '0/0_27_0.png' twice"
        ),
        (head + String(repeating: "0", count: 1 << 20) + "\n", line + "expected a picture"),
        (head + "\n", line + "expected a picture"),
    ]
    for (content, problem) in cases {
        try folder.write(content, as: "state")
        let outcome = try evaluate(ferry)
        expectRefusal(outcome, 3, "state: evaluation: ", problem)
        #expect(try folder.text("state") == content)
    }
}

@Test func `what no state can be kept in is refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.writeDigits()
    #expect(unsafe mkfifo(folder.path("pipe"), 0o600) == 0)
    let words = ["evaluate", lenet, "digits", "--resume"]
    expectRefusal(try ferry.run(words + ["."]), 2, "--resume .: expected a file to write")
    expectRefusal(try ferry.run(words + ["pipe"]), 2, "found a pipe")
    expectRefusal(try ferry.run(words + ["no/state"]), 4, "no/state: expected a file to write")
    try folder.write("a picture's labels\n", as: "labels")
    expectRefusal(try ferry.run(words + ["labels"]), 3, "labels: evaluation: line 1")
    #expect(try folder.text("labels") == "a picture's labels\n")
    try folder.write([], as: "held")
    let held = unsafe open(folder.path("held"), O_RDONLY)
    defer { close(held) }
    #expect(flock(held, LOCK_EX) == 0)
    expectRefusal(try ferry.run(words + ["held"]), 3, "expected a state that no other process uses")
}

@Test func `a state that cannot grow ends the run`() throws {
    let folder = try TemporaryFolder()
    var ferry = Ferry(in: folder)
    try folder.writeDigits()
    // In blocks of 512 bytes: the first lines fit, the pictures' do not all.
    ferry.prelude = "ulimit -f 1; "
    let outcome = try evaluate(ferry)
    #expect(outcome.status == 4 && outcome.errors.contains("state: could not write: "))
    ferry.prelude = ""
    let whole = try ferry("evaluate", lenet, "digits", "--json")
    let resumed = try evaluate(ferry)
    expectSuccess(resumed)
    #expect(try resumed.figures() == whole.figures())
    #expect(try resumed.number("resumed") ?? 0 > 0)
}
