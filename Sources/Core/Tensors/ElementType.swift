/// The type of a tensor's elements, as the file formats name them.
///
/// Elements of fewer than 8 bits have a byte each in memory, as their value's sign-extended integer
/// or their float's code; files pack them.
package enum ElementType: String, CaseIterable, Sendable {
    case float32, float64, float16, bfloat16
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0
    case float4e2m1
    case int2, int4, int8, int16, int32, int64
    case uint2, uint4, uint8, uint16, uint32, uint64
    case bool

    /// Bytes one element occupies in memory.
    package var size: Int {
        switch self {
        case .int8, .uint8, .bool, .int4, .uint4, .int2, .uint2, .float4e2m1, .float8e4m3fn,
            .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0:
            1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// Bits that tell one value from another; a bool has a byte all the same.
    package var bitWidth: Int {
        switch self {
        case .int2, .uint2: 2
        case .int4, .uint4, .float4e2m1: 4
        default: 8 * size
        }
    }

    /// Whether files keep several elements in a byte.
    package var isPacked: Bool { bitWidth < 8 }

    /// Whether elements are floating-point numbers (and so may be weights).
    package var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .float16, .bfloat16: true
        default: smallFloat != nil
        }
    }

    /// The format of floats of at most 8 bits; nil for all other types.
    package var smallFloat: SmallFloat? {
        switch self {
        case .float8e4m3fn: .e4m3fn
        case .float8e4m3fnuz: .e4m3fnuz
        case .float8e5m2: .e5m2
        case .float8e5m2fnuz: .e5m2fnuz
        case .float8e8m0: .e8m0
        case .float4e2m1: .e2m1
        default: nil
        }
    }
}
