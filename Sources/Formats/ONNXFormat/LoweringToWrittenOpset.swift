import FormatInterface
import IR
import Tensors

/// A node as it is written: everything in the meaning of one version of the operators.
struct WrittenNode {
    var name: String
    var type: String
    var attributes: [(name: String, value: AttributeValue)] = []
    var inputs: [String]
    var outputs: [String]
}

/// What an operator read from an old file means that the written operator set cannot say in one
/// node.
enum LegacyMeaning {
    case none
    /// Softmax and its kin before opset 13: axes from `axis` on are normalised together.
    case flattensTrailingAxes(axis: Int)
    /// Arithmetic before opset 7: input 1 is aligned with input 0's axes from `axis` on.
    case broadcasts(axis: Int)

    init(_ op: any Operator) {
        switch op {
        case let op as any Normalizer where op.flattensTrailingAxes:
            self = .flattensTrailingAxes(axis: op.axis)
        case let op as any BinaryOperator:
            self = op.legacyAxis.map { .broadcasts(axis: $0) } ?? .none
        default: self = .none
        }
    }
}

/// Writes nodes in terms of the written operator set, then of the version asked for.
struct OpsetLowering {
    private var valueNames: NameSource
    private var nodeNames: NameSource
    /// What is known of the graph's values: all, or only the constants where the graph's inputs
    /// are of unknown shape.
    private let types: [String: ValueInfo]
    private let destination: String
    private let opset: WrittenOpset
    /// Tensors that lowered nodes read beside the checkpoint's own.
    private(set) var constants: [NamedTensor] = []
    private var addedConstants: [String: Tensor] = [:]

    init(
        valueNames: NameSource, types: [String: ValueInfo], opset: WrittenOpset,
        destination: String
    ) {
        self.opset = opset
        self.valueNames = valueNames
        self.types = types
        self.destination = destination
        nodeNames = NameSource()
    }

    /// The nodes that mean what `node` means, with names no other node has.
    ///
    /// - Throws: `OutputError` when the written operator set has no such nodes, or finding them
    ///   takes the rank of a value and the graph does not tell it.
    mutating func nodes(for node: Node) throws(OutputError) -> [WrittenNode] {
        let usual = try usualNodes(for: node)
        if usual.count == 1, opset.number < 13, case .flattensTrailingAxes = LegacyMeaning(node.op)
        {
            return usual
        }
        let (known, types) = (addedConstants, types)
        var made: [(name: String, tensor: Tensor)] = []
        var names = valueNames
        valueNames = NameSource()
        let result = try usual.map { item throws(OutputError) in
            let form = OpsetForm(
                opset: opset.number, constant: { known[$0] ?? types[$0]?.constant },
                type: { name in known[name].map { ValueInfo($0) } ?? types[name] }
            ) { tensor, wish in
                made.append((names.unique(wish), tensor))
                return made[made.count - 1].name
            }
            do throws(OpsetForm.Misfit) {
                return try form.form(of: item)
            } catch {
                throw OutputError(
                    file: destination,
                    problem: "node '\(item.name)' (\(item.type)): expected what opset "
                        + "\(opset.number) has, found \(error.found)")
            }
        }
        valueNames = names
        for constant in made { add(constant.tensor, named: constant.name) }
        return result
    }

    private mutating func add(_ tensor: Tensor, named name: String) {
        addedConstants[name] = tensor
        constants.append(NamedTensor(name: name, tensor: tensor))
    }

    private mutating func usualNodes(for node: Node) throws(OutputError) -> [WrittenNode] {
        let node = modernized(node)
        var encoded = AttributeWriter()
        node.op.encode(to: &encoded)
        let base = node.name.isEmpty ? node.outputs.first ?? node.op.type : node.name
        let written = WrittenNode(
            name: nodeNames.unique(base), type: node.op.type, attributes: encoded.attributes,
            inputs: node.inputs, outputs: node.outputs)
        switch LegacyMeaning(node.op) {
        case .none: return [written]
        case .flattensTrailingAxes(let axis):
            return opset.number < 13 ? [written] : flattened(written, axis: axis)
        case .broadcasts(let axis): return try broadcast(written, axis: axis)
        }
    }

    /// The node in the operator's own words for the written operator set, where it has some.
    private mutating func modernized(_ node: Node) -> Node {
        guard let op = node.op as? any Modernized,
            let form = op.writtenForm(for: node.inputs.map { types[$0] })
        else { return node }
        var result = node
        result.op = form.op
        result.inputs = Array(node.inputs.prefix(form.inputCount))
        for (index, tensor) in form.replacements.sorted(by: { $0.key < $1.key }) {
            while result.inputs.count <= index { result.inputs.append("") }
            result.inputs[index] = valueNames.unique("\(node.name)_input\(index)")
            add(tensor, named: result.inputs[index])
        }
        return result
    }

    /// Flatten to [∏ before axis, ∏ from axis], apply along the last axis, restore the shape.
    private mutating func flattened(_ node: WrittenNode, axis: Int) -> [WrittenNode] {
        let input = node.inputs.first ?? ""
        // The last axis alone means the same in both operator sets.
        if axis == -1 || types[input]?.shape.count == axis + 1 { return [node] }
        let shape = added("Shape", to: node, inputs: [input])
        var flatten = added("Flatten", to: node, inputs: [input])
        flatten.attributes = [("axis", .int(Int64(axis)))]
        var inner = node
        inner.inputs = flatten.outputs
        inner.outputs = [valueNames.unique("\(node.name)_flat")]
        inner.attributes.removeAll { $0.name == "axis" }
        inner.attributes.append(("axis", .int(-1)))
        var reshape = added("Reshape", to: node, inputs: inner.outputs + shape.outputs)
        reshape.outputs = node.outputs
        return [shape, flatten, inner, reshape]
    }

    /// Appends axes of size 1 to input 1, so that NumPy's rules align it with `axis` of input 0.
    private mutating func broadcast(
        _ node: WrittenNode, axis: Int
    ) throws(OutputError) -> [WrittenNode] {
        guard node.inputs.count == 2, let rank = types[node.inputs[0]]?.shape.count,
            let smaller = types[node.inputs[1]]?.shape.count
        else {
            throw OutputError(
                file: destination,
                problem: "node '\(node.name)' (\(node.type)): expected inputs of known rank, "
                    + "found none; give the input shape")
        }
        let missing = rank - (axis < 0 ? axis + rank : axis) - smaller
        guard missing > 0 else { return [node] }
        let axes = valueNames.unique("\(node.name)_axes")
        let positions = (smaller..<smaller + missing).map { Int64($0) }
        add(Tensor(positions), named: axes)
        let unsqueeze = added("Unsqueeze", to: node, inputs: [node.inputs[1], axes])
        var aligned = node
        aligned.inputs[1] = unsqueeze.outputs[0]
        return [unsqueeze, aligned]
    }

    private mutating func added(
        _ type: String, to node: WrittenNode, inputs: [String]
    ) -> WrittenNode {
        let name = nodeNames.unique("\(node.name)_\(type)")
        return WrittenNode(
            name: name, type: type, inputs: inputs, outputs: [valueNames.unique("\(name)_output")])
    }
}
