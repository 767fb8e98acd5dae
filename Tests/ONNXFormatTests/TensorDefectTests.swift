import IR
import Testing

private let eightBytes = bytes(9, [0, 0, 0, 0, 0, 0, 0, 0])

private func typed(_ type: Int64) -> [UInt8] {
    model(with: tensor("t", type, [2], eightBytes))
}

private let defects = [
    Defect("raw_data shorter", model(with: tensor("t", 1, [3], eightBytes)), "12 bytes", "found 8"),
    Defect("raw_data longer", model(with: tensor("t", 1, [1], eightBytes)), "4 bytes", "found 8"),
    Defect("no data", model(with: tensor("t", 1, [2], [])), "2 elements", "found 0"),
    Defect("empty raw_data", model(with: tensor("t", 1, [2], bytes(9, []))), "found 0"),
    Defect(
        "data for no elements", model(with: tensor("t", 1, [0], eightBytes)), "0 bytes", "found 8"),
    Defect(
        "raw_data and float_data",
        model(with: tensor("t", 1, [2], eightBytes + bytes(4, [UInt8](repeating: 0, count: 8)))),
        "one field", "raw_data and float_data"),
    Defect(
        "float_data of 1 for 2", model(with: tensor("t", 1, [2], bytes(4, [0, 0, 0, 0]))),
        "8 bytes", "found 4"),
    Defect(
        "float elements in int32_data",
        model(with: tensor("t", 1, [2], integer(5, 1) + integer(5, 1))), "float_data",
        "int32_data"),
    Defect(
        "int8 of 200", model(with: tensor("t", 3, [1], integer(5, 200))), "int8", "found 200"),
    Defect("uint8 of -1", model(with: tensor("t", 2, [1], integer(5, -1))), "uint8", "found -1"),
    Defect("bool of 2", model(with: tensor("t", 9, [1], integer(5, 2))), "bool", "found 2"),
    Defect(
        "float16 of 70000", model(with: tensor("t", 10, [1], integer(5, 70000))), "float16",
        "70000"),
    Defect("data_type 0", typed(0), "UNDEFINED"),
    Defect("data_type 99", typed(99), "element type 99"),
    Defect("data_type -1", typed(-1), "element type -1"),
    Defect("data_type STRING", typed(8), "STRING"),
    Defect("data_type COMPLEX64", typed(14), "COMPLEX64"),
    Defect("data_type FLOAT6E2M3", typed(27), "FLOAT6E2M3"),
    Defect("data_type COMPLEX128", typed(15), "COMPLEX128"),
    Defect("data_type FLOAT6E3M2", typed(28), "FLOAT6E3M2"),
    Defect(
        "rank 33",
        model(with: tensor("t", 1, [Int64](repeating: 1, count: 33), bytes(9, [0, 0, 0, 0]))),
        "at most 32 dimensions", "33"),
    Defect("dimension -1", model(with: tensor("t", 1, [-1], eightBytes)), "at least 0", "[-1]"),
    Defect("dimension 2^63 - 1", model(with: tensor("t", 1, [.max], eightBytes)), "64 bits"),
    Defect(
        "product overflowing", model(with: tensor("t", 1, [1 << 32, 1 << 32], eightBytes)),
        "64 bits"),
    Defect(
        "segment", model(with: tensor("t", 1, [2], eightBytes + bytes(3, integer(1, 0)))),
        "segment"),
    Defect("no name", model(with: tensor("", 1, [2], eightBytes)), "#2", "name"),
    Defect("duplicate name", model(with: tensor("w", 1, [2], eightBytes)), "'w'", "several"),
]

@Test(arguments: defects)
func `a tensor that is not what it says is refused by name`(_ defect: Defect) throws {
    let found = try #require(try refusal(of: defect.bytes), "it loads")
    #expect(found.hasPrefix("onnx: tensor '"), "\(found)")
    #expect(found.contains("expected"))
    for words in defect.words { #expect(found.contains(words), "\(found)") }
}

@Test func `a segment or defect in an attribute's tensor names the node`() throws {
    let inner = tensor("", 8, [2], eightBytes)
    let holder = text(1, "value") + bytes(5, inner) + integer(20, 4)
    let found = try refusal(
        of: model(graph(nodes: [node("Relu", ["x"], ["y"], [holder], name: "n")])))
    #expect(try #require(found).hasPrefix("onnx: node 'n' (Relu): expected"))
}

@Test(arguments: [
    "../x", "/abs", "a.B", "A.b", "😀", "tab\there", String(repeating: "n", count: 1 << 20),
])
func `any text without NUL names a tensor`(_ name: String) throws {
    let checkpoint = try read(model(with: tensor(name, 1, [2], eightBytes)))
    #expect(checkpoint.tensors.last?.name == name)
}

@Test func `an error about a name with control characters stays on one line`() throws {
    let found = try refusal(of: model(with: tensor("a\nb\u{1B}[2J", 1, [9], eightBytes)))
    let message = try #require(found)
    #expect(!message.unicodeScalars.contains { $0.value < 32 })
}

@Test func `a very long name does not hide the problem`() throws {
    let name = String(repeating: "n", count: 5000)
    let found = try refusal(of: model(with: tensor(name, 1, [9], eightBytes)))
    #expect(try #require(found).hasSuffix("found 8"))
}
