package import Tensors

/// How a field's value is laid out, as the low three bits of its tag say.
package enum WireType: UInt8, Sendable {
    case varint = 0
    case fixed64 = 1
    case lengthDelimited = 2
    case fixed32 = 5
}

/// One field of a protobuf message: its number and where its value lies.
package struct WireField: Sendable {
    /// Where the tag begins.
    package var offset: Int
    package var number: Int
    package var wireType: WireType
    /// The value's bytes: for a length-delimited field its content.
    package var value: Range<Int>
}

/// An error that can say which byte of a message breaks the wire format.
package protocol WireFailure: Error {
    init(byte offset: Int, expected: String, found: String)
}

/// Walks over the fields of one protobuf message without interpreting them.
///
/// Source: Protocol Buffers, "Encoding". Groups (wire types 3 and 4), which neither ONNX nor Caffe
/// uses, are refused.
package struct ProtobufCursor<Failure: WireFailure> {
    private let storage: ByteStorage
    package private(set) var position: Int
    private let end: Int

    package init(_ storage: ByteStorage, _ range: Range<Int>) {
        self.storage = storage
        position = range.lowerBound
        end = range.upperBound
    }

    package var isAtEnd: Bool { position >= end }

    /// Reads a variable-length integer of at most 10 bytes, 7 bits a byte, lowest first.
    package mutating func varint() throws(Failure) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        for index in 0..<10 {
            guard position < end else {
                throw Failure(
                    byte: start, expected: "a whole number field", found: "the end of its message")
            }
            let byte = unsafe storage.bytes.unsafeLoad(fromByteOffset: position, as: UInt8.self)
            position += 1
            // The tenth byte holds bit 63 alone.
            if index == 9, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << (7 * UInt64(index))
            if byte < 0x80 { return value }
        }
        throw Failure(byte: start, expected: "a number of at most 64 bits", found: "a longer one")
    }

    /// Reads the next tag and moves past its value, which must lie inside the message.
    package mutating func field() throws(Failure) -> WireField {
        let offset = position
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw Failure(
                byte: offset, expected: "a field number from 1 to 536870911",
                found: "\(tag >> 3)")
        }
        guard let wireType = WireType(rawValue: UInt8(tag & 7)) else {
            throw Failure(byte: offset, expected: "wire type 0, 1, 2 or 5", found: "\(tag & 7)")
        }
        let value = try skip(wireType, offset: offset)
        return WireField(
            offset: offset, number: Int(tag >> 3), wireType: wireType, value: value)
    }

    private mutating func skip(
        _ wireType: WireType, offset: Int
    ) throws(Failure) -> Range<Int> {
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
            throw Failure(
                byte: offset, expected: "a field of at most the \(end - position) bytes left",
                found: "\(length) bytes")
        }
        let start = position
        position += Int(length)
        return start..<position
    }
}
