import COnnx
import CProtobuf
import IR

extension AttributeDescription {
    /// The value in the field that `type` names. IR version 1 had no `type`: there the one field
    /// present counts.
    init(_ message: borrowing Onnx__AttributeProto) {
        name = unsafe text(message.name)
        let reference = unsafe text(message.ref_attr_name)
        if !reference.isEmpty {
            content = .reference(reference)
            return
        }
        let present = unsafe Self.presentKinds(message)
        var kind = unsafe message.has_type != 0 ? Int(message.type.rawValue) : 0
        if kind == 0, present.count == 1 { kind = present[0] }
        guard kind > 0, kind < Self.kindNames.count else {
            content = .invalid(
                expected: "a value of one type",
                found: kind == 0 ? "\(present.count) values" : "type \(kind)")
            return
        }
        if let other = present.first(where: { $0 != kind }) {
            content = .invalid(
                expected: "a value of type \(Self.kindNames[kind])",
                found: "one of type \(Self.kindNames[other])")
            return
        }
        content = unsafe Self.content(message, kind: kind)
    }

    /// AttributeProto.AttributeType, by number.
    private static let kindNames = [
        "UNDEFINED", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS",
        "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS",
    ]

    private static func presentKinds(_ message: borrowing Onnx__AttributeProto) -> [Int] {
        let isPresent = unsafe [
            false, message.has_f != 0, message.has_i != 0, message.has_s != 0, message.t != nil,
            message.g != nil, message.n_floats > 0, message.n_ints > 0, message.n_strings > 0,
            message.n_tensors > 0, message.n_graphs > 0, message.sparse_tensor != nil,
            message.n_sparse_tensors > 0, message.tp != nil, message.n_type_protos > 0,
        ]
        return isPresent.indices.filter { isPresent[$0] }
    }

    /// A numeric field that is absent is 0: writers may leave out what equals the default.
    private static func content(
        _ message: borrowing Onnx__AttributeProto, kind: Int
    ) -> Content {
        switch kind {
        case 1: return unsafe .value(.float(message.f))
        case 2: return unsafe .value(.int(message.i))
        case 3: return .value(unsafe string(message.s).map { .string($0) } ?? .other("bytes"))
        case 4:
            guard let tensor = unsafe message.t else {
                return .invalid(expected: "a tensor", found: "nothing")
            }
            return unsafe .tensor(TensorDescription(tensor.pointee))
        case 5:
            guard let graph = unsafe message.g else {
                return .invalid(expected: "a graph", found: "nothing")
            }
            return unsafe .graph(GraphDescription(graph.pointee))
        case 6:
            let values = unsafe UnsafeBufferPointer(start: message.floats, count: message.n_floats)
            return unsafe .value(.floats(Array(values)))
        case 7:
            let values = unsafe UnsafeBufferPointer(start: message.ints, count: message.n_ints)
            return unsafe .value(.ints(Array(values)))
        case 8:
            let values = unsafe UnsafeBufferPointer(
                start: message.strings, count: message.n_strings)
            let strings = unsafe values.compactMap { unsafe string($0) }
            return unsafe .value(
                strings.count == message.n_strings ? .strings(strings) : .other("lists of bytes"))
        default: return .value(.other(kindNames[kind].lowercased()))
        }
    }

    private static func string(_ data: ProtobufCBinaryData) -> String? {
        unsafe String(validating: bytes(data), as: UTF8.self)
    }
}
