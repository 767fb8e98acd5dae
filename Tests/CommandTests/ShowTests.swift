import FormatInterface
import Formats
import Foundation
import IR
import Images
import Tensors
import TestSupport
import Testing

private func read(_ name: String, in folder: TemporaryFolder) throws -> Picture {
    try Picture.decode(ByteStorage(try folder.bytes(name)), path: name).picture
}

extension Picture {
    fileprivate func pixel(_ x: Int, _ y: Int) -> [UInt8] {
        Array(samples[(y * width + x) * 3..<(y * width + x) * 3 + 3])
    }
}

/// 0 for the least of `values`, 255 for the largest.
private func levels(_ values: [Double], low: Double, high: Double) -> [UInt8] {
    values.map { UInt8((($0 - low) / (high - low) * 255).rounded()) }
}

private func tensor(_ name: String, of path: String) throws -> Tensor {
    let file = try InputFile(path: path)
    let checkpoint = try FormatRegistry.format(of: file).read(file)
    return try #require(checkpoint.tensors.first { $0.name == name }).tensor
}

@Test(arguments: ["each", "all"])
func `grey filters are tiles of their numbers`(scale: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "show", model("lenet5.onnx"), "-o", "f.png", "--scale", scale, "--zoom", "4")
    expectSuccess(
        outcome, "lenet5.onnx → f.png: filters, 68×46 pixels\n", "conv1  [6, 1, 5, 5]", "3×2")
    let picture = try read("f.png", in: folder)
    let kernel = try tensor("conv1.weight", of: model("lenet5.onnx")).doubles()
    for filter in 0..<6 {
        let values = Array(kernel[filter * 25..<filter * 25 + 25])
        let range = scale == "each" ? values : kernel
        let expected = levels(
            values, low: try #require(range.min()), high: try #require(range.max()))
        for element in 0..<25 {
            let x = 2 + filter % 3 * 22 + element % 5 * 4
            let y = 2 + filter / 3 * 22 + element / 5 * 4
            for corner in [(0, 0), (3, 3)] {
                let pixel = picture.pixel(x + corner.0, y + corner.1)
                #expect(pixel == [UInt8](repeating: expected[element], count: 3))
            }
        }
    }
    #expect(picture.pixel(1, 1) == [170, 190, 220])
}

@Test func `colours are turned where blue comes first`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let name = model("alexnet_narrow.onnx")
    expectSuccess(
        try ferry("show", name, "-o", "rgb.png", "--zoom", "1"), "[4, 3, 11, 11]", "red first")
    expectSuccess(
        try ferry("show", name, "-o", "bgr.png", "--zoom", "1", "--preprocess", "caffe"),
        "blue first, turned")
    // The Keras twin has the same weights, and its recipe says that blue comes first.
    expectSuccess(
        try ferry("show", model("alexnet_narrow.keras.h5"), "-o", "keras.png", "--zoom", "1"),
        "blue first, turned")
    let (rgb, bgr) = (try read("rgb.png", in: folder), try read("bgr.png", in: folder))
    #expect(try read("keras.png", in: folder) == bgr)
    #expect(rgb != bgr)
    var turned = rgb.samples
    for start in stride(from: 0, to: turned.count, by: 3)
    where Array(turned[start..<start + 3]) != [170, 190, 220] {
        turned.swapAt(start, start + 2)
    }
    #expect(turned == bgr.samples)
    let kernel = try tensor("features.0.weight", of: model("alexnet_narrow.pth")).doubles()
    let first = Array(kernel.prefix(363))
    let expected = levels(
        first, low: try #require(first.min()), high: try #require(first.max()))
    #expect(rgb.pixel(1, 1) == [expected[0], expected[121], expected[242]])
    #expect(rgb.pixel(11, 11) == [expected[120], expected[241], expected[362]])
}

@Test func `deeper filters are rows of outputs and columns of inputs`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "show", model("lenet5.onnx"), "-o", "f.png", "--filters", "conv2", "--zoom", "1", "--json")
    expectSuccess(outcome)
    let report = try #require(outcome.json() as? [String: Any])
    #expect(report["tiles"] as? Int == 96 && report["shown"] as? Int == 96)
    #expect(report["columns"] as? Int == 6 && report["rows"] as? Int == 16)
    let picture = try read("f.png", in: folder)
    #expect((picture.width, picture.height) == (1 + 6 * 6, 1 + 16 * 6))
    let kernel = try tensor("conv2.weight", of: model("lenet5.onnx")).doubles()
    let filter = Array(kernel[150 * 3..<150 * 4])
    let expected = levels(
        filter, low: try #require(filter.min()), high: try #require(filter.max()))
    // Input 2 of output 3, its last element.
    #expect(picture.pixel(1 + 2 * 6 + 4, 1 + 3 * 6 + 4)[0] == expected[25 * 3 - 1])
}

@Test func `maps are what the layer answers, in the order of its channels`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let words = ["--layer", "relu1"]
    expectSuccess(
        try ferry.run(["record", model("lenet5.onnx"), digit("2558_5"), "-o", "r"] + words))
    let path = folder.path("r/test_data_set_0/activations.safetensors")
    let recorded = try InputFile(path: path)
    let maps = try #require(FormatRegistry.format(of: recorded).read(recorded).tensors.first).tensor
    let outcome = try ferry.run(
        ["show", model("lenet5.onnx"), "-o", "m.png", "--zoom", "1", "--activations"]
            + [digit("2558_5"), "--scale", "all"] + words)
    expectSuccess(outcome, "relu1  [1, 6, 28, 28]", "strongest channels ")
    #expect(outcome.errors == "ferry: preprocess: torchvision\n")
    let picture = try read("m.png", in: folder)
    #expect((picture.width, picture.height) == (1 + 3 * 29, 1 + 2 * 29))
    let values = maps.doubles()
    let expected = levels(
        values, low: try #require(values.min()), high: try #require(values.max()))
    for (index, level) in expected.enumerated() {
        let (channel, y, x) = (index / 784, index % 784 / 28, index % 28)
        let pixel = picture.pixel(1 + channel % 3 * 29 + x, 1 + channel / 3 * 29 + y)
        #expect(pixel == [level, level, level])
    }
}

@Test func `numbers of a dense layer are one matrix`() throws {
    let folder = try TemporaryFolder()
    let outcome = try Ferry(in: folder)(
        "show", model("lenet5.keras.h5"), "--arch", "lenet5", "-o", "m.png", "--activations",
        digit("2558_5"), "--layer", "fc1", "--zoom", "2")
    expectSuccess(outcome, "fc1    [1, 120]", "12×10")
    let picture = try read("m.png", in: folder)
    #expect((picture.width, picture.height) == (24, 20))
}

@Test func `the same picture comes from any number of threads`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let chelsea = Fixtures.url("images/chelsea_444.jpg").path
    for threads in ["1", "3"] {
        expectSuccess(
            try ferry(
                "show", model("vgg16_bn_narrow.onnx"), "-o", "\(threads).png", "--activations",
                chelsea, "--threads", threads))
    }
    #expect(try folder.bytes("1.png") == folder.bytes("3.png"))
}

@Test func `numbers that are none are magenta, equal ones grey`() throws {
    let folder = try TemporaryFolder()
    try altered(model("lenet5.onnx"), as: "odd.onnx", in: folder) { tensors in
        for index in tensors.indices where tensors[index].name == "conv1.weight" {
            var values = [Float](repeating: 0.25, count: 150)
            values[3] = .nan
            values[149] = .infinity
            tensors[index].tensor = Tensor(values, shape: [6, 1, 5, 5])
        }
    }
    let outcome = try Ferry(in: folder)("show", "odd.onnx", "-o", "f.png", "--zoom", "1")
    expectSuccess(outcome, "0.25", "note    2 numbers are not finite: magenta")
    let picture = try read("f.png", in: folder)
    #expect(picture.pixel(1, 1) == [128, 128, 128])
    #expect(picture.pixel(4, 1) == [255, 0, 255])
}

@Test(arguments: [
    ("onnx", ["--filters", "conv3"], "did you mean 'conv1'?; they are conv1, conv2"),
    ("onnx", ["--filters", "fc1"], "--filters: expected a convolution of "),
    (
        "onnx", ["--activations", "P", "--layer", "relu9"],
        "did you mean 'relu1'?; they are conv1, "
    ),
    ("onnx", ["--activations", "P", "--filters", "conv1"], "exclude each other"),
    ("onnx", ["--layer", "conv1"], "--layer: expected --activations too"),
    ("onnx", ["--zoom", "0"], "--zoom: expected 1 to 64, found 0"),
    ("onnx", ["--scale", "some"], "--scale: expected one of each, all"),
])
func `what cannot be shown is refused in one line`(
    ending: String, words: [String], problem: String
) throws {
    let folder = try TemporaryFolder()
    let words = words.map { $0 == "P" ? digit("2558_5") : $0 }
    let outcome = try Ferry(in: folder).run(
        ["show", model("lenet5.\(ending)"), "-o", "f.png"] + words)
    #expect(outcome.status == 2)
    #expect(outcome.errorLines.last?.contains(problem) == true, "\(outcome.errors)")
    #expect(try folder.names().isEmpty)
}

@Test func `existing files, broken pictures and networks without filters are refused`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    try folder.write(Array("old".utf8), as: "f.png")
    let name = model("lenet5.onnx")
    expectRefusal(try ferry("show", name, "-o", "f.png"), 2, "f.png: exists already")
    #expect(try folder.bytes("f.png") == Array("old".utf8))
    expectSuccess(try ferry("show", name, "-o", "f.png", "--force"))
    try folder.write(oneNodeONNX("Relu", sizes: [1, 3, 8, 8]), as: "relu.onnx")
    expectRefusal(
        try ferry("show", "relu.onnx", "-o", "g.png"), 3,
        "expected a convolution over pictures with its weights, found none")
    try folder.write(Array("no picture".utf8), as: "p.png")
    let outcome = try ferry("show", name, "-o", "g.png", "--activations", "p.png")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("p.png: picture: byte 0: expected a JPEG or PNG file"))
    expectRefusal(
        try ferry("show", "relu.onnx", "-o", "relu.onnx", "--force"), 2,
        "expected another file than the source")
    #expect(try folder.names() == ["f.png", "p.png", "relu.onnx"])
}
