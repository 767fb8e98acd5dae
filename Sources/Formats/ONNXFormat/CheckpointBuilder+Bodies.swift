import IR
import Tensors

/// What names and attributes mean inside a graph, a branch or a function.
struct BodyScope {
    /// The version of the standard operators.
    var opset: Int
    /// The model's names of values that a branch or function names itself.
    var renamed: [String: String] = [:]
    /// The calling node's attributes, by name; nil outside functions.
    var attributes: [String: AttributeValue]?
    /// Functions being put in the place of nodes, outermost first.
    var functions: [FunctionDescription.Key] = []

    /// The model's name of a value; nil for one that a function does not know.
    func name(of value: String) -> String? {
        if value.isEmpty { return value }
        return renamed[value] ?? (attributes == nil ? value : nil)
    }
}

extension ModelDescription {
    /// Whether some node chooses between branches.
    var branches: Bool {
        graph?.nodes.contains { $0.branches } ?? false
            || functions.contains { $0.nodes.contains { $0.branches } }
    }
}

extension NodeDescription {
    fileprivate var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }

    fileprivate var branches: Bool { type == "If" && isStandard }

    fileprivate func graph(_ name: String) -> GraphDescription? {
        for attribute in attributes where attribute.name == name {
            if case .graph(let graph) = attribute.content { return graph }
        }
        return nil
    }
}

/// Nodes that stand for other nodes are replaced by these when a model is read.
extension CheckpointBuilder {
    /// Bodies of one model; calls inside calls could multiply beyond measure.
    private static let bodyLimit = 10_000
    private static let nodeLimit = 1 << 20

    mutating func add(_ given: NodeDescription, in scope: BodyScope) throws(ONNXError) {
        let name = name(of: given)
        let place = ONNXError.Place.node(name: name, type: given.type)
        guard nodeCount < Self.nodeLimit else {
            throw ONNXError(place, expected: "at most \(Self.nodeLimit) nodes", found: "more")
        }
        guard !given.type.isEmpty else {
            throw ONNXError(place, expected: "an operator", found: "none")
        }
        var node = given
        node.inputs = try given.inputs.map { value throws(ONNXError) in
            try known(value, in: scope, at: place)
        }
        node.outputs = try given.outputs.map { value throws(ONNXError) in
            try known(value, in: scope, at: place)
        }
        guard node.isStandard else {
            try addFunction(node, named: name, in: scope, at: place)
            return
        }
        if node.branches {
            try addBranch(node, named: name, in: scope, at: place)
        } else {
            try addOperator(node, named: name, in: scope)
        }
    }

    private func known(
        _ value: String, in scope: BodyScope, at place: ONNXError.Place
    ) throws(ONNXError) -> String {
        guard let name = scope.name(of: value) else {
            throw ONNXError(
                place, expected: "values of the function", found: "'\(value.prefix(100))'")
        }
        return name
    }

    private mutating func countBody(at place: ONNXError.Place) throws(ONNXError) {
        bodyCount += 1
        guard bodyCount <= Self.bodyLimit else {
            throw ONNXError(
                place, expected: "at most \(Self.bodyLimit) branches and function calls",
                found: "more")
        }
    }

    /// Gives the values that nodes define names of their own in the model.
    private mutating func defineNames(of nodes: [NodeDescription], in scope: inout BodyScope) {
        for value in nodes.flatMap(\.outputs) where !value.isEmpty && scope.renamed[value] == nil {
            scope.renamed[value] = valueNames.unique(value)
        }
    }

    // MARK: If

    /// Puts the branch that a constant condition chooses in the place of an `If`.
    private mutating func addBranch(
        _ node: NodeDescription, named name: String, in scope: BodyScope,
        at place: ONNXError.Place
    ) throws(ONNXError) {
        try countBody(at: place)
        let attribute = try condition(of: node, at: place) ? "then_branch" : "else_branch"
        guard let branch = node.graph(attribute) else {
            throw ONNXError(place, expected: "attribute '\(attribute)'", found: "none")
        }
        guard branch.inputs.isEmpty, branch.outputs.count == node.outputs.count else {
            throw ONNXError(
                place, expected: "a branch of \(node.outputs.count) outputs and no inputs",
                found: "\(branch.outputs.count) and \(branch.inputs.count)")
        }
        var inner = scope
        // What the branch defines hides what the scope around it calls by the same name.
        for value in branch.initializers.map(\.name) + branch.nodes.flatMap(\.outputs) {
            inner.renamed[value] = nil
        }
        for tensor in branch.initializers where !tensor.name.isEmpty {
            inner.renamed[tensor.name] = valueNames.unique(tensor.name)
        }
        defineNames(of: branch.nodes, in: &inner)
        try addInitializers(of: branch) { inner.renamed[$0] ?? $0 }
        for description in branch.nodes { try add(description, in: inner) }
        for (output, target) in zip(branch.outputs, node.outputs) {
            let source = try known(output.name, in: inner, at: place)
            alias(source, as: target, for: name)
        }
    }

    /// The condition, when it is the same whatever the sizes and numbers given to the model.
    private func condition(
        of node: NodeDescription, at place: ONNXError.Place
    ) throws(ONNXError) -> Bool {
        guard node.inputs.count == 1 else {
            throw ONNXError(place, expected: "1 input", found: "\(node.inputs.count)")
        }
        let values = trackers.map { $0[node.inputs[0]]?.constant }
        let truths = Set(
            values.map { value in
                value?.elementType == .bool && value?.elementCount == 1
                    ? value?.doubles().first.map { $0 != 0 } : nil
            })
        guard truths.count == 1, let truth = truths.first ?? nil else {
            throw ONNXError(
                place, expected: "a condition that is known when the model is read",
                found: "'\(node.inputs[0].prefix(100))', which depends on the data")
        }
        return truth
    }

    // MARK: Functions

    private mutating func addFunction(
        _ node: NodeDescription, named name: String, in scope: BodyScope,
        at place: ONNXError.Place
    ) throws(ONNXError) {
        let key = FunctionDescription.Key(
            domain: node.domain, name: node.type, overload: node.overload)
        guard let function = functions[key] else {
            throw ONNXError(
                place, expected: "an operator of the standard set (domain 'ai.onnx')",
                found: "domain '\(node.domain.prefix(50))'")
        }
        guard !scope.functions.contains(key) else {
            throw ONNXError(
                place, expected: "functions that do not call themselves", found: "one that does")
        }
        guard node.inputs.count <= function.inputs.count,
            node.outputs.count <= function.outputs.count
        else {
            throw ONNXError(
                place,
                expected: "at most \(function.inputs.count) inputs and "
                    + "\(function.outputs.count) outputs, as the function has",
                found: "\(node.inputs.count) and \(node.outputs.count)")
        }
        try countBody(at: place)
        var inner = BodyScope(opset: try opset(of: function, at: place))
        inner.functions = scope.functions + [key]
        inner.attributes = try attributes(for: function, calledBy: node, in: scope, at: place)
        for (index, input) in function.inputs.enumerated() where !input.isEmpty {
            inner.renamed[input] = index < node.inputs.count ? node.inputs[index] : ""
        }
        defineNames(of: function.nodes, in: &inner)
        for description in function.nodes { try add(description, in: inner) }
        for (output, target) in zip(function.outputs, node.outputs) where !target.isEmpty {
            let source = try known(output, in: inner, at: place)
            alias(source, as: target, for: name)
        }
    }

    private func opset(
        of function: FunctionDescription, at place: ONNXError.Place
    ) throws(ONNXError) -> Int {
        let own = function.operatorSets.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }
        guard let version = own?.version else { return opset }
        guard Self.opsets.contains(version) else {
            throw ONNXError(
                place, expected: "opset 1 to \(Self.opsets.upperBound)", found: "\(version)")
        }
        return Int(version)
    }
}
