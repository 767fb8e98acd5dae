/// Strings.
extension JSONReader {
    package mutating func string() throws(JSONError) -> String {
        try expect("\"")
        let start = position
        var bytes: [UInt8] = []
        var copied = start
        while position < text.count, text[position] != UInt8(ascii: "\"") {
            guard text[position] >= 0x20 else {
                throw error(expected: "a string without control characters")
            }
            if text[position] == UInt8(ascii: "\\") {
                bytes += text[copied..<position]
                bytes += String(try escape()).utf8
                copied = position
            } else {
                position += 1
            }
        }
        guard position < text.count else { throw error(expected: "a string's closing quote") }
        bytes += text[copied..<position]
        position += 1
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw JSONError(offset: start, expected: "a string in UTF-8", found: "other bytes")
        }
        return string
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        position += 2
        switch start + 1 < text.count ? text[start + 1] : 0 {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            if let scalar = unicodeEscape() { return scalar }
        default: break
        }
        position = start
        throw error(expected: "an escape that JSON knows")
    }

    /// The character of the digits after "\u", and of a second escape when it takes two.
    private mutating func unicodeEscape() -> Unicode.Scalar? {
        guard let first = hexadecimal() else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard text[position...].starts(with: "\\u".utf8) else { return nil }
        position += 2
        guard let second = hexadecimal(), (0xDC00..<0xE000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private mutating func hexadecimal() -> UInt32? {
        let digits = text[position...].prefix(4)
        guard digits.count == 4, !digits.contains(UInt8(ascii: "+")),
            !digits.contains(UInt8(ascii: "-"))
        else { return nil }
        position += 4
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}

extension String {
    /// The string as JSON writes it, quotes included.
    package var quotedForJSON: String {
        var text = "\""
        for scalar in unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\0"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
