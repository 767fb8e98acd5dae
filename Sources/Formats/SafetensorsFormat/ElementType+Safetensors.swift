import Tensors

extension ElementType {
    /// The name of a dtype in the header.
    var dtype: String {
        switch self {
        case .float64: "F64"
        case .float32: "F32"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .int64: "I64"
        case .int32: "I32"
        case .int16: "I16"
        case .int8: "I8"
        case .uint64: "U64"
        case .uint32: "U32"
        case .uint16: "U16"
        case .uint8: "U8"
        case .bool: "BOOL"
        }
    }

    init?(dtype: String) {
        guard let type = Self.allCases.first(where: { $0.dtype == dtype }) else { return nil }
        self = type
    }
}
