import IR
import Tensors
import Testing

/// `Graph.folded`.
struct FoldingTests {
    @Test
    func `a weight behind Identity and Reshape is found without copying it`() {
        let weight = counting(300, 400)
        let graph = makeGraph([
            node("alias", Identity(), ["w"], "a"), node("view", Reshape(), ["a", "shape"], "v"),
            node("mul", MatMul(), ["x", "v"], "y"),
        ])
        let (folded, constants) = graph.folded(
            constants: ["w": weight, "shape": list(400, 300)])
        #expect(folded.nodes.map(\.name) == ["mul"])
        #expect(constants.keys.sorted() == ["v"])
        #expect(constants["v"]?.storage === weight.storage)
        #expect(constants["v"]?.shape == [400, 300])
    }

    @Test
    func `a large weight behind Transpose is moved once`() {
        let weight = counting(300, 400)
        let graph = makeGraph([
            node("turn", Transpose(), ["w"], "t"), node("mul", MatMul(), ["x", "t"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: ["w": weight])
        #expect(folded.nodes.map(\.name) == ["mul"])
        #expect(constants["t"]?.isBitEqual(to: weight.permuted([1, 0])) == true)
    }

    @Test
    func `large arithmetic is left to the run`() {
        let graph = makeGraph([
            node("scale", Mul(), ["w", "w"], "s"), node("mul", MatMul(), ["x", "s"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: ["w": counting(300, 300)])
        #expect(folded.nodes.map(\.name) == ["scale", "mul"])
        #expect(constants.keys.sorted() == ["w"])
    }

    @Test
    func `Constant nodes become constants`() {
        let graph = makeGraph([
            node("k", Constant(value: row(2)), [], "k"), node("mul", Mul(), ["x", "k"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: [:])
        #expect(folded.nodes.map(\.name) == ["mul"])
        #expect(constants["k"]?.isBitEqual(to: row(2)) == true)
    }

    @Test
    func `a shape computed from the input folds when its shape is given`() {
        let graph = makeGraph([
            node("shape", Shape(), ["x"], "s"), node("batch", Gather(), ["s", "zero"], "b"),
            node("join", Concat(axis: 0), ["b", "rest"], "r"),
            node("view", Reshape(), ["x", "r"], "y"),
        ])
        let constants = ["zero": list(0), "rest": list(-1)]
        let (open, _) = graph.folded(constants: constants)
        #expect(open.nodes.count == 4)
        let (closed, kept) = graph.folded(constants: constants, inputShapes: ["x": [3, 2, 2]])
        #expect(closed.nodes.map(\.name) == ["view"])
        #expect(kept["r"]?.integers() == [3, -1])
        #expect(kept.count == 1)
    }

    @Test
    func `Identity and Dropout vanish between nodes`() {
        let graph = makeGraph([
            node("a", Relu(), ["x"], "a"), node("i", Identity(), ["a"], "b"),
            Node(name: "d", op: Dropout(), inputs: ["b", "ratio"], outputs: ["c", "mask"]),
            node("r", Relu(), ["c"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: ["ratio": scalar(0.5)])
        #expect(folded.nodes.map(\.name) == ["a", "r"])
        #expect(folded.nodes[1].inputs == ["a"])
        #expect(constants.isEmpty)
    }

    @Test
    func `a last Identity gives its name to what it passes on`() {
        let graph = makeGraph([
            node("a", Relu(), ["x"], "a"), node("side", Neg(), ["a"], "s"),
            node("i", Identity(), ["a"], "b"), node("j", Identity(), ["b"], "y"),
        ])
        var both = graph
        both.outputs.append(ValueDeclaration(name: "s", elementType: .float32, shape: nil))
        let (folded, _) = both.folded(constants: [:])
        #expect(folded.nodes.map(\.name) == ["a", "side"])
        #expect(folded.nodes[0].outputs == ["y"])
        #expect(folded.nodes[1].inputs == ["y"])
    }

    @Test
    func `Identity stays where one value has two names outside`() {
        let (input, _) = makeGraph([node("i", Identity(), ["x"], "y")]).folded(constants: [:])
        #expect(input.nodes.map(\.name) == ["i"])
        var graph = makeGraph([
            node("a", Relu(), ["x"], "a"), node("i", Identity(), ["a"], "y"),
            node("j", Identity(), ["a"], "z"),
        ])
        graph.outputs.append(ValueDeclaration(name: "z", elementType: .float32, shape: nil))
        let (folded, _) = graph.folded(constants: [:])
        #expect(folded.nodes.map(\.name) == ["a", "j"])
        #expect(folded.nodes[1].inputs == ["y"])
        #expect(folded.nodes[1].outputs == ["z"])
    }

    @Test
    func `Dropout stays where its mask is used or its mode unknown`() {
        let masked = makeGraph(
            [Node(name: "d", op: Dropout(), inputs: ["x"], outputs: ["c", "y"])])
        #expect(masked.folded(constants: [:]).0.nodes.count == 1)
        let training = makeGraph([
            node("a", Relu(), ["x"], "a"), node("d", Dropout(), ["a", "", "x"], "y"),
        ])
        #expect(training.folded(constants: [:]).0.nodes.count == 2)
    }

    @Test
    func `what no output needs is removed`() {
        let graph = makeGraph([
            node("dead", Relu(), ["x"], "a"), node("deader", Add(), ["a", "w"], "b"),
            node("live", Add(), ["x", "v"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: ["w": row(1), "v": row(2)])
        #expect(folded.nodes.map(\.name) == ["live"])
        #expect(constants.keys.sorted() == ["v"])
    }

    @Test
    func `an output that is constant stays as a constant`() {
        let graph = makeGraph([node("k", Constant(value: row(2)), [], "y")])
        let (folded, constants) = graph.folded(constants: [:])
        #expect(folded.nodes.isEmpty)
        #expect(constants["y"]?.isBitEqual(to: row(2)) == true)
    }

    @Test
    func `a node that refuses its inputs is left for inference to report`() {
        let graph = makeGraph([
            node("bad", Concat(axis: 5), ["w"], "b"), node("add", Add(), ["x", "b"], "y"),
        ])
        let (folded, constants) = graph.folded(constants: ["w": row(1)])
        #expect(folded.nodes.map(\.name) == ["bad", "add"])
        #expect(constants.keys.sorted() == ["w"])
    }

    @Test
    func `axes and pads of opset 18 take the written form`() throws {
        let graph = makeGraph([
            node("pad", Pad(), ["x", "pads", "", "axes"], "p"),
            node("mean", ReduceMean(), ["p", "over"], "y"),
        ])
        let constants = ["pads": list(1, 2), "axes": list(1), "over": list(0)]
        let (folded, kept) = graph.folded(
            constants: constants, inputShapes: ["x": [2, 3]])
        #expect(folded.nodes[0].inputs == ["x", "p_input_1", ""])
        #expect(kept["p_input_1"]?.integers() == [0, 1, 0, 2])
        #expect(folded.nodes[1].inputs == ["p"])
        let x = counting(2, 3)
        let before = try graph.evaluate(["x": x], constants: constants)["y"]
        let after = try folded.evaluate(["x": x], constants: kept)["y"]
        #expect(before?.shape == [1, 6])
        #expect(try #require(after).isBitEqual(to: #require(before)))
    }

    @Test
    func `old broadcasts and Softmax take the written form where shapes are known`() throws {
        let graph = makeGraph([
            node("add", Add(legacyAxis: 1), ["x", "b"], "a"),
            node("turn", PRelu(legacyAxis: 1), ["a", "b"], "p"),
            node("soft", Softmax(axis: 1, flattensTrailingAxes: true), ["p"], "y"),
        ])
        let constants = ["b": row(1, -2)]
        let (folded, kept) = graph.folded(constants: constants, inputShapes: ["x": [1, 2, 1]])
        #expect((folded.nodes[0].op as? Add)?.legacyAxis == nil)
        #expect(kept["a_input_1"]?.shape == [2, 1])
        #expect(kept["p_input_1"]?.shape == [2, 1])
        #expect((folded.nodes[2].op as? Softmax)?.flattensTrailingAxes == false)
        let x = Tensor([Float(-3), 1], shape: [1, 2, 1])
        let before = try graph.evaluate(["x": x], constants: constants)["y"]
        let after = try folded.evaluate(["x": x], constants: kept)["y"]
        #expect(try #require(after).isBitEqual(to: #require(before)))
        let (wide, _) = graph.folded(constants: constants, inputShapes: ["x": [1, 2, 3]])
        #expect((wide.nodes[2].op as? Softmax)?.flattensTrailingAxes == true)
    }

    @Test
    func `a new constant never takes a name in use`() {
        let graph = makeGraph([
            node("pad", Pad(), ["x", "pads", "", "axes"], "p"),
            node("add", Add(), ["p", "p_input_1"], "y"),
        ])
        let constants = ["pads": list(1, 2), "axes": list(0), "p_input_1": row(1)]
        let (folded, kept) = graph.folded(constants: constants, inputShapes: ["x": [3]])
        #expect(folded.nodes[0].inputs == ["x", "p_input_1_", ""])
        #expect(kept["p_input_1"]?.isBitEqual(to: row(1)) == true)
    }

    @Test
    func `folding does not change what a graph computes`() throws {
        let graph = makeGraph([
            node("k", Constant(value: row(1, 10)), [], "k"),
            node("wide", Unsqueeze(), ["k", "axes"], "w"),
            node("drop", Dropout(), ["x"], "d"), node("mul", Mul(), ["d", "w"], "m"),
            node("sum", ReduceSum(), ["m"], "s"), node("out", Identity(), ["s"], "y"),
        ])
        let constants = ["axes": list(1)]
        let (folded, kept) = graph.folded(constants: constants)
        #expect(folded.nodes.map(\.name) == ["mul", "sum"])
        let x = counting(2, 2)
        let before = try graph.evaluate(["x": x], constants: constants)["y"]
        let after = try folded.evaluate(["x": x], constants: kept)["y"]
        #expect(try #require(after).isBitEqual(to: #require(before)))
    }

    @Test
    func `doubling by Concat stops before it fills the memory`() {
        var nodes: [Node] = []
        for step in 0..<60 {
            let from = step == 0 ? "w" : "v\(step - 1)"
            nodes.append(node("n\(step)", Concat(axis: 0), [from, from], "v\(step)"))
        }
        nodes.append(node("last", Add(), ["x", "v59"], "y"))
        let (folded, _) = makeGraph(nodes).folded(constants: ["w": row(1)])
        #expect(folded.nodes.count > 30)
    }

    @Test
    func `100,000 Identity nodes fold in linear time`() {
        let nodes = (0..<100_000).map {
            node("n\($0)", Identity(), [$0 == 0 ? "a" : "v\($0 - 1)"], "v\($0)")
        }
        let graph = makeGraph(
            [node("first", Relu(), ["x"], "a")] + nodes, output: "v99999")
        let (folded, _) = graph.folded(constants: [:])
        #expect(folded.nodes.map(\.name) == ["first"])
        #expect(folded.nodes[0].outputs == ["v99999"])
        let (constant, kept) = graph.folded(constants: ["a": row(1)])
        #expect(kept["v99999"] != nil && constant.nodes.isEmpty)
    }
}
