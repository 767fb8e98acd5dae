import IR
import Tensors
import Testing

/// Sorting, type inference and evaluation.
struct GraphTests {
    @Test
    func `nodes are put in an order that can be computed, otherwise as given`() throws {
        var graph = makeGraph(
            [
                node("c", Add(), ["a", "b"], "c"), node("b", Relu(), ["x"], "b"),
                node("a", Relu(), ["x"], "a"),
            ], output: "c")
        try graph.sortNodes(constants: [])
        #expect(graph.nodes.map(\.name) == ["b", "a", "c"])
    }

    @Test
    func `a cycle is refused`() {
        var graph = makeGraph(
            [node("p", Add(), ["x", "b"], "a"), node("q", Relu(), ["a"], "b")], output: "b")
        #expect(throws: GraphError.cycle(node: "p")) { try graph.sortNodes(constants: []) }
    }

    @Test
    func `a value that nothing defines is refused`() {
        var graph = makeGraph([node("p", Add(), ["x", "ghost"], "y")])
        #expect(throws: GraphError.undefinedValue(node: "p", value: "ghost")) {
            try graph.sortNodes(constants: [])
        }
        #expect(throws: Never.self) { try graph.sortNodes(constants: ["ghost"]) }
    }

    @Test
    func `a value defined twice is refused`() {
        var twice = makeGraph([node("p", Relu(), ["x"], "y"), node("q", Relu(), ["x"], "y")])
        #expect(throws: GraphError.redefinedValue(node: "q", value: "y")) {
            try twice.sortNodes(constants: [])
        }
        var input = makeGraph([node("p", Relu(), ["x"], "x")], output: "x")
        #expect(throws: GraphError.redefinedValue(node: "p", value: "x")) {
            try input.sortNodes(constants: [])
        }
        var constant = makeGraph([node("p", Relu(), ["x"], "w")], output: "w")
        #expect(throws: GraphError.redefinedValue(node: "p", value: "w")) {
            try constant.sortNodes(constants: ["w"])
        }
    }

    @Test
    func `an output that nothing computes is refused`() {
        var graph = makeGraph([node("p", Relu(), ["x"], "y")], output: "z")
        #expect(throws: GraphError.missingOutput("z")) { try graph.sortNodes(constants: []) }
        #expect(throws: GraphError.missingOutput("z")) {
            try graph.inferTypes(inputShapes: ["x": [1]], constants: [:])
        }
    }

    @Test
    func `a chain of 100,000 nodes sorts without recursion`() throws {
        let nodes = (0..<100_000).reversed().map {
            node("n\($0)", Relu(), [$0 == 0 ? "x" : "v\($0 - 1)"], "v\($0)")
        }
        var graph = makeGraph(nodes, output: "v99999")
        try graph.sortNodes(constants: [])
        #expect(graph.nodes.first?.name == "n0" && graph.nodes.last?.name == "n99999")
    }

    @Test
    func `types follow from the inputs' shapes`() throws {
        let graph = makeGraph([
            node("conv", Conv(window: SpatialWindow(pads: [1, 1, 1, 1])), ["x", "w"], "c"),
            node(
                "pool", MaxPool(window: SpatialWindow(kernel: [2, 2], strides: [2, 2])), ["c"], "p"),
            node("flat", Flatten(), ["p"], "y"),
        ])
        let types = try graph.inferTypes(
            inputShapes: ["x": [5, 3, 8, 6]], constants: ["w": counting(4, 3, 3, 3)])
        #expect(types["c"]?.shape == [5, 4, 8, 6])
        #expect(types["y"]?.shape == [5, 4 * 4 * 3])
    }

    @Test
    func `a shape computed from shapes is followed`() throws {
        let graph = makeGraph([
            node("shape", Shape(), ["x"], "s"),
            node("batch", Gather(), ["s", "zero"], "b"),
            node("wide", Unsqueeze(), ["b", "axes"], "u"),
            node("join", Concat(axis: 0), ["u", "rest"], "r"),
            node("view", Reshape(), ["x", "r"], "y"),
        ])
        let types = try graph.inferTypes(
            inputShapes: ["x": [3, 2, 2]],
            constants: ["zero": Tensor([Int64(0)], shape: []), "axes": list(0), "rest": list(-1)])
        #expect(types["y"]?.shape == [3, 4])
        #expect(types["y"]?.constant == nil)
    }

    @Test
    func `an operator that refuses its inputs is named`() {
        let graph = makeGraph([node("join", Concat(axis: 7), ["x"], "y")])
        #expect(
            throws: GraphError.node(
                name: "join", type: "Concat",
                .attribute("axis", expected: "−1 to 0", found: "7"))
        ) {
            try graph.inferTypes(inputShapes: ["x": [1]], constants: [:])
        }
    }

    @Test(arguments: [true, false])
    func `an output that no operator computes is refused where it is used`(_ isRead: Bool) throws {
        let pool = Node(
            name: "pool", op: AveragePool(window: SpatialWindow(kernel: [2])), inputs: ["x"],
            outputs: ["y", "indices"])
        let graph =
            isRead
            ? makeGraph([pool, node("read", Identity(), ["indices"], "z")], output: "z")
            : makeGraph([pool], output: "indices")
        #expect(
            throws: GraphError.node(
                name: "pool", type: "AveragePool", .unsupported("a use of its output 1, 'indices'"))
        ) {
            try graph.inferTypes(inputShapes: ["x": [1, 1, 4]], constants: [:])
        }
        let unused = makeGraph([pool])
        #expect(throws: Never.self) {
            try unused.inferTypes(inputShapes: ["x": [1, 1, 4]], constants: [:])
        }
    }

    @Test
    func `activations that no machine holds are refused`() {
        let graph = makeGraph([node("stretch", Expand(), ["x", "shape"], "y")])
        let constants = ["shape": list(1_000_000_000, 1_000_000_000)]
        #expect(throws: GraphError.self) {
            try graph.inferTypes(inputShapes: ["x": [1]], constants: constants)
        }
    }

    @Test
    func `symbolic sizes must agree among the inputs`() throws {
        var graph = makeGraph([node("add", Add(), ["x", "x2"], "y")])
        graph.inputs = ["x", "x2"].map {
            ValueDeclaration(name: $0, elementType: .float32, shape: [.symbolic("N"), .fixed(2)])
        }
        #expect(throws: Never.self) {
            try graph.inferTypes(inputShapes: ["x": [3, 2], "x2": [3, 2]], constants: [:])
        }
        #expect(throws: GraphError.inputShape(input: "x2", expected: "[N, 2]", found: [4, 2])) {
            try graph.inferTypes(inputShapes: ["x": [3, 2], "x2": [4, 2]], constants: [:])
        }
        #expect(throws: GraphError.missingInput("x2")) {
            try graph.inferTypes(inputShapes: ["x": [3, 2]], constants: [:])
        }
        #expect(try graph.defaultInputShapes(batch: 7)["x"] == [7, 2])
    }

    @Test
    func `a graph evaluates in float64 when its tensors are float64`() throws {
        let graph = makeGraph([
            node("k", Constant(value: row(1)), [], "k"), node("add", Add(), ["x", "k"], "a"),
            node("scale", Mul(), ["a", "w"], "y"),
        ])
        let values = try graph.evaluate(["x": Tensor([0.1])], constants: ["w": Tensor([3.0])])
        #expect(values["y"]?.isBitEqual(to: Tensor([(0.1 + 1) * 3])) == true)
    }
}

/// A graph from input `x` to one output.
func makeGraph(_ nodes: [Node], output: String = "y") -> Graph {
    Graph(
        name: "test", inputs: [ValueDeclaration(name: "x", elementType: .float32, shape: nil)],
        outputs: [ValueDeclaration(name: output, elementType: .float32, shape: nil)], nodes: nodes)
}

func node(_ name: String, _ op: any Operator, _ inputs: [String], _ output: String) -> Node {
    Node(name: name, op: op, inputs: inputs, outputs: [output])
}
