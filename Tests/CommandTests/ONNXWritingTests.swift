import FerryCommands
import Foundation
import TestSupport
import Testing

@Test(arguments: ["9", "11", "13", "17", "18", "28"])
func `a network comes back equal from every version of the operators`(_ opset: String) throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let source = model("vgg16_bn_narrow.onnx")
    expectSuccess(try ferry("convert", source, "m.onnx", "--opset", opset), "bit-equal")
    expectSuccess(try ferry("verify", source, "m.onnx"), "equal")
}

@Test(arguments: RecordedOperators.names.enumerated().map { ($0, $1) })
func `a network of one operator is written, or refused by what the destination lacks`(
    _ index: Int, _ name: String
) throws {
    let destinations = [
        ["x.onnx", "--opset", "9"], ["x.onnx", "--opset", "13"], ["x.onnx", "--opset", "28"],
        ["x.keras"], ["x.h5", "--to", "keras-h5"],
    ]
    let folder = try TemporaryFolder()
    let source = try RecordedOperators.unpack(name, into: folder)
    let words = destinations[index % destinations.count]
    let outcome = try ShellOutcome(
        of: ["convert", source.appending(path: "model.onnx").path, folder.path(words[0])]
            + words.dropFirst())
    #expect(outcome.status == .done || outcome.status == .couldNotWrite, "\(outcome.errors)")
    if outcome.status != .done {
        #expect(outcome.errors.contains(": expected "), "\(outcome.errors)")
        #expect(!outcome.errors.contains("read back"), "\(outcome.errors)")
    }
}

@Test func `weights beside a model are noted, and the same every time`() throws {
    let folders = try [TemporaryFolder(), TemporaryFolder()]
    for folder in folders {
        let outcome = try Ferry(in: folder)(
            "convert", model("alexnet_narrow.onnx"), "m.onnx", "--external-data")
        expectSuccess(outcome)
        #expect(outcome.errors.contains("in a file beside it"))
        expectSuccess(
            try Ferry(in: folder)("verify", model("alexnet_narrow.onnx"), "m.onnx"), "equal")
    }
    let names = try folders[0].names()
    #expect(names.count == 2)
    for name in names {
        #expect(try folders[0].bytes(name) == folders[1].bytes(name), "\(name)")
    }
}

@Test(arguments: [
    ["m.onnx", "--opset", "8"], ["m.onnx", "--opset", "29"], ["m.onnx", "--opset", "x"],
    ["m.h5", "--to", "hdf5", "--opset", "17"], ["m.h5", "--to", "hdf5", "--external-data"],
])
func `ways to write ONNX are refused where they mean nothing`(_ words: [String]) throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder).run(["convert", model("lenet5.onnx")] + words)
    #expect(outcome.status == 2)
    #expect(try folder.names().isEmpty)
}

@Test func `a model whose data is gone is a bad input file`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectSuccess(try ferry("convert", model("lenet5.onnx"), "m.onnx", "--external-data"))
    let data = try #require(try folder.names().first { $0.hasSuffix(".data") })
    try FileManager.default.removeItem(atPath: folder.path(data))
    let outcome = try ferry("inspect", "m.onnx")
    #expect(outcome.status == 3)
    #expect(outcome.errorLines.count == 1)
    #expect(outcome.errors.contains("'\(data)'"))
}
