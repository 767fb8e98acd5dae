import Tensors

/// How a field's value is laid out, as the low three bits of its tag say.
enum WireType: UInt8 {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}

/// One field of a message: its number and where its value lies.
struct WireField {
    /// Where the tag begins.
    var offset: Int
    var number: Int
    var wireType: WireType
    /// The value's bytes: for a length-delimited field its content.
    var value: Range<Int>
}

/// Walks over the fields of one protobuf message without interpreting them.
///
/// Source: Protocol Buffers, "Encoding". Groups (wire types 3 and 4), which ONNX never uses, are
/// refused.
struct WireCursor {
    private let storage: ByteStorage
    private(set) var position: Int
    private let end: Int

    init(_ storage: ByteStorage, _ range: Range<Int>) {
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position >= end }

    /// Reads a variable-length integer of at most 10 bytes, 7 bits a byte, lowest first.
    mutating func varint() throws(ONNXError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for index in 0..<10 {
            guard position < end else {
                throw ONNXError(
                    .byte(start), expected: "a whole number field", found: "the end of its message")
            }
            let byte = unsafe storage.bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            position += 1
            // The tenth byte holds bit 63 alone.
            if index == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << (7 * UInt64(index))
            if byte < 0x80 { return value }
        }
        throw ONNXError(
            .byte(start), expected: "a number of at most 64 bits", found: "a longer one")
    }

    /// Reads the next tag and moves past its value, which must lie inside the message.
    mutating func field() throws(ONNXError) -> WireField {
        let offset = position
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw ONNXError(
                .byte(offset), expected: "a field number from 1 to 536870911",
                found: "\(tag >> 3)")
        }
        guard let wireType = WireType(rawValue: UInt8(tag & 7)) else {
            throw ONNXError(
                .byte(offset), expected: "wire type 0, 1, 2 or 5", found: "\(tag & 7)")
        }
        let value = try skip(wireType, offset: offset)
        return WireField(
            offset: offset, number: Int(tag >> 3), wireType: wireType, value: value)
    }

    private mutating func skip(
        _ wireType: WireType, offset: Int
    ) throws(ONNXError) -> Range<Int> {
        let length: UInt64
        switch wireType {
        case .varint:
            let start = position
            _ = try varint()
            return start..<position
        case .fixed64: length = 8
        case .fixed32: length = 4
        case .lengthDelimited: length = try varint()
        }
        guard length <= UInt64(end - position) else {
            throw ONNXError(
                .byte(offset), expected: "a field of at most the \(end - position) bytes left",
                found: "\(length) bytes")
        }
        let start = position
        position += Int(length)
        return start..<position
    }
}
