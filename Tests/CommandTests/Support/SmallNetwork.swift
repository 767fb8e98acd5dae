import Architectures
import IR
import Parity
import Tensors
import TestSupport

/// A network with one of each operator that converters get wrong, different numbers everywhere, and
/// no two sizes alike; built in memory, to be changed before it becomes a model.
struct SmallNetwork {
    var graph: Graph
    var weights: [String: Tensor] = [:]

    init() {
        graph = Graph(
            name: "small",
            inputs: [
                ValueDeclaration(
                    name: "x", elementType: .float32,
                    shape: [.symbolic("N"), .fixed(3), .fixed(19), .fixed(23)])
            ],
            outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)], nodes: [])
        var window = SpatialWindow(strides: [1, 2], pads: [0, 1, 2, 1])
        add("conv1", Conv(window: window), [("w", [6, 3, 3, 5]), ("b", [6])])
        add("norm1", BatchNormalization(epsilon: 1e-3), Self.statistics(6))
        add("relu1", Relu())
        add("lrn", LRN(size: 5, alpha: 1e-3, beta: 0.75, bias: 2))
        window = SpatialWindow(kernel: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0])
        add("pool1", MaxPool(window: window))
        window = SpatialWindow(dilations: [2, 1], pads: [1, 1, 1, 1])
        add("conv2", Conv(window: window, group: 2), [("w", [8, 3, 3, 3]), ("b", [8])])
        add("leaky", LeakyRelu(alpha: 0.1))
        window = SpatialWindow(kernel: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1])
        add("pool2", AveragePool(window: window, countsPadding: true))
        add("conv3", Conv(window: SpatialWindow()), [("w", [8, 8, 1, 1]), ("b", [8])])
        add(
            "clip", Clip(),
            constants: [Tensor([0 as Float], shape: []), Tensor([6 as Float], shape: [])])
        add("flatten", Flatten(axis: 1))
        add("fc1", Gemm(transposesB: true), [("w", [10, 8 * 5 * 3]), ("b", [10])])
        add("tanh", Tanh())
        add("fc2", Gemm(transposesB: true), [("w", [10, 10]), ("b", [10])])
        add("softmax", Softmax())
        graph.nodes[graph.nodes.count - 1].outputs = ["y"]
    }

    static func statistics(_ count: Int) -> [(String, [Int])] {
        ["scale", "shift", "mean", "variance"].map { ($0, [count]) }
    }

    /// Appends a node that reads the one before, with weights of its own.
    mutating func add(
        _ name: String, _ op: any Operator, _ parameters: [(String, [Int])] = [],
        constants: [Tensor] = []
    ) {
        let input = graph.nodes.last?.outputs[0] ?? "x"
        var node = Node(name: name, op: op, inputs: [input], outputs: ["\(name).y"])
        for (index, parameter) in parameters.enumerated() {
            let key = "\(name).\(parameter.0)"
            var generator = SeededGenerator(
                seed: UInt64(graph.nodes.count * 16 + index))
            var values = generator.floats(parameter.1.reduce(1, *))
            if parameter.0 == "variance" { values = values.map { $0 * $0 + 0.2 } }
            weights[key] = Tensor(values, shape: parameter.1)
            node.inputs.append(key)
        }
        for (index, constant) in constants.enumerated() {
            weights["\(name).\(index)"] = constant
            node.inputs.append("\(name).\(index)")
        }
        graph.nodes.append(node)
    }

    func place(_ name: String) -> Int { graph.nodes.firstIndex { $0.name == name } ?? 0 }

    /// Replaces an operator.
    mutating func set(_ name: String, _ op: any Operator) { graph.nodes[place(name)].op = op }

    /// Takes a node out: its readers read what it read.
    mutating func remove(_ name: String) {
        let node = graph.nodes.remove(at: place(name))
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map {
                $0 == node.outputs[0] ? node.inputs[0] : $0
            }
        }
        for index in graph.outputs.indices where graph.outputs[index].name == node.outputs[0] {
            graph.outputs[index].name = node.inputs[0]
        }
    }

    /// Puts a node behind another one.
    mutating func insert(
        _ name: String, _ op: any Operator, after other: String, constants: [Tensor] = []
    ) {
        let index = place(other)
        let output = graph.nodes[index].outputs[0]
        graph.nodes[index].outputs[0] = "\(output).before"
        var node = Node(name: name, op: op, inputs: ["\(output).before"], outputs: [output])
        for (number, constant) in constants.enumerated() {
            weights["\(name).\(number)"] = constant
            node.inputs.append("\(name).\(number)")
        }
        graph.nodes.insert(node, at: index + 1)
    }

    /// Exchanges the places of a node and the one behind it.
    mutating func exchange(_ name: String) {
        let index = place(name)
        let (input, output) = (graph.nodes[index].inputs[0], graph.nodes[index + 1].outputs[0])
        let between = graph.nodes[index].outputs[0]
        graph.nodes.swapAt(index, index + 1)
        graph.nodes[index].inputs[0] = input
        graph.nodes[index].outputs[0] = between
        graph.nodes[index + 1].inputs[0] = between
        graph.nodes[index + 1].outputs[0] = output
    }

    mutating func change(_ name: String, _ change: (Tensor) -> Tensor) {
        weights[name] = weights[name].map(change)
    }

    var model: Model {
        Model(graph: graph, weights: weights, architecture: nil, origin: .onnx)
    }
}
