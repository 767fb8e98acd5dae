import COnnx
import FormatInterface
import IR
import Tensors

/// Makes the messages of a model file from a checkpoint: the same bytes for the same checkpoint.
struct ModelWriter {
    private let checkpoint: Checkpoint
    private let graph: Graph
    private let opset: WrittenOpset
    let destination: String

    /// - Throws: `OutputError` when the checkpoint has no graph, or names that ONNX cannot hold.
    init(
        _ checkpoint: Checkpoint, opset: WrittenOpset = .usual, destination: String
    ) throws(OutputError) {
        guard let graph = checkpoint.graph else {
            throw OutputError(
                file: destination, problem: "expected a graph to write as ONNX, found tensors alone"
            )
        }
        self.checkpoint = checkpoint
        self.opset = opset
        self.graph = graph
        self.destination = destination
        try checkNames()
    }

    /// - Parameter external: where the tensors lie that are kept in another file.
    func model(external: ExternalLayout? = nil) throws(OutputError) -> MessagePieces {
        var model = MessagePieces()
        let arena = MessageArena()
        let head = unsafe arena.message(onnx__model_proto__init)
        unsafe head.pointee.has_ir_version = 1
        unsafe head.pointee.ir_version = opset.irVersion
        unsafe head.pointee.producer_name = arena.string("ferry")
        unsafe model.append(packed(head))
        try model.append(field: 7, graphMessage(external))
        let tail = unsafe arena.message(onnx__model_proto__init)
        let set = unsafe arena.message(onnx__operator_set_id_proto__init)
        unsafe set.pointee.domain = arena.string("")
        unsafe set.pointee.has_version = 1
        unsafe set.pointee.version = Int64(opset.number)
        unsafe tail.pointee.n_opset_import = 1
        unsafe tail.pointee.opset_import = arena.list([set])
        let entries = unsafe checkpoint.metadata.sorted { $0.key < $1.key }.map { key, value in
            let entry = unsafe arena.message(onnx__string_string_entry_proto__init)
            unsafe entry.pointee.key = arena.string(key)
            unsafe entry.pointee.value = arena.string(value)
            return unsafe entry
        }
        unsafe tail.pointee.n_metadata_props = entries.count
        unsafe tail.pointee.metadata_props = arena.list(entries)
        unsafe model.append(packed(tail))
        return model
    }

    private func graphMessage(_ external: ExternalLayout?) throws(OutputError) -> MessagePieces {
        var message = MessagePieces()
        let types = valueTypes()
        var lowering = OpsetLowering(
            valueNames: NameSource(valueNames), types: types, opset: opset,
            destination: destination)
        var unread = Set(graph.nodes.flatMap(\.inputs)).subtracting(graph.outputs.map(\.name))
        for node in graph.nodes {
            for written in try lowering.nodes(for: node) {
                try message.append(field: 1, nodeMessage(written))
                unread.subtract(written.inputs)
            }
        }
        let arena = MessageArena()
        let head = unsafe arena.message(onnx__graph_proto__init)
        // ONNX's checker refuses a graph without a name.
        unsafe head.pointee.name = arena.string(graph.name.isEmpty ? "graph" : graph.name)
        unsafe message.append(packed(head))
        for (index, tensor) in (checkpoint.tensors + lowering.constants).enumerated()
        // What became attributes is no tensor any more.
        where !unread.contains(tensor.name) {
            let place = external?.place(of: index)
            message.append(
                field: 5, MessagePieces(tensor: tensor.tensor, name: tensor.name, external: place))
        }
        let tail = unsafe arena.message(onnx__graph_proto__init)
        let inputs = unsafe graph.inputs.map { unsafe declaration($0, types, arena) }
        let outputs = unsafe graph.outputs.map { unsafe declaration($0, types, arena) }
        unsafe tail.pointee.n_input = inputs.count
        unsafe tail.pointee.input = arena.list(inputs)
        unsafe tail.pointee.n_output = outputs.count
        unsafe tail.pointee.output = arena.list(outputs)
        unsafe message.append(packed(tail))
        return message
    }

    /// Types of all values for the declared input shapes, or for likely sizes of what those leave
    /// open; of constants alone where these do not tell.
    private func valueTypes() -> [String: ValueInfo] {
        let constants = Dictionary(checkpoint.tensors.map { ($0.name, $0.tensor) }) { $1 }
        let shapes =
            (try? graph.defaultInputShapes()) ?? graph.assumedShapes(batch: 1, side: 224)
        return (try? graph.inferTypes(inputShapes: shapes, constants: constants))
            ?? constants.mapValues { ValueInfo($0) }
    }

    /// A ValueInfoProto. ONNX's checker asks for a shape, so a missing one is written as the
    /// inferred rank with unknown sizes.
    private func declaration(
        _ value: ValueDeclaration, _ types: [String: ValueInfo], _ arena: MessageArena
    ) -> UnsafeMutablePointer<Onnx__ValueInfoProto> {
        let tensor = unsafe arena.message(onnx__type_proto__tensor__init)
        unsafe tensor.pointee.has_elem_type = 1
        unsafe tensor.pointee.elem_type = value.elementType.dataType
        let shape =
            value.shape ?? types[value.name].map { $0.shape.map { _ in Dimension.unknown } }
        if let shape {
            let message = unsafe arena.message(onnx__tensor_shape_proto__init)
            let dimensions = unsafe shape.map { unsafe dimension($0, arena) }
            unsafe message.pointee.n_dim = dimensions.count
            unsafe message.pointee.dim = arena.list(dimensions)
            unsafe tensor.pointee.shape = message
        }
        let type = unsafe arena.message(onnx__type_proto__init)
        unsafe type.pointee.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
        unsafe type.pointee.tensor_type = tensor
        let message = unsafe arena.message(onnx__value_info_proto__init)
        unsafe message.pointee.name = arena.string(value.name)
        unsafe message.pointee.type = type
        return unsafe message
    }

    private func dimension(
        _ size: Dimension, _ arena: MessageArena
    ) -> UnsafeMutablePointer<Onnx__TensorShapeProto__Dimension> {
        let message = unsafe arena.message(onnx__tensor_shape_proto__dimension__init)
        switch size {
        case .fixed(let count):
            unsafe message.pointee.value_case =
                ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE
            unsafe message.pointee.dim_value = Int64(count)
        case .symbolic(let name):
            unsafe message.pointee.value_case =
                ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
            unsafe message.pointee.dim_param = arena.string(name)
        case .unknown: break
        }
        return unsafe message
    }

    /// Names of all values, in the order of the file.
    private var valueNames: [String] {
        checkpoint.tensors.map(\.name) + graph.inputs.map(\.name)
            + graph.nodes.flatMap { $0.inputs + $0.outputs }
    }

    private func checkNames() throws(OutputError) {
        var tensors: Set<String> = []
        for tensor in checkpoint.tensors {
            guard !tensor.name.isEmpty, tensors.insert(tensor.name).inserted else {
                throw OutputError(
                    file: destination,
                    problem: tensor.name.isEmpty
                        ? "expected tensors with names, found one without"
                        : "expected one tensor named '\(tensor.name)', found several")
            }
        }
        let texts =
            valueNames + graph.outputs.map(\.name) + graph.nodes.map(\.name) + [graph.name]
            + checkpoint.metadata.flatMap { [$0.key, $0.value] }
        // libprotobuf-c's strings end at NUL.
        if let text = texts.first(where: { $0.utf8.contains(0) }) {
            throw OutputError(
                file: destination, problem: "expected text without NUL, found '\(text)'")
        }
    }
}
