import FormatInterface

/// Caffe's files have no magic bytes: a network is told by its first fields.
extension CaffeFormat {
    /// Whether the file starts as a binary NetParameter does: known fields of the right wire type, up
    /// to a layer that starts with a layer's field.
    static func looksLikeNetwork(_ file: InputFile) -> Bool {
        var cursor = WireCursor(file.storage, 0..<file.count)
        for _ in 0..<256 {
            guard !cursor.isAtEnd else { return false }
            let start = cursor.position
            guard let field = try? cursor.field() else { return isCutLayer(file, at: start) }
            switch (field.number, field.wireType) {
            case (2, .lengthDelimited), (100, .lengthDelimited):
                return isLayer(file, field.value, isOld: field.number == 2)
            case (1, .lengthDelimited), (3, .lengthDelimited), (4, _), (5, .varint),
                (6, .lengthDelimited), (7, .varint), (8, .lengthDelimited):
                break
            default: return false
            }
        }
        return false
    }

    /// Whether a layer's tag stands here and the file ends before the layer does.
    private static func isCutLayer(_ file: InputFile, at offset: Int) -> Bool {
        var cursor = WireCursor(file.storage, offset..<file.count)
        guard let tag = try? cursor.varint(), (try? cursor.varint()) != nil else { return false }
        let wireType = UInt64(WireType.lengthDelimited.rawValue)
        guard tag == 100 << 3 | wireType || tag == 2 << 3 | wireType && offset > 0 else {
            return false
        }
        return isLayer(file, cursor.position..<file.count, isOld: tag >> 3 == 2)
    }

    private static func isLayer(_ file: InputFile, _ range: Range<Int>, isOld: Bool) -> Bool {
        var cursor = WireCursor(file.storage, range)
        guard let tag = try? cursor.varint() else { return false }
        let wireType = WireType(rawValue: UInt8(tag & 7))
        switch tag >> 3 {
        case 1...4: return wireType == .lengthDelimited
        case 5: return isOld && wireType == .varint
        default: return false
        }
    }

    /// Whether the file starts as a network in text does, after its comments.
    static func looksLikePrototxt(_ file: InputFile) -> Bool {
        guard var scanner = try? PrototxtScanner(file.bytes(at: 0, count: 1 << 16)),
            case .identifier(let first) = scanner.next,
            ["name", "input", "layer", "layers", "input_shape", "input_dim", "state"].contains(
                first),
            (try? scanner.take()) != nil
        else { return false }
        let hasColon = scanner.next == .symbol(":")
        if hasColon, (try? scanner.take()) == nil { return false }
        switch (first, scanner.next) {
        case ("name", .string), ("input", .string), ("input", .symbol("[")): return hasColon
        case ("input_dim", .number), ("input_dim", .symbol("[")): return hasColon
        case ("layer", .symbol("{")), ("layers", .symbol("{")), ("input_shape", .symbol("{")),
            ("state", .symbol("{")), ("layer", .symbol("<")), ("layers", .symbol("<")):
            return true
        default: return false
        }
    }
}
