import Architectures
import IR
import Tensors

/// A network laid out for comparison: its operators in an order that depends on the network alone,
/// with what each does and the constants it reads.
struct GraphView {
    struct Item {
        let node: Node
        /// The node's place in the graph.
        let index: Int
        let form: OperatorForm
        let layer: ParameterLayer?
        /// Bits of a few elements of the first weight: equal weights have equal ones.
        let signature: [UInt64]
        let parameterShapes: [[Int]]
        let isActivation: Bool
        /// Whether integers come out: sizes and places, no activations.
        let isArithmeticOfSizes: Bool
        /// The values that flow in, without constants.
        let inputs: [String]

        /// The constants to compare, without those that `form` tells already: bounds, slopes, sizes.
        var parameters: [ParameterLayer.Parameter] {
            let isTold =
                ["Clamp", "Pad", "Resize", "Reshape"].contains(form.kind)
                || form.kind == "LeakyRelu" && form["alpha"] != nil
            if isTold { return [] }
            let all = layer?.parameters ?? []
            guard node.op is Gemm else { return all }
            // By place also where alpha or beta keep it from being a plain dense layer.
            return zip([ParameterRole.weight, .bias], node.inputs.dropFirst()).compactMap {
                role, name in
                var parameter = all.first { $0.name == name }
                parameter?.role = role
                return parameter
            }
        }
    }

    let model: Model
    let isReference: Bool
    private(set) var items: [Item] = []
    /// The item that makes each value.
    private(set) var producers: [String: Int] = [:]
    private(set) var types: [String: ValueInfo] = [:]
    /// Whether the operators take pictures of any number; nil where not even one fits.
    private(set) var takesBatches: Bool?

    init(_ model: Model, isReference: Bool) {
        (self.model, self.isReference) = (model, isReference)
        for batch in [2, 1] where takesBatches == nil {
            let (types, isComplete) = model.graph.knownTypes(batch: batch, constants: model.weights)
            if isComplete || batch == 2 { self.types = types }
            if isComplete { takesBatches = batch == 2 }
        }
        let layers = Dictionary(
            model.layers.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        for index in model.graph.orderFromOutputs() {
            let node = model.graph.nodes[index]
            for output in node.outputs where !output.isEmpty { producers[output] = items.count }
            items.append(item(node, index, layers[node.name]))
        }
    }

    private func item(_ node: Node, _ index: Int, _ layer: ParameterLayer?) -> Item {
        let parameters = (layer?.parameters ?? []).compactMap { model.weights[$0.name] }
        let form = OperatorForm(node, node.inputs.map { $0.isEmpty ? nil : types[$0] })
        return Item(
            node: node, index: index, form: form, layer: layer,
            signature: parameters.first.map(Self.signature) ?? [],
            parameterShapes: parameters.map(\.shape),
            isActivation: Item.activations.contains(form.kind),
            isArithmeticOfSizes: node.outputs.first.flatMap { types[$0] }
                .map { !$0.elementType.isFloatingPoint } ?? false,
            inputs: node.inputs.filter { !$0.isEmpty && model.weights[$0] == nil })
    }

    /// Bits of some elements all over the tensor.
    static func signature(_ tensor: Tensor) -> [UInt64] {
        let count = tensor.elementCount
        guard count > 0 else { return [] }
        let samples = min(count, 16)
        return [UInt64(count)]
            + (0..<samples).map { tensor.bits(ofElement: $0 * (count / samples)) }
    }

    /// Whether a layer reads the network's input, or what arithmetic without channels makes of it.
    func readsInput(_ item: Item) -> Bool {
        var name = item.inputs.first
        for _ in items.indices {
            guard let value = name, let producer = producers[value] else { break }
            let before = items[producer]
            if before.inputs.count != 1 || ["Conv", "Gemm"].contains(before.form.kind) {
                return false
            }
            name = before.inputs.first
        }
        return model.graph.inputs.contains { $0.name == name }
    }
}

extension Graph {
    /// Elements of constants computed to know shapes.
    private static let constantLimit = 1 << 12

    /// Types of all values that can be known, and whether that is all of them.
    ///
    /// A node that refuses its inputs leaves its outputs unknown, and what follows from them.
    fileprivate func knownTypes(
        batch: Int, constants: [String: Tensor]
    ) -> (types: [String: ValueInfo], isComplete: Bool) {
        var types = constants.mapValues { ValueInfo($0) }
        for (name, shape) in assumedShapes(batch: batch, side: 224) {
            guard let input = inputs.first(where: { $0.name == name }) else { continue }
            types[name] = ValueInfo(elementType: input.elementType, shape: shape)
        }
        var isComplete = true
        for node in nodes {
            let known = node.inputs.map { $0.isEmpty ? nil : types[$0] }
            let isKnown = zip(node.inputs, known).allSatisfy { $0.isEmpty || $1 != nil }
            guard isKnown, let outputs = try? node.op.outputTypes(for: known) else {
                isComplete = false
                continue
            }
            let values = Self.computed(node.op, known, outputs)
            for (name, info) in zip(node.outputs, values) where !name.isEmpty {
                types[name] = info
            }
        }
        return (types, isComplete)
    }

    /// The outputs with their elements, where those are constant and few.
    private static func computed(
        _ op: any Operator, _ inputs: [ValueInfo?], _ outputs: [ValueInfo]
    ) -> [ValueInfo] {
        if let constants = op.constantOutputs(for: inputs) {
            return constants.map { ValueInfo($0) }
        }
        let isSmall = (outputs + inputs.compactMap(\.self)).allSatisfy {
            Tensor.elementCount(of: $0.shape) ?? .max <= constantLimit
        }
        guard isSmall, op is any Foldable,
            inputs.allSatisfy({ $0 == nil || $0?.constant != nil }),
            let results = try? op.evaluate(inputs.map { $0?.constant })
        else { return outputs }
        return results.map { ValueInfo($0) }
    }

    /// The nodes that outputs need, each behind those it reads, walked from the outputs: independent
    /// of the order in which a file lists them. Where operands may change places, the one with more
    /// operators behind it comes first.
    fileprivate func orderFromOutputs() -> [Int] {
        var producer: [String: Int] = [:]
        var depth = [Int](repeating: 0, count: nodes.count)
        for (index, node) in nodes.enumerated() {
            let above = node.inputs.compactMap { producer[$0] }.map { depth[$0] }.max() ?? 0
            depth[index] = above + 1
            for output in node.outputs where !output.isEmpty { producer[output] = index }
        }
        func sources(_ index: Int) -> [Int] {
            let list = nodes[index].inputs.compactMap { producer[$0] }
            return nodes[index].op.isCommutative
                ? list.enumerated().sorted {
                    (depth[$1.element], $0.offset) < (depth[$0.element], $1.offset)
                }.map(\.element) : list
        }
        var order: [Int] = []
        var isVisited = [Bool](repeating: false, count: nodes.count)
        for output in outputs {
            guard let root = producer[output.name], !isVisited[root] else { continue }
            isVisited[root] = true
            var path = [(index: root, rest: sources(root)[...])]
            while let top = path.last {
                guard let next = path[path.count - 1].rest.popFirst() else {
                    order.append(top.index)
                    path.removeLast()
                    continue
                }
                if isVisited[next] { continue }
                isVisited[next] = true
                path.append((next, sources(next)[...]))
            }
        }
        return order
    }
}

extension Operator {
    /// Whether inputs may change places.
    var isCommutative: Bool {
        self is Add || self is Mul || self is Sum || self is Max || self is Min || self is Mean
    }
}
