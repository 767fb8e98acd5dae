import Tensors

/// TensorProto.DataType: the element types a file may name.
///
/// Source: ONNX IR specification, TensorProto.
enum DataType {
    private static let names = [
        "UNDEFINED", "FLOAT", "UINT8", "INT8", "UINT16", "INT16", "INT32", "INT64", "STRING",
        "BOOL", "FLOAT16", "DOUBLE", "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16",
        "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4", "INT4",
        "FLOAT4E2M1", "FLOAT8E8M0", "UINT2", "INT2", "FLOAT6E2M3", "FLOAT6E3M2",
    ]

    /// The name for messages: `FLOAT8E5M2`, or the number where ONNX has no name.
    static func name(of value: Int32) -> String {
        names.indices.contains(Int(value)) ? names[Int(value)] : "element type \(value)"
    }
}

extension ElementType {
    /// The type of a DataType number; nil for those Ferry does not carry.
    init?(dataType: Int32) {
        guard let type = Self.allCases.first(where: { $0.dataType == dataType }) else {
            return nil
        }
        self = type
    }

    var dataType: Int32 {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .uint16: 4
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .uint32: 12
        case .uint64: 13
        case .bfloat16: 16
        case .float8e4m3fn: 17
        case .float8e4m3fnuz: 18
        case .float8e5m2: 19
        case .float8e5m2fnuz: 20
        case .uint4: 21
        case .int4: 22
        case .float4e2m1: 23
        case .float8e8m0: 24
        case .uint2: 25
        case .int2: 26
        }
    }

    /// TensorProto's field for elements that are not in raw_data.
    var typedField: Int {
        switch self {
        case .float32: 4
        case .int64: 7
        case .float64: 10
        case .uint32, .uint64: 11
        default: 5
        }
    }
}
