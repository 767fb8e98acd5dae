package import Tensors

/// x with its elements converted to another type.
///
/// To floating point: nearest, ties to even; to float8e8m0 by `rounding`. Between integers: the
/// lowest bits. From floating point to integers: truncated towards zero; what is out of range, which
/// the standard leaves open, saturates in 8 bits and more, and loses its highest bits in fewer; NaN
/// becomes 0. To bool: whether not 0.
///
/// Source: ONNX operator Cast; in opset 1 to 5 the type is named by a string.
package struct Cast: Foldable {
    package static let type = "Cast"
    package static let folding = Folding.movesBytes

    package var elementType: ElementType
    /// Whether floats of 8 bits become finite when they are out of range, rather than infinity or
    /// NaN.
    package var saturates = true
    /// How float8e8m0 rounds.
    package var rounding = Rounding.up

    package enum Rounding: String, CaseIterable, Sendable {
        case up, down, nearest

        var rule: FloatingPointRoundingRule {
            switch self {
            case .up: .up
            case .down: .towardZero
            case .nearest: .toNearestOrAwayFromZero
            }
        }
    }

    package init(to elementType: ElementType) {
        self.elementType = elementType
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        let found: String
        let known: ElementType?
        if reader.opset < 6 {
            let name = try reader.string("to")
            known = Self.names.first { $0.value == name }?.key
            found = name ?? "none"
        } else {
            let code = try reader.int("to")
            known = Self.codes.first { $0.value == code }?.key
            found = code.map { "\($0)" } ?? "none"
        }
        guard let known else {
            throw .attribute("to", expected: "an element type Ferry knows", found: found)
        }
        elementType = known
        if reader.opset >= 19 { saturates = try reader.flag("saturate", default: true) }
        if reader.opset >= 24 { rounding = try reader.choice("round_mode", default: .up) }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("to", Self.codes[elementType] ?? 0)
        guard elementType.smallFloat != nil else { return }
        if !saturates { writer.write("saturate", 0) }
        if elementType == .float8e8m0, rounding != .up {
            writer.write("round_mode", rounding.rawValue)
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        return [ValueInfo(elementType: elementType, shape: try inputs.present(0).shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let isPowerOfTwo = elementType == .float8e8m0
        return [
            inputs.present(0).converted(
                to: elementType, saturates: saturates, rounding: isPowerOfTwo ? rounding.rule : nil)
        ]
    }

    /// ONNX's TensorProto.DataType.
    private static let codes: [ElementType: Int] = [
        .float32: 1, .uint8: 2, .int8: 3, .uint16: 4, .int16: 5, .int32: 6, .int64: 7, .bool: 9,
        .float16: 10, .float64: 11, .uint32: 12, .uint64: 13, .bfloat16: 16,
        .float8e4m3fn: 17, .float8e4m3fnuz: 18, .float8e5m2: 19, .float8e5m2fnuz: 20, .uint4: 21,
        .int4: 22, .float4e2m1: 23, .float8e8m0: 24, .uint2: 25, .int2: 26,
    ]

    private static let names: [ElementType: String] = [
        .float32: "FLOAT", .uint8: "UINT8", .int8: "INT8", .uint16: "UINT16", .int16: "INT16",
        .int32: "INT32", .int64: "INT64", .bool: "BOOL", .float16: "FLOAT16", .float64: "DOUBLE",
        .uint32: "UINT32", .uint64: "UINT64",
    ]
}
