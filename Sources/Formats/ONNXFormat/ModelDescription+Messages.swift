import COnnx
import CProtobuf

// Copies libprotobuf-c's messages into Swift values.

extension ModelDescription {
    init(_ message: borrowing Onnx__ModelProto) {
        irVersion = unsafe message.has_ir_version != 0 ? message.ir_version : 0
        let version = unsafe text(message.producer_version)
        let name = unsafe text(message.producer_name)
        producer = version.isEmpty ? name : "\(name) \(version)"
        operatorSets = unsafe list(message.opset_import, message.n_opset_import) {
            unsafe (text($0.domain), $0.has_version != 0 ? $0.version : 0)
        }
        metadata = unsafe list(message.metadata_props, message.n_metadata_props) {
            unsafe (text($0.key), text($0.value))
        }
        functions = unsafe list(message.functions, message.n_functions) {
            unsafe FunctionDescription($0)
        }
        graph = unsafe message.graph.map { unsafe GraphDescription($0.pointee) }
    }
}

extension GraphDescription {
    init(_ message: borrowing Onnx__GraphProto) {
        name = unsafe text(message.name)
        nodes = unsafe list(message.node, message.n_node) { unsafe NodeDescription($0) }
        initializers = unsafe list(message.initializer, message.n_initializer) {
            unsafe TensorDescription($0)
        }
        sparseInitializers = unsafe list(
            message.sparse_initializer, message.n_sparse_initializer
        ) { sparse in
            unsafe sparse.values.map { unsafe TensorDescription($0.pointee) }
        }
        inputs = unsafe list(message.input, message.n_input) { unsafe DeclarationDescription($0) }
        outputs = unsafe list(message.output, message.n_output) {
            unsafe DeclarationDescription($0)
        }
    }
}

extension FunctionDescription {
    init(_ message: borrowing Onnx__FunctionProto) {
        key = unsafe Key(
            domain: text(message.domain), name: text(message.name),
            overload: text(message.overload))
        inputs = unsafe texts(message.input, message.n_input)
        outputs = unsafe texts(message.output, message.n_output)
        defaults = unsafe list(message.attribute_proto, message.n_attribute_proto) {
            unsafe AttributeDescription($0)
        }
        nodes = unsafe list(message.node, message.n_node) { unsafe NodeDescription($0) }
        operatorSets = unsafe list(message.opset_import, message.n_opset_import) {
            unsafe (text($0.domain), $0.has_version != 0 ? $0.version : 0)
        }
    }
}

extension NodeDescription {
    init(_ message: borrowing Onnx__NodeProto) {
        name = unsafe text(message.name)
        type = unsafe text(message.op_type)
        domain = unsafe text(message.domain)
        overload = unsafe text(message.overload)
        inputs = unsafe texts(message.input, message.n_input)
        outputs = unsafe texts(message.output, message.n_output)
        attributes = unsafe list(message.attribute, message.n_attribute) {
            unsafe AttributeDescription($0)
        }
    }
}

extension TensorDescription {
    init(_ message: borrowing Onnx__TensorProto) {
        name = unsafe text(message.name)
        dataType = unsafe message.has_data_type != 0 ? message.data_type : 0
        dims = unsafe Array(UnsafeBufferPointer(start: message.dims, count: message.n_dims))
        hasSegment = unsafe message.segment != nil
        externalData = unsafe list(message.external_data, message.n_external_data) {
            unsafe (key: text($0.key), value: text($0.value))
        }
        dataLocation =
            unsafe message.has_data_location != 0 ? Int(message.data_location.rawValue) : 0
        // ModelReduction put the index here.
        let index = unsafe bytes(message.raw_data)
        elements =
            index.count == 4
            ? index.reversed().reduce(0) { $0 << 8 | Int($1) } : nil
    }
}

extension DeclarationDescription {
    init(_ message: borrowing Onnx__ValueInfoProto) {
        name = unsafe text(message.name)
        guard let type = unsafe message.type else {
            kind = .missing
            return
        }
        switch unsafe type.pointee.value_case {
        case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
            kind = unsafe Self.tensorKind(type.pointee.tensor_type)
        case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE: kind = .other("a sequence")
        case ONNX__TYPE_PROTO__VALUE_MAP_TYPE: kind = .other("a map")
        case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE: kind = .other("an optional")
        case ONNX__TYPE_PROTO__VALUE_SPARSE_TENSOR_TYPE: kind = .other("a sparse tensor")
        case ONNX__TYPE_PROTO__VALUE_OPAQUE_TYPE: kind = .other("an opaque value")
        default: kind = .missing
        }
    }

    private static func tensorKind(_ type: UnsafeMutablePointer<Onnx__TypeProto__Tensor>?) -> Kind {
        guard let type = unsafe type?.pointee else { return .missing }
        let shape = unsafe type.shape.map { shape in
            unsafe list(shape.pointee.dim, shape.pointee.n_dim) { unsafe Dimension($0) }
        }
        return unsafe .tensor(dataType: type.has_elem_type != 0 ? type.elem_type : 0, shape: shape)
    }
}

extension DeclarationDescription.Dimension {
    init(_ message: borrowing Onnx__TensorShapeProto__Dimension) {
        switch unsafe message.value_case {
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE:
            self = unsafe .size(message.dim_value)
        case ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM:
            let name = unsafe text(message.dim_param)
            self = name.isEmpty ? .unknown : .name(name)
        default: self = .unknown
        }
    }
}

/// A C string; absent ones are empty.
func text(_ string: UnsafePointer<CChar>?) -> String {
    unsafe string.map { unsafe String(cString: $0) } ?? ""
}

func texts(_ strings: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, _ count: Int) -> [String]
{
    unsafe UnsafeBufferPointer(start: strings, count: count).map { unsafe text($0) }
}

func bytes(_ data: ProtobufCBinaryData) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: data.data, count: data.len))
}

/// The messages of a repeated field.
func list<Message, Value>(
    _ messages: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?, _ count: Int,
    _ transform: (Message) -> Value
) -> [Value] {
    unsafe UnsafeBufferPointer(start: messages, count: count).compactMap { message in
        unsafe message.map { unsafe transform($0.pointee) }
    }
}
