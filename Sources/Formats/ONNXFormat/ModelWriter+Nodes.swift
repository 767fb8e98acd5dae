import COnnx
import FormatInterface
import IR

extension ModelWriter {
    /// A NodeProto.
    func nodeMessage(_ node: WrittenNode) throws(OutputError) -> MessagePieces {
        var message = MessagePieces()
        let arena = MessageArena()
        let head = unsafe arena.message(onnx__node_proto__init)
        unsafe head.pointee.n_input = node.inputs.count
        unsafe head.pointee.input = arena.strings(node.inputs)
        unsafe head.pointee.n_output = node.outputs.count
        unsafe head.pointee.output = arena.strings(node.outputs)
        unsafe head.pointee.name = arena.string(node.name)
        unsafe head.pointee.op_type = arena.string(node.type)
        unsafe message.append(packed(head))
        for attribute in node.attributes {
            guard let content = attributeMessage(attribute.name, attribute.value) else {
                throw OutputError(
                    file: destination,
                    problem: "node '\(node.name)' (\(node.type)): expected an attribute ONNX can "
                        + "hold, found '\(attribute.name)'")
            }
            message.append(field: 5, content)
        }
        return message
    }

    /// An AttributeProto; nil for a value without a form there.
    private func attributeMessage(_ name: String, _ value: AttributeValue) -> MessagePieces? {
        let arena = MessageArena()
        let head = unsafe arena.message(onnx__attribute_proto__init)
        unsafe head.pointee.name = arena.string(name)
        unsafe head.pointee.has_type = 1
        var message = MessagePieces()
        switch value {
        case .int(let number):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT
            unsafe head.pointee.has_i = 1
            unsafe head.pointee.i = number
        case .float(let number):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT
            unsafe head.pointee.has_f = 1
            unsafe head.pointee.f = number
        case .string(let text):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING
            unsafe head.pointee.has_s = 1
            unsafe head.pointee.s = arena.bytes(text)
        case .ints(let numbers):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS
            unsafe head.pointee.n_ints = numbers.count
            unsafe head.pointee.ints = arena.array(numbers)
        case .floats(let numbers):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS
            unsafe head.pointee.n_floats = numbers.count
            unsafe head.pointee.floats = arena.array(numbers)
        case .strings(let texts):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS
            unsafe head.pointee.n_strings = texts.count
            unsafe head.pointee.strings = arena.array(texts.map { unsafe arena.bytes($0) })
        case .tensor(let tensor):
            unsafe head.pointee.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR
            message.append(field: 5, MessagePieces(tensor: tensor, name: ""))
        case .other: return nil
        }
        unsafe message.append(packed(head))
        return message
    }
}
