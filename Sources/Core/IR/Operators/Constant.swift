package import Tensors

/// y = the tensor kept in the operator.
///
/// Source: ONNX operator Constant; strings and sparse tensors are refused.
package struct Constant: Foldable {
    package static let type = "Constant"
    package static let folding = Folding.sharesBytes

    package var value: Tensor

    package init(value: Tensor) {
        self.value = value
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        for name in ["sparse_value", "value_string", "value_strings"] where reader.has(name) {
            throw .unsupported("a Constant with '\(name)'")
        }
        var values: [Tensor] = []
        if let tensor = try reader.tensor("value") { values.append(tensor) }
        if let float = try reader.float("value_float") {
            values.append(Tensor([float], shape: []))
        }
        if let floats = try reader.floats("value_floats") { values.append(Tensor(floats)) }
        if let int = try reader.int("value_int") { values.append(Tensor([Int64(int)], shape: [])) }
        if let ints = try reader.ints("value_ints") {
            values.append(Tensor(ints.map { Int64($0) }))
        }
        guard values.count == 1 else {
            throw .attribute("value", expected: "one value", found: "\(values.count)")
        }
        value = values[0]
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("value", .tensor(value))
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(0...0)
        return [ValueInfo(value)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] { [value] }

    package func constantOutputs(for inputs: [ValueInfo?]) -> [Tensor]? { [value] }
}
