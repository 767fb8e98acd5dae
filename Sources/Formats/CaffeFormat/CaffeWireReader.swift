import FormatInterface
import Tensors

/// Reads messages in protobuf's wire form.
///
/// The messages that Ferry reads do not contain themselves, so their own list bounds the depth.
/// Numbers of tensors stay where they lie; names, settings and shapes are few and bounded.
struct CaffeWireReader {
    /// Fields of a network besides its weights.
    private static let fieldLimit = 1 << 17
    /// Bytes of its names.
    private static let textLimit = 16 << 20

    private let storage: ByteStorage
    private var fieldCount = 0
    private var textCount = 0

    init(_ storage: ByteStorage) {
        self.storage = storage
    }

    /// - Throws: `CaffeError` at the byte where the wire format, a limit or a type is violated.
    mutating func message(
        _ kind: CaffeMessageKind, in range: Range<Int>
    ) throws(CaffeError) -> CaffeMessage {
        var cursor = WireCursor(storage, range)
        var message = CaffeMessage(kind, at: .byte(range.lowerBound))
        var elements: [String: CaffeElements] = [:]
        while !cursor.isAtEnd {
            let wire = try cursor.field()
            guard let field = kind.field(numbered: wire.number) else { continue }
            if case .elements(let width) = field.type {
                try add(wire, to: &elements[field.name, default: CaffeElements(width: width)])
                continue
            }
            if field.type == .ignored {
                message.replace(field.name, by: .present)
                continue
            }
            if field.isRepeated, wire.wireType == .lengthDelimited, field.type.wireType == .varint {
                try appendPacked(wire, field, to: &message)
                continue
            }
            let value = try value(of: wire, field)
            if field.isRepeated {
                try count(wire)
                message.append(value, to: field.name)
            } else {
                if case .message = value, message.has(field.name) {
                    throw CaffeError(
                        .byte(wire.offset), expected: "\(field.name) once", found: "it twice")
                }
                message.replace(field.name, by: value)
            }
        }
        for (name, numbers) in elements { message.replace(name, by: .elements(numbers)) }
        return message
    }

    private mutating func value(
        of wire: WireField, _ field: CaffeField
    ) throws(CaffeError) -> CaffeValue {
        guard wire.wireType == field.type.wireType else {
            throw CaffeError(
                .byte(wire.offset),
                expected: "\(field.name) with wire type \(field.type.wireType.rawValue)",
                found: "\(wire.wireType.rawValue)")
        }
        switch field.type {
        case .message(let kind): return .message(try message(kind, in: wire.value))
        case .text: return .text(try text(wire, field))
        case .float:
            let bits = storage.integer(at: wire.value.lowerBound, as: UInt32.self) ?? 0
            return .float(Float(bitPattern: bits))
        default:
            var cursor = WireCursor(storage, wire.value)
            return .integer(try integer(cursor.varint(), field, at: wire.offset))
        }
    }

    private func integer(
        _ bits: UInt64, _ field: CaffeField, at offset: Int
    ) throws(CaffeError) -> Int {
        let number = Int(truncatingIfNeeded: bits)
        if case .choice(let names) = field.type, !names.indices.contains(number) {
            throw CaffeError(
                .byte(offset), expected: "\(field.name) of 0 to \(names.count - 1)",
                found: "\(number)")
        }
        return number
    }

    private mutating func appendPacked(
        _ wire: WireField, _ field: CaffeField, to message: inout CaffeMessage
    ) throws(CaffeError) {
        var cursor = WireCursor(storage, wire.value)
        while !cursor.isAtEnd {
            try count(wire)
            let number = try integer(cursor.varint(), field, at: wire.offset)
            message.append(.integer(number), to: field.name)
        }
    }

    private mutating func text(
        _ wire: WireField, _ field: CaffeField
    ) throws(CaffeError) -> String {
        textCount += wire.value.count
        guard textCount <= Self.textLimit else {
            throw CaffeError(
                .byte(wire.offset), expected: "at most \(Self.textLimit >> 20) MiB of names",
                found: "more")
        }
        let bytes = ByteRegion(storage, wire.value).copy()
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw CaffeError(
                .byte(wire.offset), expected: "\(field.name) in UTF-8 without NUL",
                found: "other bytes")
        }
        return text
    }

    /// Makes one run of bytes of a tensor's numbers: the first packed field where it lies, a copy
    /// when there are more.
    private func add(_ wire: WireField, to elements: inout CaffeElements) throws(CaffeError) {
        let alone: WireType = elements.width == 4 ? .fixed32 : .fixed64
        guard wire.wireType == .lengthDelimited || wire.wireType == alone else {
            throw CaffeError(
                .byte(wire.offset), expected: "numbers of \(elements.width) bytes",
                found: "wire type \(wire.wireType.rawValue)")
        }
        guard wire.value.count % elements.width == 0 else {
            throw CaffeError(
                .byte(wire.offset), expected: "packed numbers of \(elements.width) bytes each",
                found: "\(wire.value.count) bytes")
        }
        if elements.mapped == nil, elements.copied.isEmpty, wire.wireType == .lengthDelimited {
            elements.mapped = wire.value
            return
        }
        if let first = elements.mapped {
            elements.copied = ByteRegion(storage, first).copy()
            elements.mapped = nil
        }
        elements.copied += ByteRegion(storage, wire.value).copy()
    }

    private mutating func count(_ wire: WireField) throws(CaffeError) {
        fieldCount += 1
        guard fieldCount <= Self.fieldLimit else {
            throw CaffeError(
                .byte(wire.offset), expected: "at most \(Self.fieldLimit) fields", found: "more")
        }
    }
}

extension CaffeFieldType {
    /// How one value of the type is laid out.
    fileprivate var wireType: WireType {
        switch self {
        case .integer, .flag, .choice: .varint
        case .float: .fixed32
        case .text, .message, .elements, .ignored: .lengthDelimited
        }
    }
}
