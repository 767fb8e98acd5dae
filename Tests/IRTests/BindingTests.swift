import IR
import Tensors
import Testing

private func input(
    _ name: String, _ type: ElementType, _ shape: [Dimension]?
) -> ValueDeclaration {
    ValueDeclaration(name: name, elementType: type, shape: shape)
}

struct BindingTests {
    private let graph = Graph(
        name: "g",
        inputs: [
            input("x", .float32, [.fixed(2), .fixed(3)]), input("shape", .int64, [.unknown]),
        ], outputs: [input("y", .float32, nil)],
        nodes: [Node(name: "n", op: Reshape(), inputs: ["x", "shape"], outputs: ["y"])])

    @Test
    func `a graph whose shapes depend on inputs asks for their values`() throws {
        let shapes = ["x": [2, 3], "shape": [1]]
        #expect {
            _ = try graph.inferTypes(inputShapes: shapes, constants: [:])
        } throws: {
            ($0 as? GraphError)?.asksForValues == true
        }
        let given = ["x": counting(2, 3), "shape": list(-1)]
        let (bound, constants) = graph.bindingShapes(given)
        #expect(bound.inputs.map(\.name) == ["x"])
        #expect(Array(constants.keys) == ["shape"])
        let types = try bound.inferTypes(inputShapes: ["x": [2, 3]], constants: constants)
        #expect(types["y"]?.shape == [6])
    }

    @Test
    func `only inputs of at most one axis are bound`() {
        var graph = graph
        graph.inputs.append(input("unknown", .int64, nil))
        graph.inputs.append(input("one", .bool, []))
        let given = ["x": counting(2, 3), "shape": list(6), "unknown": list(1), "one": list(1)]
        let (bound, constants) = graph.bindingShapes(given)
        #expect(bound.inputs.map(\.name) == ["x", "unknown"])
        #expect(constants.keys.sorted() == ["one", "shape"])
    }

    @Test
    func `a tracker knows what follows from what it was told`() {
        var tracker = TypeTracker()
        tracker.define("x", value(2, 3))
        tracker.visit(Node(name: "s", op: Shape(), inputs: ["x"], outputs: ["s"]))
        tracker.visit(Node(name: "r", op: Relu(), inputs: ["z"], outputs: ["r"]))
        tracker.visit(Node(name: "e", op: Equal(), inputs: ["s", "s"], outputs: ["e"]))
        #expect(tracker["s"]?.constant?.integers() == [2, 3])
        #expect(tracker["e"]?.constant?.doubles() == [1, 1])
        #expect(tracker["r"] == nil)
    }

    @Test
    func `a Dropout that must know its mode asks for it`() {
        let x = value(2)
        let mode = value(of: .bool)
        #expect(throws: OperatorError.dependsOnData(input: 2)) {
            try Dropout().outputTypes(for: [x, nil, mode])
        }
        let training = ValueInfo(Tensor(rounding: [1], to: .bool, shape: []))
        #expect(throws: OperatorError.dependsOnData(input: 1)) {
            try Dropout().outputTypes(for: [x, value(), training])
        }
        let reason = "Dropout in training, whose random numbers ONNX leaves open"
        #expect(throws: OperatorError.unsupported(reason)) {
            try Dropout().outputTypes(for: [x, ValueInfo(scalar(0.5)), training])
        }
        #expect(throws: Never.self) {
            try Dropout().outputTypes(for: [x, ValueInfo(scalar(0)), training])
        }
    }
}
