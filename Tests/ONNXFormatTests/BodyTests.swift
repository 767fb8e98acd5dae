import IR
import Tensors
import TestSupport
import Testing

// Branches and functions, which are put in the place of the nodes that ask for them.

private func branch(_ name: String, _ graph: [UInt8]) -> [UInt8] {
    text(1, name) + bytes(6, graph) + integer(20, 5)
}

/// A branch's graph: nodes and one output.
private func body(
    _ nodes: [[UInt8]], _ output: String, initializers: [[UInt8]] = [], inputs: [[UInt8]] = []
) -> [UInt8] {
    nodes.flatMap { bytes(1, $0) } + text(2, "branch") + initializers.flatMap { bytes(5, $0) }
        + inputs.flatMap { bytes(11, $0) } + bytes(12, text(1, output))
}

private let reluBody = body([node("Relu", ["x"], ["r"])], "r")
private let negBody = body([node("Neg", ["x"], ["r"])], "r")

private func ifNode(
    _ condition: String, _ output: String = "y", then: [UInt8] = reluBody,
    else other: [UInt8] = negBody
) -> [UInt8] {
    node(
        "If", [condition], [output], [branch("then_branch", then), branch("else_branch", other)],
        name: "choice")
}

private let truth = tensor("yes", 9, [], bytes(9, [1]))
private let falsehood = tensor("no", 9, [], bytes(9, [0]))

private func choosing(
    _ nodes: [[UInt8]], _ initializers: [[UInt8]] = [truth, falsehood], rest: [UInt8] = []
) -> [UInt8] {
    model(
        graph(
            nodes: nodes, initializers: initializers, inputs: [value("x", [-1, 2, 3])],
            outputs: [value("y", [-1, 2, 3])])) + rest
}

private func result(_ bytes: [UInt8]) throws -> [Float] {
    let checkpoint = try read(bytes)
    let constants = Dictionary(
        uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.tensor) })
    let x = Tensor([-3, -2, -1, 1, 2, 3] as [Float], shape: [1, 2, 3])
    return try #require(try checkpoint.graph?.evaluate(["x": x], constants: constants)["y"])
        .floats()
}

/// Whether x has `size` at `axis`, as PyTorch's exporter asks.
private func asks(_ axis: Int64, _ size: Int64) -> (nodes: [[UInt8]], tensors: [[UInt8]]) {
    func number(_ name: String, _ value: Int64) -> [UInt8] {
        tensor(name, 7, [], bytes(9, little(value)))
    }
    return (
        [
            node("Shape", ["x"], ["s"]), node("Gather", ["s", "axis"], ["n"]),
            node("Equal", ["n", "size"], ["is"]),
        ], [number("axis", axis), number("size", size)]
    )
}

@Test func `an If of a constant condition becomes its branch`() throws {
    #expect(try result(choosing([ifNode("yes")])) == [0, 0, 0, 1, 2, 3])
    #expect(try result(choosing([ifNode("no")])) == [3, 2, 1, -1, -2, -3])
    let found = try read(choosing([ifNode("yes")]))
    #expect(found.graph?.nodes.map(\.op.type) == ["Relu", "Identity"])
}

@Test func `an If that asks for a known size becomes its branch at any batch`() throws {
    let (nodes, tensors) = asks(1, 2)
    #expect(try result(choosing(nodes + [ifNode("is")], tensors)) == [0, 0, 0, 1, 2, 3])
    let (others, sizes) = asks(2, 2)
    #expect(try result(choosing(others + [ifNode("is")], sizes)) == [3, 2, 1, -1, -2, -3])
}

@Test func `branches inside branches are chosen too`() throws {
    let inner = body([ifNode("no", "r")], "r")
    #expect(try result(choosing([ifNode("yes", then: inner)])) == [3, 2, 1, -1, -2, -3])
}

@Test func `a branch may have weights, names of its own and outer values as outputs`() throws {
    let two = tensor("w", 1, [1], bytes(9, little(Float(2).bitPattern)))
    let scaled = body([node("Mul", ["x", "w"], ["t"])], "t", initializers: [two])
    #expect(
        try result(choosing([ifNode("yes", "t", then: scaled), node("Neg", ["t"], ["y"])]))
            == [6, 4, 2, -2, -4, -6])
    #expect(
        try result(choosing([ifNode("yes", then: body([], "x"))])) == [-3, -2, -1, 1, 2, 3])
}

// MARK: Functions

private func function(
    _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [[UInt8]],
    more: [UInt8] = []
) -> [UInt8] {
    let head = text(1, name) + inputs.flatMap { text(4, $0) } + outputs.flatMap { text(5, $0) }
    return bytes(25, head + nodes.flatMap { bytes(7, $0) } + text(10, "local") + more)
}

private func call(
    _ name: String, _ inputs: [String], _ outputs: [String], _ attributes: [[UInt8]] = []
) -> [UInt8] {
    node(name, inputs, outputs, attributes, name: "call") + text(7, "local")
}

private func reference(_ name: String, to outer: String) -> [UInt8] {
    text(1, name) + text(21, outer) + integer(20, 1)
}

private func float(_ name: String, _ value: Float) -> [UInt8] {
    text(1, name) + tag(2, 5) + little(value.bitPattern) + integer(20, 1)
}

private let twice = function(
    "Twice", ["a"], ["b"], [node("Neg", ["a"], ["x"]), node("Sub", ["a", "x"], ["b"])])

@Test func `a call becomes the function's nodes, each time with names of its own`() throws {
    let nodes = [call("Twice", ["x"], ["t"]), call("Twice", ["t"], ["y"])]
    #expect(try result(choosing(nodes, rest: twice)) == [-12, -8, -4, 4, 8, 12])
    let outer = function(
        "Four", ["a"], ["b"],
        [
            call("Twice", ["a"], ["t"]), call("Twice", ["t"], ["b"]),
        ])
    #expect(
        try result(choosing([call("Four", ["x"], ["y"])], rest: twice + outer))
            == [-12, -8, -4, 4, 8, 12])
}

@Test func `a function's attributes come from the call, or from their defaults`() throws {
    let leaky = node("LeakyRelu", ["a"], ["b"], [reference("alpha", to: "slope")])
    let plain = function("Leak", ["a"], ["b"], [leaky], more: text(6, "slope"))
    let defaulting = function(
        "Leak", ["a"], ["b"], [leaky], more: bytes(11, float("slope", 0.5)))
    let bare = [call("Leak", ["x"], ["y"])]
    let given = [call("Leak", ["x"], ["y"], [float("slope", 2)])]
    #expect(try result(choosing(given, rest: plain)) == [-6, -4, -2, 1, 2, 3])
    #expect(try result(choosing(given, rest: defaulting)) == [-6, -4, -2, 1, 2, 3])
    #expect(try result(choosing(bare, rest: defaulting)) == [-1.5, -1, -0.5, 1, 2, 3])
    #expect(try result(choosing(bare, rest: plain))[0] == -3 * 0.01)
}

@Test func `a function has its own version of the operators`() throws {
    let clip = node("Clip", ["a"], ["b"], [float("max", 1)])
    let old = function("Low", ["a"], ["b"], [clip], more: bytes(9, integer(2, 6)))
    #expect(
        try result(choosing([call("Low", ["x"], ["y"])], rest: old)) == [-3, -2, -1, 1, 1, 1])
}

// MARK: Refusals

private let (batchNodes, batchTensors) = asks(0, 1)

private let deep = (0..<9).map { level in
    function(
        "F\(level)", ["a"], ["b"],
        (0..<10).map { step in
            node(
                level == 0 ? "Neg" : "F\(level - 1)", [step == 0 ? "a" : "v\(step - 1)"],
                [step == 9 ? "b" : "v\(step)"]) + (level == 0 ? [] : text(7, "local"))
        })
}.reduce([], +)

private let defects = [
    Defect("condition that is an input", choosing([ifNode("x")]), "'choice' (If)", "'x'"),
    Defect(
        "condition that depends on the batch",
        choosing(batchNodes + [ifNode("is")], batchTensors), "'choice' (If)", "depends"),
    Defect(
        "condition that depends on the data",
        choosing(
            [node("Greater", ["x", "limit"], ["is"]), ifNode("is")],
            [tensor("limit", 1, [], bytes(9, little(Float(0).bitPattern)))]), "'is'", "depends"),
    Defect(
        "condition of two elements",
        choosing([ifNode("two")], [tensor("two", 9, [2], bytes(9, [1, 1]))]), "condition"),
    Defect(
        "condition that is a number", choosing([ifNode("one")], [floats("one", [])]), "condition"),
    Defect("If without a condition", choosing([node("If", [], ["y"])]), "1 input"),
    Defect(
        "If without the branch",
        choosing([node("If", ["yes"], ["y"], [branch("else_branch", negBody)])]), "then_branch"),
    Defect(
        "branch of two outputs",
        choosing([ifNode("yes", then: reluBody + bytes(12, text(1, "x")))]), "1 outputs", "2"),
    Defect(
        "branch with an input",
        choosing([ifNode("yes", then: body([], "x", inputs: [value("q", [1])]))]), "no inputs"),
    Defect(
        "branch that reads what nothing makes",
        choosing([ifNode("yes", then: body([node("Relu", ["q"], ["r"])], "r"))]), "'q'"),
    Defect(
        "branch of an unknown operator",
        choosing([ifNode("yes", then: body([node("Frob", ["x"], ["r"])], "r"))]), "Frob"),
    Defect(
        "branch with a sparse weight",
        choosing([
            ifNode("yes", then: reluBody + bytes(15, bytes(1, floats("s", [2]))))
        ]), "'s'", "sparse"),
    Defect(
        "Loop",
        choosing([node("Loop", ["", "yes"], ["y"], [branch("body", reluBody)], name: "n")]),
        "node 'n' (Loop)"),
    Defect("Scan", choosing([node("Scan", ["x"], ["y"], [branch("body", reluBody)])]), "(Scan)"),
    Defect(
        "function that calls itself",
        choosing(
            [call("F", ["x"], ["y"])], rest: function("F", ["a"], ["b"], [call("F", ["a"], ["b"])])
        ), "call themselves"),
    Defect(
        "functions that call each other",
        choosing(
            [call("F", ["x"], ["y"])],
            rest: function("F", ["a"], ["b"], [call("G", ["a"], ["b"])])
                + function("G", ["a"], ["b"], [call("F", ["a"], ["b"])])), "call themselves"),
    Defect("functions that multiply", choosing([call("F8", ["x"], ["y"])], rest: deep), "10000"),
    Defect("function that is not there", choosing([call("F", ["x"], ["y"])]), "domain 'local'"),
    Defect(
        "call with too many inputs", choosing([call("Twice", ["x", "x"], ["y"])], rest: twice),
        "at most 1 inputs"),
    Defect(
        "call with too many outputs", choosing([call("Twice", ["x"], ["y", "z"])], rest: twice),
        "1 outputs"),
    Defect(
        "function that reads the model's values",
        choosing(
            [call("F", ["x"], ["y"])],
            rest: function("F", ["a"], ["b"], [node("Relu", ["x"], ["b"])])), "of the function"),
    Defect(
        "function that does not make its output",
        choosing([call("F", ["x"], ["y"])], rest: function("F", ["a"], ["b"], [])), "'b'"),
    Defect(
        "function that makes a value twice",
        choosing(
            [call("F", ["x"], ["y"])],
            rest: function(
                "F", ["a"], ["b"], [node("Relu", ["a"], ["b"]), node("Neg", ["a"], ["b"])])),
        "'b'", "already"),
    Defect(
        "function of an unknown opset",
        choosing(
            [call("F", ["x"], ["y"])],
            rest: function(
                "F", ["a"], ["b"], [node("Relu", ["a"], ["b"])], more: bytes(9, integer(2, 99)))),
        "opset 1 to 28", "99"),
]

@Test(arguments: defects)
func `a branch or function that cannot be put in place is refused by name`(
    _ defect: Defect
) throws {
    let found = try #require(try refusal(of: defect.bytes), "it loads")
    #expect(found.hasPrefix("onnx: ") && !found.contains("\n"))
    for words in defect.words { #expect(found.contains(words), "\(found)") }
}
