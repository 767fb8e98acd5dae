import IR
import Testing

private let wireDefects = [
    Defect("empty file", [], "empty"),
    Defect("one byte", [8], "byte 1", "end of its message"),
    Defect("zeros", [UInt8](repeating: 0, count: 64), "byte 0", "field number"),
    Defect(
        "varint of 11 bytes", tag(1, 0) + [UInt8](repeating: 0x80, count: 10) + [1],
        "byte 1", "64 bits"),
    Defect(
        "varint above 64 bits", tag(1, 0) + [UInt8](repeating: 0xFF, count: 9) + [2], "64 bits"),
    Defect("unterminated varint", tag(1, 0) + [0x80, 0x80], "byte 1", "end of its message"),
    Defect("field number 0", [0x00, 0x01], "field number", "found 0"),
    Defect("field number 2^29", varint(1 << 32) + [1], "field number"),
    Defect("wire type 3", model() + tag(1, 3), "wire type", "found 3"),
    Defect("wire type 4", model() + tag(1, 4), "wire type", "found 4"),
    Defect("wire type 6", model() + tag(1, 6), "wire type", "found 6"),
    Defect("wire type 7", model() + tag(1, 7), "wire type", "found 7"),
    Defect("group in an unknown field", model() + tag(99, 3) + tag(99, 4), "wire type"),
    Defect("length past the end", model() + tag(2, 2) + [5, 65], "at most the 1 bytes left"),
    Defect("length 2^63", model() + tag(2, 2) + varint(1 << 63), "bytes left"),
    Defect("length 2^64 - 1", model() + tag(2, 2) + varint(.max), "bytes left"),
    Defect(
        "length past its parent", model(tag(1, 2) + [200] + graph()), "bytes left"),
    Defect("graph as a number", integer(1, 8) + integer(7, 1), "field 7", "wire type 2"),
    Defect("version as text", text(1, "8") + bytes(7, graph()), "field 1", "wire type 0"),
    Defect("two graphs", model() + bytes(7, graph()), "field 7 once"),
    Defect(
        "packed dims cut inside a number",
        model(with: bytes(1, [0x80]) + integer(2, 1) + text(8, "t")), "end of its message"),
    Defect(
        "packed floats of 3 bytes",
        model(graph(nodes: [node("Relu", ["x"], ["y"], [text(1, "a") + bytes(7, [1, 2, 3])])])),
        "packed floats"),
    Defect(
        "float_data cut inside a number",
        model(with: tensor("t", 1, [2], bytes(4, [0, 0, 0]) + bytes(4, [0]))), "packed numbers"),
    Defect("name with NUL", model(graph(nodes: [node("Relu", ["x\0"], ["y"])])), "NUL"),
    Defect(
        "name of invalid UTF-8", model(with: integer(2, 1) + bytes(8, [0xC3, 0x28])), "UTF-8"),
    Defect("one byte appended", model() + [8], "end of its message"),
]

/// A node whose attribute holds a graph with such a node, `depth` times.
private func nested(_ depth: Int) -> [UInt8] {
    var inner: [UInt8] = []
    for _ in 0..<depth { inner = bytes(1, bytes(5, bytes(6, inner))) }
    return model(inner)
}

private let bombs = [
    Defect("10,000 nested graphs", nested(10_000), "at most 100 messages inside each other"),
    Defect(
        "10,000,000 empty nodes",
        model([UInt8](repeatingPattern: bytes(1, []), count: 10_000_000)), "parts of a model"),
    Defect(
        "1,000,000 attributes",
        model(bytes(1, [UInt8](repeatingPattern: bytes(5, []), count: 1_000_000))),
        "parts of a model"),
    Defect(
        "10,000,000 unpacked dims",
        model(with: [UInt8](repeatingPattern: integer(1, 1), count: 10_000_000)), "64 MiB"),
    Defect(
        "100,000,000 packed ints in 100 bytes",
        model(
            graph(nodes: [
                node("Relu", ["x"], ["y"], [text(1, "a") + tag(8, 2) + varint(100_000_000)])
            ])), "bytes left"),
    Defect(
        "interleaved data fields",
        model(with: [UInt8](repeatingPattern: integer(5, 0) + integer(7, 0), count: 1_000_000)),
        "parts of a model"),
    Defect(
        "metadata of 100 MB",
        model()
            + bytes(14, text(1, "k") + bytes(2, [UInt8](repeating: 65, count: 100_000_000))),
        "64 MiB"),
]

@Test(arguments: wireDefects)
func `a malformed message is refused at its byte`(_ defect: Defect) throws {
    let found = try #require(try refusal(of: defect.bytes), "it loads")
    #expect(found.hasPrefix("onnx: "))
    for words in defect.words { #expect(found.contains(words), "\(found)") }
}

@Test(arguments: bombs)
func `a message that would grow in memory is refused`(_ defect: Defect) throws {
    let found = try #require(try refusal(of: defect.bytes), "it loads")
    for words in defect.words { #expect(found.contains(words), "\(found)") }
}

@Test func `nesting and the many parts of a large network are accepted`() throws {
    let chain = (0..<3000).map { node("Relu", ["v\($0)"], ["v\($0 + 1)"]) }
    let checkpoint = try read(
        model(
            graph(
                nodes: chain, initializers: [], inputs: [value("v0", [2])],
                outputs: [value("v3000", [2])])))
    #expect(checkpoint.graph?.nodes.count == 3000)
}

@Test func `unknown fields of every wire type are skipped`() throws {
    let unknown =
        integer(300, 5) + bytes(301, [1, 2, 3]) + tag(302, 1) + little(UInt64(7)) + tag(303, 5)
        + little(UInt32(9))
    let extended = graph(
        nodes: [convNode + unknown, reluNode + unknown],
        initializers: [floats("w", [3, 2, 3, 3]) + unknown, floats("b", [3]) + unknown],
        inputs: [value("x", [1, 2, 4, 5]) + unknown])
    let checkpoint = try read(unknown + model(extended + unknown) + unknown)
    #expect(checkpoint.tensors.map(\.name) == ["w", "b"])
    #expect(checkpoint.graph?.nodes.map(\.op.type) == ["Conv", "Relu"])
}

@Test func `fields may stand in any order`() throws {
    let fields = [
        bytes(12, value("y", [1, 3, 4, 5])), bytes(5, floats("w", [3, 2, 3, 3])),
        bytes(1, reluNode), bytes(11, value("x", [1, 2, 4, 5])), bytes(5, floats("b", [3])),
        bytes(1, convNode), text(2, "g"),
    ]
    let checkpoint = try read(opset(17) + bytes(7, fields.flatMap { $0 }) + integer(1, 8))
    #expect(checkpoint.graph?.nodes.map(\.op.type) == ["Conv", "Relu"])
}
