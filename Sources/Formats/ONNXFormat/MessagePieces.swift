import COnnx
import FormatInterface
import Tensors

/// The bytes of a message in writing order: packed fields, and weights left where they lie.
///
/// Fields of a protobuf message may be packed apart and put behind each other, so a message holding
/// weights is a few packed fields, then a tag, a length and the weights themselves.
struct MessagePieces {
    enum Piece {
        case packed([UInt8])
        case elements(Tensor)
    }

    /// Tensors of fewer bytes are copied: a system call costs more.
    private static let copyLimit = 4096

    private var closed: [Piece] = []
    /// Packed fields behind the last of `closed`.
    private var tail: [UInt8] = []
    /// Bytes of all pieces.
    private(set) var count = 0

    var pieces: [Piece] { tail.isEmpty ? closed : closed + [.packed(tail)] }

    init() {}

    /// A TensorProto: name, type and dimensions packed, the elements as raw_data or at `external`.
    init(tensor: Tensor, name: String, external: ExternalLayout.Place? = nil) {
        let arena = MessageArena()
        let header = unsafe arena.message(onnx__tensor_proto__init)
        unsafe header.pointee.n_dims = tensor.rank
        unsafe header.pointee.dims = arena.array(tensor.shape.map { Int64($0) })
        unsafe header.pointee.has_data_type = 1
        unsafe header.pointee.data_type = tensor.elementType.dataType
        if !name.isEmpty { unsafe header.pointee.name = arena.string(name) }
        if let external {
            let entries = unsafe external.entries.map { key, value in
                let entry = unsafe arena.message(onnx__string_string_entry_proto__init)
                unsafe entry.pointee.key = arena.string(key)
                unsafe entry.pointee.value = arena.string(value)
                return unsafe entry
            }
            unsafe header.pointee.n_external_data = entries.count
            unsafe header.pointee.external_data = arena.list(entries)
            unsafe header.pointee.has_data_location = 1
            unsafe header.pointee.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
        }
        unsafe append(packed(header))
        if external != nil { return }
        // The specification gives a tensor without elements no data field.
        if tensor.byteCount > 0 { append(field: 9, elements: tensor.packed()) }
    }

    /// Appends packed fields of this message.
    mutating func append(_ fields: [UInt8]) {
        tail += fields
        count += fields.count
    }

    /// Appends a submessage.
    mutating func append(field: Int, _ message: MessagePieces) {
        append(Self.header(field, count: message.count))
        for piece in message.pieces {
            switch piece {
            case .packed(let bytes): append(bytes)
            case .elements(let tensor): append(tensor)
            }
        }
    }

    private mutating func append(field: Int, elements: Tensor) {
        append(Self.header(field, count: elements.byteCount))
        if elements.byteCount <= Self.copyLimit {
            append(unsafe elements.withUnsafeBytes { unsafe Array($0) })
        } else {
            append(elements)
        }
    }

    private mutating func append(_ elements: Tensor) {
        closed.append(.packed(tail))
        closed.append(.elements(elements))
        tail = []
        count += elements.byteCount
    }

    private static func header(_ field: Int, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendVarint(UInt64(field) << 3 | UInt64(WireType.lengthDelimited.rawValue))
        bytes.appendVarint(UInt64(count))
        return bytes
    }
}
