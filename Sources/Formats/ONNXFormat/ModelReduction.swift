import FormatInterface
import Tensors

/// Where a tensor's numbers lie in the file.
struct TensorElements {
    /// A stretch of one data field of TensorProto.
    struct Run {
        var field: Int
        var wireType: WireType
        /// Whether the numbers follow each other without tags.
        var isPacked: Bool
        /// Packed: the numbers. Else: tags and numbers in turn.
        var range: Range<Int>
    }

    /// raw_data, when present.
    var raw: Range<Int>?
    /// The typed fields, in the file's order.
    var runs: [Run] = []
}

/// Reduces a model's wire bytes to the small part that libprotobuf-c unpacks.
///
/// libprotobuf-c copies what it unpacks and allocates as the input tells it to. So the file is
/// walked once by tags and lengths; the numbers of tensors stay where they are, their places noted
/// in `elements`, and each reduced TensorProto carries its index there as 4 bytes of raw_data.
struct ModelReduction {
    /// Submessages inside each other; a real model has about ten.
    static let depthLimit = 100
    /// Submessages, strings and broken-up data fields of one model.
    static let partLimit = 1 << 19
    /// Bytes of a model without its weights.
    static let sizeLimit = 64 << 20

    private let storage: ByteStorage
    private(set) var elements: [TensorElements] = []
    private var partCount = 0
    private var keptBytes = 0

    init(_ storage: ByteStorage) {
        self.storage = storage
    }

    /// The reduced bytes of the message in `range`.
    ///
    /// - Throws: `ONNXError` at the byte where the wire format, a limit or a text is violated.
    mutating func reduce(
        _ kind: MessageKind, _ range: Range<Int>, depth: Int = 0
    ) throws(ONNXError) -> [UInt8] {
        guard depth <= Self.depthLimit else {
            throw ONNXError(
                .byte(range.lowerBound),
                expected: "at most \(Self.depthLimit) messages inside each other", found: "more")
        }
        var cursor = WireCursor(storage, range)
        var reduced: [UInt8] = []
        var found: UInt64 = 0
        var data = TensorElements()
        while !cursor.isAtEnd {
            let field = try cursor.field()
            guard let rule = kind.rule(for: field.number) else { continue }
            switch rule {
            case .elements(let wireType):
                try note(field, wireType, in: &data)
            case .message(let inner), .messages(let inner):
                try check(field, is: .lengthDelimited)
                if case .message = rule { try checkOnce(field, &found) }
                let content = try reduce(inner, field.value, depth: depth + 1)
                try keep(field, content: content, in: &reduced)
            default:
                try keepScalar(field, rule, in: &reduced)
            }
        }
        if kind == .tensor { appendIndex(of: data, to: &reduced) }
        return reduced
    }

    private mutating func keepScalar(
        _ field: WireField, _ rule: FieldRule, in reduced: inout [UInt8]
    ) throws(ONNXError) {
        let isPacked = field.wireType == .lengthDelimited
        switch rule {
        case .integer: try check(field, is: .varint)
        case .float: try check(field, is: .fixed32)
        case .integers:
            if isPacked { try checkPackedIntegers(field) } else { try check(field, is: .varint) }
        case .floats:
            if !isPacked { try check(field, is: .fixed32) }
            guard field.value.count % 4 == 0 else {
                throw ONNXError(
                    .byte(field.offset), expected: "packed floats of 4 bytes each",
                    found: "\(field.value.count) bytes")
            }
        default: try check(field, is: .lengthDelimited)
        }
        keptBytes += field.value.count
        guard keptBytes <= Self.sizeLimit else { throw tooLarge(field) }
        let content = storage.copy(field.value)
        if rule == .text {
            guard !content.contains(0), String(validating: content, as: UTF8.self) != nil else {
                throw ONNXError(
                    .byte(field.offset), expected: "text in UTF-8 without NUL", found: "other bytes"
                )
            }
        }
        try keep(field, content: content, in: &reduced)
    }

    private mutating func keep(
        _ field: WireField, content: [UInt8], in reduced: inout [UInt8]
    ) throws(ONNXError) {
        reduced.appendVarint(UInt64(field.number) << 3 | UInt64(field.wireType.rawValue))
        if field.wireType == .lengthDelimited {
            reduced.appendVarint(UInt64(content.count))
            try countPart(at: field.offset)
        }
        reduced += content
        keptBytes += 8
        guard keptBytes <= Self.sizeLimit else { throw tooLarge(field) }
    }

    private func tooLarge(_ field: WireField) -> ONNXError {
        ONNXError(
            .byte(field.offset),
            expected: "at most \(Self.sizeLimit >> 20) MiB besides the weights", found: "more")
    }

    private mutating func note(
        _ field: WireField, _ element: WireType, in data: inout TensorElements
    ) throws(ONNXError) {
        if field.number == 9 {
            try check(field, is: .lengthDelimited)
            data.raw = field.value
            return
        }
        let isPacked = field.wireType == .lengthDelimited && element != .lengthDelimited
        if !isPacked { try check(field, is: element) }
        if !isPacked, let last = data.runs.last, !last.isPacked, last.field == field.number,
            last.range.upperBound == field.offset
        {
            data.runs[data.runs.count - 1].range =
                last.range.lowerBound..<field.value.upperBound
            return
        }
        try countPart(at: field.offset)
        data.runs.append(
            TensorElements.Run(
                field: field.number, wireType: element, isPacked: isPacked,
                range: isPacked ? field.value : field.offset..<field.value.upperBound))
    }

    private mutating func appendIndex(of data: TensorElements, to reduced: inout [UInt8]) {
        let index = UInt32(elements.count)
        elements.append(data)
        reduced += [9 << 3 | WireType.lengthDelimited.rawValue, 4]
        for byte in 0..<4 { reduced.append(UInt8(truncatingIfNeeded: index >> UInt32(8 * byte))) }
    }

    private mutating func countPart(at offset: Int) throws(ONNXError) {
        partCount += 1
        guard partCount <= Self.partLimit else {
            throw ONNXError(
                .byte(offset), expected: "at most \(Self.partLimit) parts of a model",
                found: "more")
        }
    }

    private func check(_ field: WireField, is wireType: WireType) throws(ONNXError) {
        guard field.wireType == wireType else {
            throw ONNXError(
                .byte(field.offset),
                expected: "field \(field.number) with wire type \(wireType.rawValue)",
                found: "\(field.wireType.rawValue)")
        }
    }

    /// - Parameter found: a bit for each field number met so far.
    private func checkOnce(_ field: WireField, _ found: inout UInt64) throws(ONNXError) {
        let bit: UInt64 = 1 << UInt64(field.number)
        guard found & bit == 0 else {
            throw ONNXError(
                .byte(field.offset), expected: "field \(field.number) once", found: "it twice")
        }
        found |= bit
    }

    private func checkPackedIntegers(_ field: WireField) throws(ONNXError) {
        var cursor = WireCursor(storage, field.value)
        while !cursor.isAtEnd { _ = try cursor.varint() }
    }
}

extension ByteStorage {
    func copy(_ range: Range<Int>) -> [UInt8] {
        unsafe withUnsafeBytes { unsafe Array($0[range]) }
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
