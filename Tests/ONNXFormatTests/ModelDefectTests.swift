import FormatInterface
import IR
import ONNXFormat
import Tensors
import TestSupport
import Testing

private func typed(_ name: String, _ type: [UInt8]) -> [UInt8] { text(1, name) + bytes(2, type) }

private func relu(_ attributes: [[UInt8]]) -> [UInt8] {
    model(graph(nodes: [node("Relu", ["x"], ["y"], attributes, name: "n")]))
}

private let modelDefects = [
    Defect("no graph", integer(1, 8) + opset(17), "a graph", "none"),
    Defect("no opset", model(opsets: []), "opset_import", "none"),
    Defect("opset 0", model(opsets: opset(0)), "opset 1 to 28", "found 0"),
    Defect("opset -1", model(opsets: opset(-1)), "found -1"),
    Defect("opset 10^6", model(opsets: opset(1_000_000)), "found 1000000"),
    Defect("only another domain", model(opsets: opset(1, domain: "ai.onnx.ml")), "opset_import"),
    Defect("two versions", model(opsets: opset(17) + opset(13, domain: "ai.onnx")), "17, 13"),
    Defect("IR version 0", model(ir: integer(1, 0)), "IR version 1 to 14", "found 0"),
    Defect("no IR version", model(ir: []), "IR version"),
    Defect("IR version 15", model(ir: integer(1, 15)), "found 15"),
    Defect("IR version 10^6", model(ir: integer(1, 1_000_000)), "found 1000000"),
    Defect("IR version -1", model(ir: integer(1, -1)), "found -1"),
    Defect(
        "unknown domain",
        model(graph(nodes: [node("Relu", ["x"], ["y"], name: "n") + text(7, "com.example")])),
        "node 'n' (Relu)", "com.example"),
    Defect(
        "sparse initializer", model(graph() + bytes(15, bytes(1, floats("s", [2])))),
        "tensor 's'", "sparse"),
    Defect("unknown operator", model(graph(nodes: [node("Frob", ["x"], ["y"])])), "Frob", "'y'"),
    Defect(
        "no operator", model(graph(nodes: [text(1, "x") + text(2, "y")])), "node 'y'",
        "an operator, found none"),
    Defect("empty node", model(graph(nodes: [[]])), "node 'node'", "an operator, found none"),
    Defect(
        "duplicate output",
        model(graph(nodes: [node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])])), "'y'"),
    Defect("output shadows an input", model(graph(nodes: [node("Relu", ["x"], ["x"])])), "'x'"),
    Defect("output shadows a weight", model(graph(nodes: [node("Relu", ["x"], ["w"])])), "'w'"),
    Defect("undefined value", model(graph(nodes: [node("Relu", ["z"], ["y"])])), "'z'"),
    Defect(
        "cycle", model(graph(nodes: [node("Relu", ["p"], ["y"]), node("Relu", ["y"], ["p"])])),
        "cycle"),
    Defect("output never produced", model(graph(nodes: [node("Relu", ["x"], ["q"])])), "'y'"),
    Defect("input without name", model(graph(inputs: [value("", [1])])), "inputs with names"),
    Defect(
        "two inputs of one name", model(graph(inputs: [value("x", [1]), value("x", [1])])), "'x'"),
    Defect("input without type", model(graph(inputs: [text(1, "x")])), "'x'", "type"),
    Defect(
        "sequence input", model(graph(inputs: [typed("x", bytes(4, []))])), "'x'", "a sequence"),
    Defect(
        "string input", model(graph(inputs: [typed("x", bytes(1, integer(1, 8)))])), "STRING"),
    Defect("dimension -7", model(graph(inputs: [value("x", [1, -7])])), "'x'", "-7"),
    Defect(
        "input of rank 33",
        model(graph(inputs: [value("x", [Int64](repeating: 1, count: 33))])), "32 dimensions"),
    Defect(
        "activations of 10^18 elements",
        model(graph(inputs: [value("x", [1, 2, 4_000_000_000, 4_000_000_000])])), "'x'"),
    Defect("missing input", model(graph(nodes: [node("Conv", ["x"], ["y"])])), "node 'y' (Conv)"),
    Defect(
        "extra inputs", model(graph(nodes: [node("Relu", ["x", "x"], ["y"])])), "node 'y' (Relu)"),
    Defect("unknown attribute", relu([attribute("alpha", ints: [1])]), "'alpha'"),
    Defect("attribute without name", relu([integer(3, 1) + integer(20, 2)]), "names"),
    Defect(
        "attribute twice",
        relu([attribute("consumed_inputs", ints: [1]), attribute("consumed_inputs", ints: [1])]),
        "twice"),
    Defect(
        "attribute of another type than declared",
        relu([text(1, "a") + integer(3, 1) + integer(20, 1)]), "type FLOAT", "type INT"),
    Defect("attribute type 99", relu([text(1, "a") + integer(20, 99)]), "type 99"),
    Defect("attribute without type", relu([text(1, "a")]), "one type", "0 values"),
    Defect("attribute reference", relu([text(1, "a") + text(21, "outer")]), "reference"),
    Defect("tensor attribute without tensor", relu([text(1, "a") + integer(20, 4)]), "a tensor"),
    Defect(
        "wrong attribute type",
        model(graph(nodes: [node("Conv", ["x", "w"], ["y"], [text(1, "pads") + integer(3, 1)])])),
        "'pads'", "ints", "int"),
    Defect(
        "pads of wrong length",
        model(graph(nodes: [node("Conv", ["x", "w"], ["y"], [attribute("pads", ints: [1])])])),
        "pads"),
    Defect(
        "kernel_shape against the weight",
        model(
            graph(nodes: [
                node("Conv", ["x", "w"], ["y"], [attribute("kernel_shape", ints: [5, 5])])
            ])),
        "kernel_shape", "[3, 3]"),
    Defect("ONNX as text", Array("ir_version: 8\nproducer_name: \"x\"\n".utf8), "ONNX as text"),
    Defect("ONNX as JSON", Array("{\"irVersion\": \"8\", \"graph\": {}}".utf8), "ONNX as JSON"),
    Defect("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "gzip", "unpack"),
]

@Test(arguments: modelDefects)
func `a model that means nothing is refused in one line`(_ defect: Defect) throws {
    let found = try #require(try refusal(of: defect.bytes), "it loads")
    #expect(found.hasPrefix("onnx: "))
    #expect(!found.contains("\n"))
    for words in defect.words { #expect(found.contains(words), "\(found)") }
}

@Test func `a file above 2 GiB is refused for its size`() throws {
    let file = try sparseFile(of: 3 << 30)
    #expect {
        _ = try ONNXFormat.read(file)
    } throws: {
        "\($0)".contains("less than 2 GiB")
    }
}

@Test(arguments: [1, 2])
func `early models without opset or attribute types load`(_ version: Int64) throws {
    let pads = text(1, "pads") + [1, 1, 1, 1].flatMap { integer(8, $0) }
    let checkpoint = try read(
        model(
            graph(
                nodes: [node("Conv", ["x", "w", "b"], ["c"], [pads]), reluNode],
                inputs: [value("x", [1, 2, 4, 5]), value("w", [3, 2, 3, 3]), value("b", [3])]),
            ir: integer(1, version), opsets: []))
    #expect(checkpoint.graph?.inputs.map(\.name) == ["x"])
    #expect(checkpoint.tensors.count == 2)
}

@Test func `odd but legal models load`() throws {
    let odd: [(String, [UInt8])] = [
        ("empty producer", integer(1, 8) + text(2, "") + bytes(7, graph()) + opset(17)),
        ("domain spelled out", model(opsets: opset(17, domain: "ai.onnx"))),
        ("another domain besides", model(opsets: opset(17) + opset(3, domain: "ai.onnx.ml"))),
        ("unused input", model(graph(inputs: [value("x", [1, 2, 4, 5]), value("u", [7])]))),
        ("unsorted nodes", model(graph(nodes: [reluNode, convNode]))),
        ("dead node", model(graph(nodes: [convNode, reluNode, node("Relu", ["x"], ["d"])]))),
        ("training info", model() + bytes(20, bytes(1, graph()))),
        ("unused function", model() + bytes(25, text(1, "F") + text(10, "local"))),
        ("quantization annotation", model(graph() + bytes(14, text(1, "w")))),
        (
            "empty trailing input",
            model(
                graph(
                    nodes: [node("Conv", ["x", "w", ""], ["y"])],
                    outputs: [value("y", [1, 3, 2, 3])]))
        ),
        ("unknown dimension as -1", model(graph(inputs: [value("x", [-1, 2, 4, 5])]))),
    ]
    for (name, bytes) in odd {
        let found = try refusal(of: bytes)
        #expect(found == nil, "\(name)")
    }
}

@Test func `names, metadata, producer and dimensions arrive as written`() throws {
    let shape = bytes(1, text(2, "N")) + bytes(1, integer(1, 2)) + bytes(1, []) + bytes(1, [])
    let input = typed("x", bytes(1, integer(1, 1) + bytes(2, shape)))
    let checkpoint = try read(
        model(
            graph(
                nodes: [
                    node("Relu", ["x"], ["a"], name: "same"),
                    node("Relu", ["a"], ["c"], name: "same"), reluNode,
                ], inputs: [input]))
            + text(3, "2.1") + bytes(14, text(1, "k") + text(2, "v")))
    let graph = try #require(checkpoint.graph)
    #expect(checkpoint.producer == "hand 2.1")
    #expect(checkpoint.metadata == ["k": "v"])
    #expect(checkpoint.convention == .onnx)
    #expect(graph.name == "g")
    #expect(graph.inputs[0].shape == [.symbolic("N"), .fixed(2), .unknown, .unknown])
    #expect(graph.nodes.map(\.name) == ["same", "same_2", "y"])
}
