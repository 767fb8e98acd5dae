/// Reads JSON text piece by piece, for a caller that knows what should come; no tree is built.
///
/// Stricter than most: UTF-8 only, one value for a key, no lone surrogates, bounded depth. Source:
/// RFC 8259.
package struct JSONReader {
    /// What a piece that comes next begins like.
    package enum Kind: String {
        case object = "an object"
        case array = "an array"
        case string = "a string"
        case number = "a number"
        case boolean = "a truth value"
        case null
    }

    private static let depthLimit = 128

    let text: [UInt8]
    /// The next byte to read.
    package internal(set) var position = 0
    private var depth = 0

    package init(_ text: [UInt8]) {
        self.text = text
    }

    /// The kind of the value that comes next; nil when none can begin here.
    package mutating func kind() -> Kind? {
        switch peek() {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        case UInt8(ascii: "-"), .some(0x30...0x39): .number
        default: nil
        }
    }

    /// Reads an object; `member` reads each value.
    package mutating func object(
        _ member: (inout JSONReader, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open("{")
        var names: Set<String> = []
        if !accept("}") {
            repeat {
                let start = position
                let name = try string()
                guard names.insert(name).inserted else {
                    throw JSONError(
                        offset: start, expected: "each key once",
                        found: "'\(name.prefix(100))' again")
                }
                try expect(":")
                try member(&self, name)
            } while accept(",")
            try expect("}")
        }
        depth -= 1
    }

    /// Reads an array; `element` reads each value.
    package mutating func array(
        _ element: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try open("[")
        if !accept("]") {
            repeat { try element(&self) } while accept(",")
            try expect("]")
        }
        depth -= 1
    }

    private mutating func open(_ bracket: Unicode.Scalar) throws(JSONError) {
        try expect(bracket)
        depth += 1
        if depth > Self.depthLimit {
            throw JSONError(
                offset: position, expected: "at most \(Self.depthLimit) values inside each other",
                found: "more")
        }
    }

    /// Reads a whole number that fits 64 bits, written without fraction and exponent.
    package mutating func integer() throws(JSONError) -> Int {
        skipSpace()
        let start = position
        if position < text.count, text[position] == UInt8(ascii: "-") { position += 1 }
        let digits = position
        while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
        let number = String(decoding: text[start..<position], as: UTF8.self)
        let isFraction = position < text.count && [0x2E, 0x45, 0x65].contains(text[position])
        let hasLeadingZero = position - digits > 1 && text[digits] == 0x30
        guard let value = Int(number), !isFraction, !hasLeadingZero else {
            position = start
            throw error(expected: "a whole number of at most 64 bits")
        }
        return value
    }

    /// Reads any value and forgets it.
    package mutating func skip() throws(JSONError) {
        switch kind() {
        case .object: try object { reader, _ throws(JSONError) in try reader.skip() }
        case .array: try array { reader throws(JSONError) in try reader.skip() }
        case .string: _ = try string()
        case .number: try skipNumber()
        case .boolean: try word(peek() == UInt8(ascii: "t") ? "true" : "false")
        case .null: try null()
        case nil: throw error(expected: "a value")
        }
    }

    private mutating func skipNumber() throws(JSONError) { _ = try number() }

    /// Reads a number, rounded to 64 bits.
    package mutating func number() throws(JSONError) -> Double {
        skipSpace()
        let start = position
        while position < text.count, Self.isNumberPart(text[position]) { position += 1 }
        guard let value = Double(String(decoding: text[start..<position], as: UTF8.self)) else {
            position = start
            throw error(expected: "a number")
        }
        return value
    }

    /// Reads true or false.
    package mutating func boolean() throws(JSONError) -> Bool {
        let value = peek() == UInt8(ascii: "t")
        try word(value ? "true" : "false")
        return value
    }

    private static func isNumberPart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
        default: false
        }
    }

    /// Reads null.
    package mutating func null() throws(JSONError) { try word("null") }

    private mutating func word(_ word: String) throws(JSONError) {
        guard text[position...].starts(with: word.utf8) else { throw error(expected: word) }
        position += word.utf8.count
    }

    /// Checks that only space follows.
    package mutating func end() throws(JSONError) {
        if peek() != nil { throw error(expected: "the end") }
    }

    // MARK: Characters

    private mutating func skipSpace() {
        while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) {
            position += 1
        }
    }

    private mutating func peek() -> UInt8? {
        skipSpace()
        return position < text.count ? text[position] : nil
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(JSONError) {
        guard accept(character) else { throw error(expected: "'\(character)'") }
    }

    func error(expected: String) -> JSONError {
        let rest = String(decoding: text[position...].prefix(20), as: UTF8.self)
        return JSONError(
            offset: position, expected: expected,
            found: rest.isEmpty ? "the end of the text" : "'\(rest)'")
    }
}

/// Why text is not the JSON that was expected.
package struct JSONError: Error, Equatable {
    /// The byte of the text at which it shows.
    package let offset: Int
    package let expected: String
    package let found: String

    package init(offset: Int, expected: String, found: String) {
        self.offset = offset
        self.expected = expected
        self.found = found
    }
}
