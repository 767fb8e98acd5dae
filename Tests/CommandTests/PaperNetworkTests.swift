import FormatInterface
import Formats
import Foundation
import IR
import Tensors
import TestSupport
import Testing

/// The thousand digits that LeNet-5 of 1998 was not trained on, and PyTorch's answers.
private struct Digits {
    let pictures: [UInt8]
    let labels: [Int]
    /// [1000, 10].
    let distances: [Float]

    init() throws {
        let folder = Fixtures.url("lenet5_1998")
        let file = try InputFile(path: folder.appending(path: "digits.npz").path)
        let tensors = try FormatRegistry.format(of: file).read(file).tensors
        func bytes(_ name: String) throws -> [UInt8] {
            let tensor = try #require(tensors.first { $0.name == name }).tensor
            return try #require(tensor.integers()).map { UInt8($0) }
        }
        pictures = try bytes("pictures")
        labels = try bytes("labels").map(Int.init)
        distances = try RecordedArray.read(folder.appending(path: "distances.npy")).floats()
    }

    /// [1000, 1, 32, 32]: paper −0.1, ink 1.175.
    var input: Tensor {
        let side = 28
        var values = [Float](repeating: -0.1, count: labels.count * 32 * 32)
        for (index, byte) in pictures.enumerated() {
            let (digit, cell) = index.quotientAndRemainder(dividingBy: side * side)
            let (row, column) = cell.quotientAndRemainder(dividingBy: side)
            values[(digit * 32 + row + 2) * 32 + column + 2] = Float(byte) / 255 * 1.275 - 0.1
        }
        return Tensor(values, shape: [labels.count, 1, 32, 32])
    }
}

private let original = Fixtures.url("lenet5_1998/lenet5_1998.pth").path

/// NumPy's file of a float32 tensor.
private func npy(_ tensor: Tensor) -> [UInt8] {
    let shape = tensor.shape.map { "\($0)," }.joined()
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    header += String(repeating: " ", count: 64 - (11 + header.count) % 64) + "\n"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    let length = [UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)]
    let values = tensor.floats().flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    return start + length + Array(header.utf8) + values
}

@Test func `LeNet-5 of 1998 reads a thousand digits as PyTorch does`() throws {
    let digits = try Digits()
    let folder = try TemporaryFolder()
    try folder.write(npy(digits.input), as: "x.npy")
    let ferry = Ferry(in: folder)
    expectSuccess(
        try ferry("run", original, "--input", "x.npy", "--output", "y.npy"))
    let found = try RecordedArray.read(URL(fileURLWithPath: folder.path("y.npy"))).floats()
    #expect(found.count == digits.distances.count)
    let largest = digits.distances.max() ?? 0
    var correct = 0
    for (digit, label) in digits.labels.enumerated() {
        let mine = found[digit * 10..<digit * 10 + 10]
        let theirs = digits.distances[digit * 10..<digit * 10 + 10]
        func nearest(_ row: ArraySlice<Float>) -> Int? {
            row.indices.min { row[$0] < row[$1] }.map { $0 - digit * 10 }
        }
        #expect(nearest(mine) == nearest(theirs), "digit \(digit)")
        if nearest(mine) == label { correct += 1 }
        // The pass line of every comparison with another framework.
        #expect(zip(mine, theirs).allSatisfy { abs($0 - $1) <= 1e-4 * abs($1) + 1e-5 * largest })
    }
    #expect(correct >= 970)
}

@Test func `the smallest distance is the digit, and the recipe travels with every format`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    let source = original
    for (file, words) in [
        ("a.onnx", []), ("a.safetensors", []), ("a.npz", []), ("a.h5", ["--to", "hdf5"]),
    ] {
        expectSuccess(try ferry.run(["convert", source, file] + words))
        expectSuccess(try ferry("verify", source, file))
        let outcome = try ferry("run", file, digit("718_1"), "--json")
        expectSuccess(outcome, #""preprocess" : "lenet5-1998""#)
        let answers = try #require(try outcome.json() as? [[String: Any]])
        let top = try #require(answers.first?["top"] as? [[String: Any]])
        #expect(top.first?["index"] as? Int == 1, "\(file)")
    }
    let refused = try ferry("convert", source, "a.keras")
    #expect(refused.status == 3 || refused.status == 4)
    #expect(refused.errors.contains("no Keras layer has: 's2', 's4', 'rbf'"), "\(refused.errors)")
    #expect(try !folder.names().contains("a.keras"))
}

@Test func `a file of PyTorch's exporter is LeNet-5 of 1998`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let name = Fixtures.url("lenet5_1998/narrow.onnx").path
    expectSuccess(try ferry("inspect", name), "narrow.onnx: onnx, lenet5_1998\n")
    let golden = Fixtures.url("lenet5_1998/narrow").path
    expectSuccess(try ferry("verify", name, "--fixture", golden))
}

@Test func `init does not grow from what does not fit`() throws {
    let folder = try TemporaryFolder()
    let ferry = Ferry(in: folder)
    expectRefusal(
        try ferry("init", "vgg16", "-o", "a.onnx", "--from", model("alexnet_narrow.state.h5")), 3,
        "alexnet_narrow.state.h5: hdf5: network to grow from: expected the same blocks (vgg16), "
            + "found alexnet")
    expectRefusal(
        try ferry("init", "vgg16", "-o", "a.onnx", "--from", "missing.pth"), 3, "no such file")
    expectRefusal(try ferry("init", "vgg16", "-o", "a.onnx", "--from", ""), 2, "--from: expected")
    #expect(try folder.names().isEmpty)
}

@Test func `init grows a narrow network from the command line`() throws {
    let ferry = Ferry(in: try TemporaryFolder())
    let outcome = try ferry(
        "init", "vgg13", "-o", "a.safetensors", "--from", model("vgg11_narrow.state.h5"), "--json")
    expectSuccess(outcome, "features.5 (its features.3)", "classifier.6")
    expectSuccess(try ferry("inspect", "a.safetensors"), "a.safetensors: safetensors, vgg13\n")
}
