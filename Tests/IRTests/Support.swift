import IR
import Tensors
import Testing

/// Decodes an operator as a file would have it, checks its types and evaluates it.
func apply(
    _ type: String, opset: Int = 17, _ inputs: Tensor?...
) throws -> [Tensor] {
    try apply(type, [:], opset: opset, to: inputs)
}

/// The same with attributes.
func apply(
    _ type: String, _ attributes: [String: AttributeValue], opset: Int = 17, _ inputs: Tensor?...
) throws -> [Tensor] {
    try apply(type, attributes, opset: opset, to: inputs)
}

private func apply(
    _ type: String, _ attributes: [String: AttributeValue], opset: Int, to inputs: [Tensor?]
) throws -> [Tensor] {
    let (op, arguments) = try decode(type, attributes, opset: opset, inputs)
    let types = try op.outputTypes(for: arguments.map { $0.map { ValueInfo($0) } })
    let results = try op.evaluate(arguments)
    #expect(types.map(\.shape) == results.map(\.shape))
    #expect(types.map(\.elementType) == results.map(\.elementType))
    return results
}

/// The operator, and its inputs with those that old versions keep in attributes.
func decode(
    _ type: String, _ attributes: [String: AttributeValue], opset: Int, _ inputs: [Tensor?]
) throws -> (any Operator, [Tensor?]) {
    let (op, added) = try OperatorRegistry.decode(
        type, attributes: attributes, opset: opset, inputCount: inputs.count)
    var arguments = inputs
    for (index, value) in added {
        while arguments.count <= index { arguments.append(nil) }
        arguments[index] = value
    }
    return (op, arguments)
}

/// Checks shape and values; 1e-6 relative is a few float32 roundings.
func expect(
    _ tensor: Tensor, _ values: [Double], shape: [Int]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(tensor.shape == shape ?? [values.count], sourceLocation: sourceLocation)
    let found = tensor.doubles()
    let agree =
        found.count == values.count
        && zip(found, values).allSatisfy { a, b in
            a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-6 * max(abs(b), 1e-3)
        }
    #expect(agree, "expected \(values), found \(found)", sourceLocation: sourceLocation)
}

/// 1, 2, 3, … as float32 of the given shape.
func counting(_ shape: Int...) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Float($0 + 1) }, shape: shape)
}

/// Float32 values along one axis.
func row(_ values: Float...) -> Tensor { Tensor(values) }

/// Int64 values along one axis.
func list(_ values: Int64...) -> Tensor { Tensor(values) }

/// A float32 scalar.
func scalar(_ value: Float) -> Tensor { Tensor([value], shape: []) }

/// The type of a value that is not constant.
func value(_ shape: Int..., of elementType: ElementType = .float32) -> ValueInfo {
    ValueInfo(elementType: elementType, shape: shape)
}
