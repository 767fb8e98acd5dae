import Foundation
import TestSupport
import Testing

private let commands = [
    "inspect", "convert", "verify", "diff", "run", "evaluate", "record", "show", "bench", "init",
    "edit", "augment", "compare-architectures",
]

@Test(arguments: commands)
func `the help of every command shows an example of it`(command: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    for words in [[command, "--help"], ["help", command], [command, "-h"]] {
        let outcome = try ferry.run(words)
        expectSuccess(outcome, "Usage: ferry \(command) ", "Example:\n  ferry \(command) ")
        for option in ["--json", "--threads N", "--arch NAME", "--numerics fast|strict"] {
            #expect(outcome.output.contains(option))
        }
        #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    }
}

@Test func `the version is one line`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())("--version")
    expectSuccess(outcome)
    #expect(outcome.output.wholeMatch(of: /ferry \d+\.\d+\.\d+\n/) != nil)
}

@Test func `help lists every command`() throws {
    let outcome = try Ferry(in: try TemporaryFolder())("--help")
    expectSuccess(outcome)
    for command in commands { #expect(outcome.output.contains("\n  \(command) ")) }
}

@Test(arguments: [
    (["inspet", "a.onnx"], "did you mean 'inspect'?"),
    (["frobnicate"], "unknown command 'frobnicate'"),
    (["inspect"], "expected MODEL, found nothing"),
    (["inspect", "a.onnx", "--josn"], "did you mean '--json'?"),
    (["inspect", "a.onnx", "--arch", "lent5"], "--arch: expected a known architecture, found"),
    (["inspect", "a.onnx", "--arch", "lent5"], "did you mean 'lenet5'?"),
    (["inspect", "a.onnx", "--arch", "resnet50"], "known are lenet5, "),
    (["inspect", "a.onnx", "--arch"], "--arch: expected a value, found nothing"),
    (["inspect", ""], "expected a file name, found ''"),
    (["convert", "a.onnx"], "expected DST, found nothing"),
    (["convert", "a.onnx", "b.onnx", "c.onnx"], "expected 2 arguments, found 'c.onnx' too"),
    (["convert", "a.onnx", "b.h5"], "one of hdf5, keras-weights-h5"),
    (["convert", "a.onnx", "b.hdf5"], "one of hdf5, keras-weights-h5"),
    (["convert", "a.onnx", "b"], "--to with one of onnx, hdf5, keras-weights-h5"),
    (["convert", "a.onnx", "b.onnx", "--to", "onxx"], "did you mean 'onnx'?"),
    (["convert", "a.onnx", "b.onnx", "--force", "--force"], "expected once, found twice"),
    (["verify", "a.onnx"], "expected B, found nothing"),
    (["verify", "a.onnx", "b.onnx", "--fixture", "f"], "expected 1 argument, found 'b.onnx' too"),
    (["verify", "a", "b", "--weights-only", "--input", "x.npy"], "exclude each other"),
    (["verify", "a", "b", "--batch", "2", "--input", "x.npy"], "exclude each other"),
    (["run", "a.onnx"], "expected PICTURE or --input, found neither"),
    (["run", "a.onnx", "b.png", "--input", "x.npy"], "found both"),
    (["run", "a.onnx", "--input", "x.npy"], "--input: expected --output too"),
    (["run", "a.onnx", "b.png", "--preprocess", "torchvison"], "did you mean 'torchvision'?"),
    (["run", "a.onnx", "b.png", "--exif", "maybe"], "--exif: expected one of ignore, apply"),
    (["bench", "a.onnx", "--threads", "0"], "--threads: expected 1 to 1024, found 0"),
    (["bench", "a.onnx", "--batch", "1000000000"], "--batch: expected 1 to 65536"),
    (["bench", "a.onnx", "--batch", "0"], "--batch: expected 1 to 65536, found 0"),
    (["bench", "a.onnx", "--runs", "-1"], "--runs: expected 1 to 100000, found -1"),
    (["bench", "a.onnx", "--numerics", "slow"], "--numerics: expected one of fast, strict"),
    (["bench", "a.onnx", "--weights", "f8"], "--weights: expected one of f32, f16, bf16"),
    (["verify", "a", "b", "--weights-only", "--weights", "f16"], "exclude each other"),
    (["edit", "a.onnx", "-o", "b.onnx"], "expected a change: --split-towers, --merge-towers"),
    (["edit", "a.onnx", "--head", "3"], "expected -o FILE, found nothing"),
    (["edit", "a", "-o", "b", "--head", "0"], "--head: expected 1 to 1048576, found 0"),
    (["edit", "a", "-o", "b", "--until", "x", "--features-only"], "exclude each other"),
    (["edit", "a", "-o", "b", "--head", "2", "--average"], "expected --fully-convolutional too"),
    (["init", "lenet5"], "expected -o FILE, found nothing"),
    (["init", "lent5", "-o", "a.onnx"], "did you mean 'lenet5'?"),
    (["init", "vgg16", "-o", "a.h5"], "one of hdf5, keras-weights-h5"),
    (["init", "vgg16", "-o", "a.onnx", "--arch", "vgg19"], "--arch: expected vgg16"),
    (["init", "vgg16", "-o", "a.onnx", "--seed", "-1"], "--seed: expected 0 to "),
])
func `wrong usage is one line and exit 2`(words: [String], problem: String) throws {
    let folder = try TemporaryFolder()
    expectRefusal(try Ferry(in: folder).run(words), 2, problem)
    #expect(try folder.names().isEmpty)
}

@Test(arguments: ["run", "bench", "verify"])
func `a kernel set the processor lacks is exit 2`(command: String) throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.environment["FERRY_KERNELS"] = "nonsense"
    let words = ["run": [digit("718_1")], "verify": [model("lenet5.onnx")]][command] ?? []
    let outcome = try ferry.run([command, model("lenet5.onnx")] + words)
    expectRefusal(outcome, 2, "FERRY_KERNELS: expected ", "baseline", "found 'nonsense'")
}

@Test func `the baseline kernels run everywhere`() throws {
    var ferry = Ferry(in: try TemporaryFolder())
    ferry.environment["FERRY_KERNELS"] = "baseline"
    let outcome = try ferry("bench", model("lenet5.onnx"), "--runs", "1", "--json")
    expectSuccess(outcome, #""kernels" : "baseline""#)
}

@Test(arguments: ["f16", "bf16"])
func `dense weights of 16 bits are named, timed and verified`(type: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let name = model("lenet5.onnx")
    expectSuccess(
        try ferry("bench", name, "--runs", "1", "--layers", "--weights", type), "rows at \(type)")
    expectSuccess(try ferry("run", name, digit("718_1"), "--weights", type))
    let outcome = try ferry("verify", name, name, "--weights", type)
    #expect(outcome.output.contains("dense weights of \(name) rounded to \(type) in memory"))
}

@Test(arguments: ["fast", "strict"])
func `every command takes the numerics`(choice: String) throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("lenet5.onnx")
    for words in [
        ["init", "lenet5", "-o", "a.onnx"], ["inspect", name], ["verify", name, name],
        ["run", name, digit("718_1")], ["bench", name, "--runs", "1"],
        ["convert", name, "b.h5", "--to", "hdf5"],
    ] {
        expectSuccess(try ferry.run(words + ["--numerics", choice]))
    }
}
