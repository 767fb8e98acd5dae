package import IR
import Tensors

/// A node of a graph with the constant tensors it reads, each in its role.
package struct ParameterLayer: Hashable, Sendable {
    package enum Kind: String, Sendable {
        case conv
        /// A convolution in which every group has one input channel.
        case depthwise
        case dense, batchNorm
        /// A rectifier whose slopes are weights.
        case rectifier
        case other
    }

    package struct Parameter: Hashable, Sendable {
        package var role: ParameterRole
        package var name: String
    }

    package var node: String
    package var kind: Kind
    package var parameters: [Parameter]
    /// [C, H, W] of the activation whose flattening the layer reads, when it reads one.
    package var flattenedShape: [Int]?
    package var group = 1
    /// Batch normalisation's ε.
    package var epsilon: Float?

    /// The name of the tensor in `role`, nil when there is none.
    package func name(of role: ParameterRole) -> String? {
        parameters.first { $0.role == role }?.name
    }
}

extension ParameterLayer {
    /// The layers of `graph` that read floating-point constants, in graph order.
    static func layers(of graph: Graph, weights: [String: Tensor]) -> [ParameterLayer] {
        let flattened = FlattenedValues(graph, weights: weights)
        return graph.nodes.compactMap { node in
            guard var layer = layer(of: node, weights: weights) else { return nil }
            layer.flattenedShape = node.inputs.first.flatMap { flattened.shapes[$0] }
            return layer
        }
    }

    private static func layer(of node: Node, weights: [String: Tensor]) -> ParameterLayer? {
        let constants = node.inputs.map { weights[$0] }
        guard constants.contains(where: { $0?.elementType.isFloatingPoint == true }) else {
            return nil
        }
        func bind(_ roles: [ParameterRole]) -> [Parameter] {
            zip(roles, node.inputs.dropFirst()).filter { weights[$0.1] != nil }
                .map { Parameter(role: $0, name: $1) }
        }
        switch node.op {
        case let conv as Conv where isWeighted(constants):
            let isDepthwise = conv.group > 1 && constants[1]?.shape.dropFirst().first == 1
            return ParameterLayer(
                node: node.name, kind: isDepthwise ? .depthwise : .conv,
                parameters: bind([.weight, .bias]), group: conv.group)
        case let gemm as Gemm where isWeighted(constants) && gemm.isDense:
            return ParameterLayer(
                node: node.name, kind: .dense, parameters: bind([.weight, .bias]))
        case let norm as BatchNormalization where constants.count >= 5 && isWeighted(constants):
            return ParameterLayer(
                node: node.name, kind: .batchNorm,
                parameters: bind([.scale, .shift, .mean, .variance]), epsilon: norm.epsilon)
        case is PRelu where isWeighted(constants):
            return ParameterLayer(
                node: node.name, kind: .rectifier, parameters: bind([.slope]))
        default:
            let others = node.inputs.filter { weights[$0]?.elementType.isFloatingPoint == true }
            return ParameterLayer(
                node: node.name, kind: .other,
                parameters: others.map { Parameter(role: .other, name: $0) })
        }
    }

    /// Whether the first input flows and all others are constants.
    private static func isWeighted(_ constants: [Tensor?]) -> Bool {
        constants.count >= 2 && constants[0] == nil
            && constants.dropFirst().allSatisfy { $0 != nil }
    }
}

extension Gemm {
    /// Whether it is a dense layer in canonical form: x·Wᵀ + b.
    var isDense: Bool { !transposesA && transposesB && alpha == 1 && beta == 1 }
}

/// Which values hold flattened pictures, and of what shape.
struct FlattenedValues {
    /// [C, H, W] by the value's name.
    private(set) var shapes: [String: [Int]] = [:]

    /// Operators that leave elements where they are.
    static let elementwise: Set = [
        "Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Selu", "Clip", "HardSigmoid", "HardSwish",
        "PRelu", "Dropout", "Identity", "BatchNormalization",
    ]

    init(_ graph: Graph, weights: [String: Tensor]) {
        guard
            let types = try? graph.inferTypes(
                inputShapes: graph.assumedInputShapes(batch: 2), constants: weights)
        else { return }
        for node in graph.nodes {
            guard let input = node.inputs.first, let output = node.outputs.first else { continue }
            if Self.elementwise.contains(node.op.type) {
                shapes[output] = shapes[input]
            } else if node.op is Flatten || node.op is Reshape,
                let from = types[input]?.shape, let to = types[output]?.shape,
                from.count > 2, to.count == 2, from[0] == to[0]
            {
                shapes[output] = Array(from.dropFirst())
            }
        }
    }
}

extension Graph {
    /// Shapes to examine the graph with: declared sizes, `batch` for an open first axis, and the
    /// side of ImageNet's pictures for other open axes.
    package func assumedInputShapes(batch: Int) -> [String: [Int]] {
        var shapes: [String: [Int]] = [:]
        for input in inputs {
            shapes[input.name] = (input.shape ?? []).enumerated().map { axis, dimension in
                if case .fixed(let size) = dimension { return size }
                return axis == 0 ? batch : axis == 1 ? 3 : 224
            }
        }
        return shapes
    }
}
