import FormatInterface
import Tensors

/// Reads the Python dictionary in a NumPy header: exactly the keys `descr` (a string),
/// `fortran_order` (True or False) and `shape` (a tuple of whole numbers), each once.
///
/// Nothing is evaluated; every other Python expression is refused.
struct NPYHeaderParser {
    /// NumPy's own arrays have at most 64 axes.
    static let rankLimit = 64

    private let text: [UInt8]
    private let source: NPYSource
    private let offset: Int
    private var position = 0

    /// - Parameter offset: where `text` starts in the source, for messages.
    init(text: [UInt8], source: NPYSource, offset: Int) {
        self.text = text
        self.source = source
        self.offset = offset
    }

    mutating func parse() throws(InputError) -> NPYHeader {
        var type: (type: ElementType, isBigEndian: Bool)?
        var isFortranOrdered: Bool?
        var shape: [Int]?
        try expect("{")
        while !accept("}") {
            let key = try string("a key")
            try expect(":")
            switch key {
            case "descr" where type == nil: type = try elementType()
            case "fortran_order" where isFortranOrdered == nil: isFortranOrdered = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default:
                throw error(expected: "the keys descr, fortran_order and shape", found: "'\(key)'")
            }
            if !accept(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard position == text.count else { throw error(expected: "the end of the header") }
        guard let type, let isFortranOrdered, let shape else {
            throw error(
                expected: "the keys descr, fortran_order and shape", found: "fewer of them")
        }
        return NPYHeader(
            elementType: type.type, isBigEndian: type.isBigEndian,
            isFortranOrdered: isFortranOrdered, shape: shape)
    }

    private mutating func elementType() throws(InputError) -> (ElementType, Bool) {
        if peek() == "[" {
            throw error(expected: "elements that are plain numbers", found: "structured elements")
        }
        let name = try string("an element type")
        guard let type = NPYHeader.elementType(of: name) else {
            let isObject = name.drop { "<>|=".contains($0) }.first == "O"
            throw error(
                expected: "elements that are plain numbers",
                found: isObject ? "Python objects" : "'\(name)'")
        }
        return (type.type, type.isBigEndian)
    }

    private mutating func boolean() throws(InputError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)]
        where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error(expected: "True or False")
    }

    private mutating func tuple() throws(InputError) -> [Int] {
        var sizes: [Int] = []
        try expect("(")
        while !accept(")") {
            guard sizes.count < Self.rankLimit else {
                throw error(expected: "at most \(Self.rankLimit) axes", found: "more")
            }
            sizes.append(try number())
            if accept(",") { continue }
            guard sizes.count > 1 else { throw error(expected: "',' after the only axis") }
            try expect(")")
            break
        }
        return sizes
    }

    private mutating func number() throws(InputError) -> Int {
        skipSpace()
        let start = position
        while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
        let digits = String(decoding: text[start..<position], as: UTF8.self)
        guard let value = Int(digits) else {
            throw digits.isEmpty
                ? error(expected: "an axis' size")
                : error(expected: "an axis' size below 2⁶³", found: String(digits.prefix(40)))
        }
        // Python 2 wrote whole numbers as 3L.
        if position < text.count, text[position] == 0x4C { position += 1 }
        return value
    }

    private mutating func string(_ what: String) throws(InputError) -> String {
        skipSpace()
        guard position < text.count, text[position] == 0x27 || text[position] == 0x22 else {
            throw error(expected: "\(what) in quotes")
        }
        let quote = text[position]
        position += 1
        guard let end = text[position...].firstIndex(of: quote) else {
            throw error(expected: "\(what) that ends in a quote", found: "none")
        }
        let bytes = text[position..<end]
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x5C }) else {
            throw error(expected: "\(what) of plain ASCII characters", found: "others")
        }
        position = end + 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func skipSpace() {
        while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) {
            position += 1
        }
    }

    private mutating func peek() -> Character? {
        skipSpace()
        return position < text.count ? Character(UnicodeScalar(text[position])) : nil
    }

    private mutating func accept(_ character: Character) -> Bool {
        guard peek() == character else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Character) throws(InputError) {
        guard accept(character) else { throw error(expected: "'\(character)'") }
    }

    private func error(expected: String, found: String? = nil) -> InputError {
        let rest = String(decoding: text[position...].prefix(20), as: UTF8.self)
        let here = rest.isEmpty ? "the end of the header" : "'\(rest)'"
        return source.error(
            "header, byte \(offset + position)", expected: expected, found: found ?? here)
    }
}
