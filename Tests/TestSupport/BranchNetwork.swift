package import IR
import Tensors

/// A convolution, then a branch of one and a branch of two, all of equal shapes, and their sum: what
/// only names or an order tell apart.
package struct BranchNetwork {
    package var graph: Graph
    package let tensors: [NamedTensor]

    /// - Parameter channels: of every picture, which is 4 × 5.
    package init(channels: Int) {
        let names = ["stem", "short", "long1", "long2"]
        var nodes = zip(names, ["x", "stem", "stem", "long1"]).map { name, input in
            Node(
                name: name, op: Conv(window: SpatialWindow()), inputs: [input, "\(name).w"],
                outputs: [name])
        }
        nodes.append(Node(name: "sum", op: Add(), inputs: ["short", "long2"], outputs: ["y"]))
        graph = Graph(
            name: "branches",
            inputs: [
                ValueDeclaration(
                    name: "x", elementType: .float32,
                    shape: [.symbolic("N"), .fixed(channels), .fixed(4), .fixed(5)])
            ], outputs: [ValueDeclaration(name: "y", elementType: .float32, shape: nil)],
            nodes: nodes)
        let count = channels * channels
        tensors = names.enumerated().map { index, name in
            let numbers = (0..<count).map { Float(($0 + count * index) * 37 % 101) / 64 - 0.7 }
            return NamedTensor(
                name: "\(name).w", tensor: Tensor(numbers, shape: [channels, channels, 1, 1]))
        }
    }

    package var checkpoint: Checkpoint {
        Checkpoint(convention: .onnx, tensors: tensors, graph: graph)
    }
}
