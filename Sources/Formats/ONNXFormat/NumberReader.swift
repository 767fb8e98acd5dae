import FormatInterface
import Tensors

/// Reads the numbers of a tensor's typed fields, one by one, as the 64 bits of their wire form.
struct NumberReader {
    let storage: ByteStorage
    let runs: [TensorElements.Run]

    /// How many numbers there are.
    ///
    /// - Throws: `ONNXError` where a packed field is cut inside a number.
    func count() throws(ONNXError) -> Int {
        var total = 0
        for run in runs {
            if run.isPacked, let width = run.width {
                guard run.range.count % width == 0 else {
                    throw ONNXError(
                        .byte(run.range.lowerBound),
                        expected: "packed numbers of \(width) bytes",
                        found: "\(run.range.count) bytes")
                }
                total += run.range.count / width
                continue
            }
            var cursor = WireCursor(storage, run.range)
            while !cursor.isAtEnd {
                if run.isPacked { _ = try cursor.varint() } else { _ = try cursor.field() }
                total += 1
            }
        }
        return total
    }

    /// Calls `body` with each number, in order.
    func forEach(_ body: (UInt64) throws(ONNXError) -> Void) throws(ONNXError) {
        for run in runs {
            if run.isPacked, let width = run.width {
                for offset in stride(
                    from: run.range.lowerBound, to: run.range.upperBound, by: width)
                {
                    try body(littleEndian(at: offset, width: width))
                }
                continue
            }
            var cursor = WireCursor(storage, run.range)
            while !cursor.isAtEnd {
                try body(run.isPacked ? cursor.varint() : number(of: cursor.field()))
            }
        }
    }

    private func number(of field: WireField) throws(ONNXError) -> UInt64 {
        guard field.wireType == .varint else {
            return littleEndian(at: field.value.lowerBound, width: field.value.count)
        }
        var cursor = WireCursor(storage, field.value)
        return try cursor.varint()
    }

    /// The unsigned number in `width` bytes, lowest first.
    private func littleEndian(at offset: Int, width: Int) -> UInt64 {
        unsafe storage.withUnsafeBytes { bytes in
            (0..<width).reduce(0) { unsafe $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        }
    }
}

extension TensorElements.Run {
    /// Bytes of a number of fixed size; nil for variable-length ones.
    fileprivate var width: Int? {
        switch wireType {
        case .fixed32: 4
        case .fixed64: 8
        case .varint, .lengthDelimited: nil
        }
    }
}

extension TensorElements {
    /// TensorProto's name for one of its data fields.
    static func fieldName(_ field: Int) -> String {
        switch field {
        case 4: "float_data"
        case 5: "int32_data"
        case 6: "string_data"
        case 7: "int64_data"
        case 10: "double_data"
        default: "uint64_data"
        }
    }
}
