import IR
import Tensors

/// A version of the standard operators that Ferry writes, and the IR version that came with it.
struct WrittenOpset {
    /// Written where nothing else is asked for.
    static let usual = WrittenOpset(number: OperatorRegistry.writtenOpset)
    /// Files below 9 need attributes and inputs that no current tool asks for.
    static let range = 9...28

    let number: Int

    /// Source: ONNX, "Versioning", released versions.
    var irVersion: Int64 {
        switch number {
        case ...9: 4
        case 10: 5
        case 11: 6
        case 12...14: 7
        case 15...18: 8
        case 19...20: 9
        case 21...22: 10
        case 23: 11
        case 24: 12
        case 25...27: 13
        default: 14
        }
    }
}

/// Turns a node in the meaning of `OperatorRegistry.writtenOpset` into one of another version.
struct OpsetForm {
    let opset: Int
    /// The constant of a name, nil for a value that is computed.
    let constant: (String) -> Tensor?
    let type: (String) -> ValueInfo?
    /// Makes a constant for an input of a node.
    let add: (Tensor, _ wish: String) -> String

    /// What only another version has: words for a message.
    struct Misfit: Error {
        var found: String

        init(_ found: String) { self.found = found }
    }

    /// - Throws: `Misfit` when the version has no such node.
    func form(of node: WrittenNode) throws(Misfit) -> WrittenNode {
        var node = node
        node.attributes.removeAll {
            Self.firstVersion(of: $0, in: node.type) > opset && Self.isDefault($0)
        }
        try checkVersion(node)
        switch node.type {
        case "ReduceMax", "ReduceMean", "ReduceMin":
            if opset >= 18 { moveToInput("axes", 1, of: &node) }
            if opset < 18, node.inputs.count > 1 { throw Misfit("axes that depend on the data") }
        case "ReduceSum", "Squeeze", "Unsqueeze":
            if opset < 13 { try moveToAttribute(1, "axes", of: &node) }
            if opset < 11 { try countAxesFromFront(of: &node) }
        case "Split":
            if opset < 13 { try moveToAttribute(1, "split", of: &node) }
            if opset >= 18, node.inputs.count < 2 {
                node.attributes.append(("num_outputs", .int(Int64(node.outputs.count))))
            }
        case "Clip" where opset < 11:
            try moveToAttribute(2, "max", of: &node)
            try moveToAttribute(1, "min", of: &node)
        case "Pad" where opset < 11:
            try moveToAttribute(2, "value", of: &node)
            try moveToAttribute(1, "pads", of: &node)
        case "Slice" where opset < 10: try formSlice(&node)
        case "Dropout" where opset < 12:
            node.inputs = Array(node.inputs.prefix(2))
            try moveToAttribute(1, "ratio", of: &node)
        case "Gemm" where opset < 11 && node.inputs.count == 2:
            node.inputs.append(try zero(for: node))
        case "Softmax", "LogSoftmax":
            if opset < 13 { try formNormalizer(&node) }
        case "Resize" where opset < 13 && node.inputs.dropFirst().first == "":
            node.inputs[1] = add(Tensor([Float](), shape: [0]), "\(node.name)_roi")
        case "ArgMax", "Concat", "Flatten":
            if opset < 11 { try countAxisFromFront(of: &node) }
        default: break
        }
        return node
    }

    // MARK: What a version lacks

    /// The first version of operators that came after the lowest one written.
    private static let since = ["HardSwish": 14, "Resize": 11]

    private func checkVersion(_ node: WrittenNode) throws(Misfit) {
        if let first = Self.since[node.type], opset < first {
            throw Misfit("\(node.type), which came with \(first)")
        }
        for attribute in node.attributes {
            let first = Self.firstVersion(of: attribute, in: node.type)
            if opset < first { throw Misfit("\(attribute.name), which came with \(first)") }
        }
        if node.type == "Pad", node.inputs.count > 3, opset < 18 {
            throw Misfit("axes that depend on the data")
        }
        if node.type == "Upsample" { throw Misfit("scales that depend on the data") }
        if let (first, type) = newestType(in: node), opset < first {
            let other = type.isFloatingPoint && type.size < 4 ? " or --dtype f32" : ""
            throw Misfit("\(type), which came with \(first); give --opset \(first)\(other)")
        }
        try checkTypesAreAlike(node)
    }

    private static func firstVersion(
        of attribute: (name: String, value: AttributeValue), in type: String
    ) -> Int {
        switch (type, attribute.name) {
        case ("AveragePool", "dilations"), ("Cast", "saturate"): return 19
        case ("Cast", "round_mode"): return 24
        case ("BatchNormalization", "training_mode"): return 14
        case ("MaxPool", "dilations"), ("MaxPool", "ceil_mode"), ("AveragePool", "ceil_mode"):
            return 10
        case ("Resize", "antialias"), ("Resize", "axes"), ("Resize", "keep_aspect_ratio_policy"):
            return 18
        case ("Resize", "coordinate_transformation_mode"):
            if case .string("half_pixel_symmetric") = attribute.value { return 19 }
            return 11
        case ("Pad", "mode"):
            if case .string("wrap") = attribute.value { return 19 }
            return 9
        case ("Shape", "start"), ("Shape", "end"): return 15
        case ("Reshape", "allowzero"): return 14
        case ("ArgMax", "select_last_index"): return 12
        case ("ReduceSum", "noop_with_empty_axes"): return 13
        default: return 9
        }
    }

    /// Whether the attribute says what versions without it do.
    private static func isDefault(_ attribute: (name: String, value: AttributeValue)) -> Bool {
        switch attribute.value {
        case .ints(let values): attribute.name == "dilations" && values.allSatisfy { $0 == 1 }
        case .int(let value): attribute.name == "ceil_mode" && value == 0
        default: false
        }
    }

    /// Versions from which an operator takes bfloat16, where that is not 13.
    private static let sinceBrainFloat: [String: Int] = [
        "Conv": 22, "MaxPool": 22, "AveragePool": 22, "GlobalAveragePool": 22,
        "GlobalMaxPool": 22, "BatchNormalization": 14, "Relu": 14, "Add": 14, "Sub": 14, "Mul": 14,
        "Div": 14, "Elu": 22, "Selu": 22, "HardSigmoid": 22, "HardSwish": 22, "Softplus": 22,
        "LeakyRelu": 16, "PRelu": 16,
    ]

    /// The version whose operators took elements of a type, where it is not a type of old.
    private static func firstVersion(of type: ElementType, in operatorType: String) -> Int? {
        switch type {
        case .bfloat16: sinceBrainFloat[operatorType] ?? 13
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: 19
        case .int4, .uint4: 21
        case .float4e2m1: 23
        case .float8e8m0: 24
        case .int2, .uint2: 25
        default: nil
        }
    }

    /// The element type of a node that came last, and with which version; nil for those of old.
    private func newestType(in node: WrittenNode) -> (opset: Int, type: ElementType)? {
        let types = node.inputs.compactMap { type($0)?.elementType }
        var made = node.outputs.compactMap { type($0)?.elementType }
        for (name, value) in node.attributes where (node.type, name) == ("Cast", "to") {
            if case .int(let code) = value {
                made += [ElementType(dataType: Int32(code))].compactMap(\.self)
            }
        }
        let since = (types + made).compactMap { type in
            Self.firstVersion(of: type, in: node.type).map { (opset: $0, type: type) }
        }
        if let newest = since.max(by: { $0.opset < $1.opset }) { return newest }
        guard let first = types.first else { return nil }
        return switch node.type {
        case "ReduceMax", "ReduceMin": first == .bool ? (20, first) : nil
        case "Max", "Min", "Clip": first.isFloatingPoint ? nil : (12, first)
        case "Equal": first.isFloatingPoint ? (11, first) : nil
        default: nil
        }
    }

    // MARK: Inputs and attributes

    private func moveToInput(_ name: String, _ index: Int, of node: inout WrittenNode) {
        guard let place = node.attributes.firstIndex(where: { $0.name == name }),
            case .ints(let values) = node.attributes[place].value
        else { return }
        node.attributes.remove(at: place)
        while node.inputs.count <= index { node.inputs.append("") }
        node.inputs[index] = add(Tensor(values), "\(node.name)_\(name)")
    }

    /// Makes an attribute of a constant input, which must be the node's last one.
    private func moveToAttribute(
        _ index: Int, _ name: String, of node: inout WrittenNode
    ) throws(Misfit) {
        guard index < node.inputs.count else { return }
        let input = node.inputs.remove(at: index)
        while node.inputs.last == "" { node.inputs.removeLast() }
        if input.isEmpty { return }
        guard let tensor = constant(input) else { throw Misfit("\(name) that depend on the data") }
        if let values = tensor.integers() {
            node.attributes.append((name, .ints(values)))
        } else {
            guard tensor.elementCount == 1 else { throw Misfit("\(name) of several numbers") }
            node.attributes.append((name, .float(tensor.floats()[0])))
        }
    }

    private func rank(of node: WrittenNode) throws(Misfit) -> Int {
        guard let rank = type(node.inputs.first ?? "")?.shape.count else {
            throw Misfit("an axis from the end of a tensor of unknown rank")
        }
        return rank
    }

    private func countAxisFromFront(of node: inout WrittenNode) throws(Misfit) {
        for (place, attribute) in node.attributes.enumerated() where attribute.name == "axis" {
            if case .int(let axis) = attribute.value, axis < 0 {
                node.attributes[place].value = .int(axis + Int64(try rank(of: node)))
            }
        }
    }

    private func countAxesFromFront(of node: inout WrittenNode) throws(Misfit) {
        for (place, attribute) in node.attributes.enumerated() where attribute.name == "axes" {
            guard case .ints(let axes) = attribute.value, axes.contains(where: { $0 < 0 }) else {
                continue
            }
            let added = node.type == "Unsqueeze" ? axes.count : 0
            let rank = Int64(try rank(of: node) + added)
            node.attributes[place].value = .ints(axes.map { $0 < 0 ? $0 + rank : $0 })
        }
    }

    // MARK: Single operators

    private func formSlice(_ node: inout WrittenNode) throws(Misfit) {
        if node.inputs.count == 5 {
            let steps = constant(node.inputs.removeLast())?.integers()
            guard let steps, steps.allSatisfy({ $0 == 1 }) else { throw Misfit("steps") }
        }
        try moveToAttribute(3, "axes", of: &node)
        try moveToAttribute(2, "ends", of: &node)
        try moveToAttribute(1, "starts", of: &node)
        try countAxesFromFront(of: &node)
    }

    /// A C that adds nothing.
    private func zero(for node: WrittenNode) throws(Misfit) -> String {
        guard let type = type(node.inputs[0])?.elementType else {
            throw Misfit("a product without a term of known type")
        }
        return add(Tensor(rounding: [0], to: type, shape: [1]), "\(node.name)_C")
    }

    /// Before 13 all axes from `axis` on are one row, so it must be the last.
    private func formNormalizer(_ node: inout WrittenNode) throws(Misfit) {
        let rank = try rank(of: node)
        for (place, attribute) in node.attributes.enumerated() where attribute.name == "axis" {
            guard case .int(let axis) = attribute.value else { continue }
            let front = axis < 0 ? Int(axis) + rank : Int(axis)
            guard type(node.inputs[0])?.shape.dropFirst(front + 1).allSatisfy({ $0 == 1 }) ?? false
            else { throw Misfit("axis \(axis) of \(rank)") }
            node.attributes[place].value = .int(Int64(front))
        }
    }
}
