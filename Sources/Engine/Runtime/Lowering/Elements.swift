import IR
import KernelInterface
import Tensors

extension Mul: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

extension Sub: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

extension Div: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

extension Neg: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

extension Tanh: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

extension Sigmoid: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerElements(node) }
}

/// A node that treats the elements of its one activation alike, or alike along one axis.
private struct ElementNode {
    var input: String
    /// The axis of the activation that constants lie along.
    var axis: Int?
    var stage: ElementStage
}

extension Planner {
    /// Operators of one step: more than networks have in a row, and few enough to be named in a
    /// line.
    private static let elementChainLimit = 10

    /// Lowers a node that treats each element by itself, and those after it that only it feeds.
    mutating func lowerElements(_ node: Node) -> Bool {
        guard let first = elementNode(node) else { return false }
        var axis = first.axis
        var stages = [first.stage]
        var output = node.outputs[0]
        var operation = node.op.type
        var count = 1
        while count < Self.elementChainLimit, let reader = soleReader(of: output),
            let next = elementNode(reader.node), next.input == output,
            axis == nil || next.axis == nil || next.axis == axis
        {
            axis = axis ?? next.axis
            stages.append(joining: next.stage)
            output = reader.node.outputs[0]
            operation += " + \(reader.node.op.type)"
            fuse(reader.index)
            count += 1
        }
        let layout = availableLayout(first.input)
        let input = value(first.input, in: layout)
        let result = define(output, layout)
        let pattern = ElementPattern(
            sizes: layout.sizes(of: input.shape), axis: axis.map { layout.position(ofAxis: $0) })
        append(
            ElementStep(
                name: node.name, operation: operation, input: input, output: result,
                stages: stages, pattern: pattern),
            reading: [input], [result])
        return true
    }

    private func elementNode(_ node: Node) -> ElementNode? {
        switch node.op {
        case is Tanh: unary(node, ElementStage(operation: .function(.tanh)))
        case is Sigmoid: unary(node, ElementStage(operation: .function(.sigmoid)))
        case is Neg: unary(node, ElementStage(operation: .scale, scale: [-1]))
        case is Relu, is Clip:
            bounds(of: node).flatMap {
                unary(node, ElementStage(operation: .clamp, bounds: $0))
            }
        case let op as any BinaryOperator: binary(node, op)
        default: nil
        }
    }

    private func unary(_ node: Node, _ stage: ElementStage) -> ElementNode? {
        isActivation(node.inputs[0]) ? ElementNode(input: node.inputs[0], stage: stage) : nil
    }

    /// Arithmetic of an activation and a constant that neither enlarges nor widens it.
    private func binary(_ node: Node, _ op: any BinaryOperator) -> ElementNode? {
        guard op.legacyAxis == nil, node.inputs.count == 2,
            let first = node.inputs.firstIndex(where: { isActivation($0) })
        else { return nil }
        let input = node.inputs[first]
        let shape = type(of: input).shape
        let result = type(of: node.outputs[0])
        guard result.elementType == .float32, result.shape == shape,
            let constant = weights[node.inputs[1 - first]],
            constant.shape.count(where: { $0 != 1 }) <= 1,
            let numbers = floatConstant(node.inputs[1 - first])?.floats(),
            let stage = Self.stage(op, numbers, isConstantFirst: first == 1)
        else { return nil }
        let axis = constant.shape.firstIndex { $0 != 1 }
        return ElementNode(
            input: input, axis: axis.map { $0 + shape.count - constant.rank }, stage: stage)
    }

    /// What `op` does to x, with the same rounding; nil for a constant divided by x.
    private static func stage(
        _ op: any BinaryOperator, _ numbers: [Float], isConstantFirst: Bool
    ) -> ElementStage? {
        switch op {
        case is Mul: ElementStage(operation: .scale, scale: numbers)
        case is Add: ElementStage(operation: .scale, shift: numbers)
        case is Sub where isConstantFirst:
            ElementStage(operation: .scale, scale: [-1], shift: numbers)
        case is Sub: ElementStage(operation: .scale, shift: numbers.map { -$0 })
        case is Div where isConstantFirst: nil
        case is Div where numbers.allSatisfy(\.hasExactReciprocal):
            ElementStage(operation: .scale, scale: numbers.map { 1 / $0 })
        case is Div: ElementStage(operation: .divide, scale: numbers)
        default: nil
        }
    }
}

extension Float {
    /// Whether 1 / self is a float: powers of two, of which subnormal ones have none.
    fileprivate var hasExactReciprocal: Bool { isNormal && significandBitPattern == 0 }
}
