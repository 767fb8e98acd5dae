/// A piece of protobuf's text format.
enum PrototxtToken: Hashable {
    case identifier(String)
    /// Digits as written, without a sign.
    case number(String)
    case string([UInt8])
    case symbol(Character)
    case end

    /// The token in a message.
    var description: String {
        switch self {
        case .identifier(let text), .number(let text): "'\(text.prefix(50))'"
        case .string: "a string"
        case .symbol(let character): "'\(character)'"
        case .end: "the end of the file"
        }
    }
}

/// Divides a prototxt into tokens, one ahead.
///
/// Source: Protocol Buffers, "Text Format Language Specification".
struct PrototxtScanner {
    private let text: [UInt8]
    private var position = 0
    /// Of the next token.
    private(set) var line = 1
    private(set) var next = PrototxtToken.end

    init(_ text: [UInt8]) throws(CaffeError) {
        self.text = text
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        next = try scan()
    }

    /// The next token, which is passed.
    mutating func take() throws(CaffeError) -> PrototxtToken {
        let token = next
        next = try scan()
        return token
    }

    /// Passes a symbol if it comes next.
    mutating func accept(_ symbol: Character) throws(CaffeError) -> Bool {
        guard next == .symbol(symbol) else { return false }
        next = try scan()
        return true
    }

    func error(expected: String, found: String? = nil) -> CaffeError {
        CaffeError(.line(line), expected: expected, found: found ?? next.description)
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: " "), 0x09, 0x0B, 0x0C, 0x0D: break
            case UInt8(ascii: "#"):
                while let byte = peek(), byte != UInt8(ascii: "\n") { position += 1 }
                continue
            default: return
            }
            position += 1
        }
    }

    private mutating func scan() throws(CaffeError) -> PrototxtToken {
        skipSpace()
        guard let byte = peek() else { return .end }
        if byte.isLetter { return .identifier(word()) }
        if byte.isDigit || byte == UInt8(ascii: ".") && peek(1)?.isDigit == true {
            return .number(word())
        }
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return .string(try string()) }
        guard "{}<>[]:;,-/.".utf8.contains(byte) else {
            let found = byte < 0x80 ? "character \(byte)" : "a byte that is not ASCII"
            throw error(expected: "protobuf's text format", found: found)
        }
        position += 1
        return .symbol(Character(Unicode.Scalar(byte)))
    }

    /// Letters, digits and points; signs behind an exponent's letter.
    private mutating func word() -> String {
        let start = position
        let isNumber = text[start].isDigit || text[start] == UInt8(ascii: ".")
        let isHexadecimal =
            isNumber && text[start] == UInt8(ascii: "0") && peek(1).map { $0 | 0x20 } == 0x78
        while let byte = peek() {
            let isSign = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            let followsExponent =
                isNumber && !isHexadecimal && position > start && text[position - 1] | 0x20 == 0x65
            guard
                byte.isLetter || byte.isDigit || isNumber && byte == UInt8(ascii: ".")
                    || isSign && followsExponent
            else { break }
            position += 1
        }
        return String(decoding: text[start..<position], as: UTF8.self)
    }

    private mutating func string() throws(CaffeError) -> [UInt8] {
        let quote = text[position]
        position += 1
        var bytes: [UInt8] = []
        while let byte = peek(), byte != quote {
            guard byte != UInt8(ascii: "\n") else { break }
            position += 1
            if byte == UInt8(ascii: "\\") {
                try escape(into: &bytes)
            } else {
                bytes.append(byte)
            }
        }
        guard peek() == quote else {
            throw error(expected: "a string's closing quote", found: "the end of its line")
        }
        position += 1
        return bytes
    }

    /// Bytes that one letter behind a backslash stands for.
    private static let escapes: [UInt8: UInt8] = [
        0x6E: 0x0A, 0x74: 0x09, 0x72: 0x0D, 0x61: 0x07, 0x62: 0x08, 0x66: 0x0C, 0x76: 0x0B,
        0x5C: 0x5C, 0x27: 0x27, 0x22: 0x22, 0x3F: 0x3F,
    ]

    private mutating func escape(into bytes: inout [UInt8]) throws(CaffeError) {
        let letter = peek() ?? 0
        if let byte = Self.escapes[letter] {
            position += 1
            bytes.append(byte)
            return
        }
        if (0x30...0x37).contains(letter), let code = digits(radix: 8, upTo: 3), code < 256 {
            bytes.append(UInt8(code))
            return
        }
        position += 1
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"):
            if let code = digits(radix: 16, upTo: 2) {
                bytes.append(UInt8(code))
                return
            }
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = letter == UInt8(ascii: "u") ? 4 : 8
            let start = position
            if let code = digits(radix: 16, upTo: count), position == start + count,
                let scalar = Unicode.Scalar(code)
            {
                bytes += Array(String(scalar).utf8)
                return
            }
        default: break
        }
        throw error(expected: "an escape of protobuf's text format", found: "another")
    }

    private mutating func digits(radix: Int, upTo limit: Int) -> UInt32? {
        let start = position
        while position < start + limit, let byte = peek(),
            Unicode.Scalar(byte).properties.isASCIIHexDigit,
            radix == 16 || (0x30...0x37).contains(byte)
        {
            position += 1
        }
        return UInt32(String(decoding: text[start..<position], as: UTF8.self), radix: radix)
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (0x61...0x7A).contains(self | 0x20) || self == UInt8(ascii: "_")
    }

    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
