import FormatInterface

/// ONNX files have no magic bytes: a model is told by its first fields.
extension ONNXFormat {
    /// Whether the file starts as a ModelProto does: known fields of the right wire type, up to a
    /// graph that starts with a graph's field.
    static func looksLikeModel(_ file: InputFile) -> Bool {
        var cursor = WireCursor(file.storage, 0..<file.count)
        var sawVersion = false
        for _ in 0..<64 {
            guard !cursor.isAtEnd else { return false }
            let start = cursor.position
            guard let field = try? cursor.field() else {
                return sawVersion && isCutGraph(file, at: start)
            }
            switch (field.number, field.wireType) {
            case (1, .varint): sawVersion = true
            case (5, .varint): break
            case (7, .lengthDelimited): return isGraph(file, field.value)
            case (2, .lengthDelimited), (3, .lengthDelimited), (4, .lengthDelimited),
                (6, .lengthDelimited), (8, .lengthDelimited), (14, .lengthDelimited),
                (20, .lengthDelimited), (25, .lengthDelimited), (26, .lengthDelimited):
                break
            default: return false
            }
        }
        return false
    }

    /// Whether a graph's tag stands here and the file ends before the graph does.
    private static func isCutGraph(_ file: InputFile, at offset: Int) -> Bool {
        var cursor = WireCursor(file.storage, offset..<file.count)
        guard let tag = try? cursor.varint(), tag == 7 << 3 | 2 else { return false }
        guard (try? cursor.varint()) != nil else { return true }
        return cursor.isAtEnd || isGraph(file, cursor.position..<file.count)
    }

    private static func isGraph(_ file: InputFile, _ range: Range<Int>) -> Bool {
        var cursor = WireCursor(file.storage, range)
        // An empty graph is what zero bytes after a 7 << 3 | 2 look like.
        guard let tag = try? cursor.varint() else { return false }
        return tag & 7 == WireType.lengthDelimited.rawValue
            && [1, 2, 5, 10, 11, 12, 13, 14, 15, 16].contains(tag >> 3)
    }

    /// What kind of text a model in ONNX's own words is; nil for anything else.
    static func textForm(of file: InputFile) -> String? {
        let start = String(decoding: file.bytes(at: 0, count: 512), as: UTF8.self)
            .drop { $0.isWhitespace }
        if start.hasPrefix("{"), start.contains("\"irVersion\"") || start.contains("\"graph\"") {
            return "ONNX as JSON"
        }
        if start.hasPrefix("ir_version:") || start.hasPrefix("<ir_version:")
            || start.hasPrefix("<\n") && start.contains("ir_version:")
            || start.hasPrefix("graph {") || start.hasPrefix("producer_name:")
        {
            return "ONNX as text"
        }
        return nil
    }

    /// The compression a file that should be a model was put through.
    static func compressedForm(of file: InputFile) -> String? {
        switch file.bytes(at: 0, count: 4) {
        case let bytes where bytes.starts(with: [0x1F, 0x8B]):
            "a gzip-compressed file; unpack it first"
        case [0x50, 0x4B, 3, 4]: "a zip archive"
        default: nil
        }
    }
}
