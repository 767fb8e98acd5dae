import IR
import Tensors

extension Flatten: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerReshape(node) }
}

extension Reshape: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerReshape(node) }
}

extension Squeeze: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerReshape(node) }
}

extension Unsqueeze: Lowerable {
    func lower(_ node: Node, in planner: inout Planner) -> Bool { planner.lowerReshape(node) }
}

extension Planner {
    /// The same bytes under another shape: no step at all, once they are in row-major order.
    fileprivate mutating func lowerReshape(_ node: Node) -> Bool {
        guard isActivation(node.inputs[0]) else { return false }
        reshape(node.inputs[0], as: node.outputs[0])
        return true
    }
}
