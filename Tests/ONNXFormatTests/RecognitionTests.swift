import FormatInterface
import ONNXFormat
import TestSupport
import Testing

private func recognizes(_ bytes: [UInt8]) throws -> Bool {
    ONNXFormat.recognizes(try TemporaryFolder().file(bytes))
}

@Test func `models are recognised by content`() throws {
    #expect(try recognizes(model()))
    #expect(try recognizes(written(sample())))
    #expect(try recognizes(opset(17) + bytes(7, graph()) + integer(1, 8)))
    #expect(try recognizes(model(ir: integer(1, 3) + text(6, "doc") + integer(5, 1))))
    #expect(try recognizes(Array("ir_version: 8\ngraph {\n".utf8)))
}

@Test func `a model cut inside its graph is still recognised, so that the cut is reported`() throws
{
    let whole = model()
    #expect(try recognizes(Array(whole[..<(whole.count / 2)])))
}

@Test(
    arguments: [
        [], [8], [UInt8](repeating: 0, count: 100),
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13],
        [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0],
        [0x50, 0x4B, 3, 4, 20, 0, 0, 0, 8, 0],
        [8, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{}}".utf8),
        [0x3A, 0, 0, 0, 0, 0, 0, 0] + Array("{\"__metadata__\":{\"graph\":\"x\"}}".utf8),
        [0x80, 2, 0x7D, 0x71, 0], [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], [0xFF, 0xD8, 0xFF, 0xE0, 0, 16],
        [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0], Array("{\"class_name\": \"Model\"}".utf8),
        // A caffemodel starts with its name, a TensorFlow graph with a node.
        text(1, "LeNet") + bytes(100, [10, 1, 65]), bytes(1, text(1, "x") + text(2, "Const")),
    ] as [[UInt8]])
func `other files are not taken for ONNX`(_ bytes: [UInt8]) throws {
    #expect(try !recognizes(bytes))
}

@Test func `random bytes are not taken for ONNX`() throws {
    var generator = SeededGenerator(seed: 5)
    let folder = try TemporaryFolder()
    for _ in 0..<500 {
        let noise = (0..<256).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(!ONNXFormat.recognizes(try folder.file(noise)))
    }
}
