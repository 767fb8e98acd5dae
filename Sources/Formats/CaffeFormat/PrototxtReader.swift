/// Reads messages in protobuf's text form: a prototxt.
///
/// As Caffe's own parser it refuses fields that a message does not have, and singular ones that
/// come twice; settings without meaning at inference are only passed over.
struct PrototxtReader {
    /// Bytes of a prototxt; large ones have some hundred thousand.
    static let sizeLimit = 16 << 20
    private static let fieldLimit = 1 << 17
    /// Of messages inside each other among those that are passed over.
    private static let depthLimit = 64

    private var scanner: PrototxtScanner
    private var fieldCount = 0

    init(_ text: [UInt8]) throws(CaffeError) {
        guard text.count <= Self.sizeLimit else {
            throw CaffeError(
                .file, expected: "a prototxt of at most \(Self.sizeLimit >> 20) MiB",
                found: "\(text.count) bytes")
        }
        scanner = try PrototxtScanner(text)
    }

    /// The network that the whole text is.
    mutating func network() throws(CaffeError) -> CaffeMessage {
        let message = try fields(of: .net, until: nil)
        guard !message.values.isEmpty else {
            throw CaffeError(.file, expected: "a network", found: "no fields")
        }
        return message
    }

    /// The fields of a message up to its closing bracket, or to the end of the file.
    private mutating func fields(
        of kind: CaffeMessageKind, until close: Character?
    ) throws(CaffeError) -> CaffeMessage {
        var message = CaffeMessage(kind, at: .line(scanner.line))
        while true {
            if let close, try scanner.accept(close) { return message }
            if close == nil, scanner.next == .end { return message }
            guard case .identifier(let name) = scanner.next else {
                let end = close.map { "a field or '\($0)'" } ?? "a field"
                throw scanner.error(expected: end)
            }
            guard let field = kind.field(named: name) else {
                throw scanner.error(
                    expected: "a field of \(kind.rawValue)", found: "'\(name.prefix(50))'")
            }
            if !field.isRepeated, message.has(name), field.type != .ignored {
                throw scanner.error(expected: "\(name) once", found: "it twice")
            }
            _ = try scanner.take()
            try values(of: field, into: &message)
            if try !scanner.accept(";") { _ = try scanner.accept(",") }
        }
    }

    private mutating func values(
        of field: CaffeField, into message: inout CaffeMessage
    ) throws(CaffeError) {
        let hasColon = try scanner.accept(":")
        if field.type == .ignored {
            try passOver(hasColon: hasColon)
            message.replace(field.name, by: .present)
            return
        }
        if case .message = field.type {
        } else if !hasColon {
            throw scanner.error(expected: "':' behind \(field.name)")
        }
        guard field.isRepeated, try scanner.accept("[") else {
            message.append(try value(of: field), to: field.name)
            return
        }
        if try scanner.accept("]") { return }
        repeat {
            message.append(try value(of: field), to: field.name)
        } while try scanner.accept(",")
        guard try scanner.accept("]") else { throw scanner.error(expected: "',' or ']'") }
    }

    private mutating func value(of field: CaffeField) throws(CaffeError) -> CaffeValue {
        fieldCount += 1
        guard fieldCount <= Self.fieldLimit else {
            throw scanner.error(expected: "at most \(Self.fieldLimit) fields", found: "more")
        }
        switch field.type {
        case .message(.blob), .elements, .ignored:
            throw scanner.error(
                expected: "weights in a binary .caffemodel or in HDF5",
                found: "\(field.name) as text")
        case .message(let kind):
            if try scanner.accept("{") { return .message(try fields(of: kind, until: "}")) }
            if try scanner.accept("<") { return .message(try fields(of: kind, until: ">")) }
            throw scanner.error(expected: "'{' behind \(field.name)")
        case .text: return .text(try text(field))
        case .float: return .float(try float(field))
        case .integer: return .integer(try integer(field))
        case .flag: return .integer(try flag(field))
        case .choice(let names): return .integer(try choice(field, of: names))
        }
    }

    // MARK: Scalars

    /// Strings beside each other are one.
    private mutating func text(_ field: CaffeField) throws(CaffeError) -> String {
        var bytes: [UInt8] = []
        let start = scanner.next
        while case .string(let part) = scanner.next {
            bytes += part
            _ = try scanner.take()
        }
        guard case .string = start else {
            throw scanner.error(expected: "text in quotes for \(field.name)")
        }
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw scanner.error(
                expected: "\(field.name) in UTF-8 without NUL", found: "other bytes")
        }
        return text
    }

    private mutating func integer(_ field: CaffeField) throws(CaffeError) -> Int {
        let start = scanner
        let sign = try scanner.accept("-") ? "-" : ""
        guard case .number(let digits) = scanner.next, let value = Self.integer(digits, sign) else {
            throw start.error(
                expected: "a whole number for \(field.name)",
                found: sign.isEmpty ? nil : "'-' and \(scanner.next.description)")
        }
        _ = try scanner.take()
        return value
    }

    private static func integer(_ digits: String, _ sign: String) -> Int? {
        let lower = digits.lowercased()
        if lower.hasPrefix("0x") { return Int(sign + lower.dropFirst(2), radix: 16) }
        if lower.hasPrefix("0"), lower.count > 1 { return Int(sign + lower, radix: 8) }
        return Int(sign + lower)
    }

    private mutating func float(_ field: CaffeField) throws(CaffeError) -> Float {
        let isNegative = try scanner.accept("-")
        var value: Float?
        switch scanner.next {
        case .number(let digits):
            var text = digits.lowercased()
            if text.hasPrefix("0x") {
                value = Self.integer(text, "").map { Float($0) }
            } else {
                if text.hasSuffix("f") { text.removeLast() }
                if text.hasSuffix(".") { text += "0" }
                value = Float(text.hasPrefix(".") ? "0" + text : text.replacing(".e", with: ".0e"))
            }
        case .identifier(let word):
            let known: [String: Float] = ["inf": .infinity, "infinity": .infinity, "nan": .nan]
            value = known[word.lowercased()]
        default: break
        }
        guard let value else { throw scanner.error(expected: "a number for \(field.name)") }
        _ = try scanner.take()
        return isNegative ? -value : value
    }

    private mutating func flag(_ field: CaffeField) throws(CaffeError) -> Int {
        let known: [PrototxtToken: Int] = [
            .identifier("true"): 1, .identifier("True"): 1, .identifier("t"): 1, .number("1"): 1,
            .identifier("false"): 0, .identifier("False"): 0, .identifier("f"): 0,
            .number("0"): 0,
        ]
        guard let value = known[scanner.next] else {
            throw scanner.error(expected: "true or false for \(field.name)")
        }
        _ = try scanner.take()
        return value
    }

    private mutating func choice(
        _ field: CaffeField, of names: [String]
    ) throws(CaffeError) -> Int {
        var value: Int?
        switch scanner.next {
        case .identifier(let name): value = names.firstIndex(of: name)
        case .number(let digits):
            value = Self.integer(digits, "").flatMap { names.indices.contains($0) ? $0 : nil }
        default: break
        }
        guard let value else {
            let few = names.count <= 4 ? names.joined(separator: ", ") : "a name of the list"
            throw scanner.error(expected: "\(few) for \(field.name)")
        }
        _ = try scanner.take()
        return value
    }

    // MARK: What has no meaning here

    /// Passes over a value of any kind: brackets must close, in the order they opened.
    private mutating func passOver(hasColon: Bool) throws(CaffeError) {
        var open: [Character] = []
        repeat {
            let token = scanner.next
            switch token {
            case .symbol("{"): open.append("}")
            case .symbol("<"): open.append(">")
            case .symbol("["): open.append("]")
            case .symbol("}"), .symbol(">"), .symbol("]"):
                guard let expected = open.popLast(), token == .symbol(expected) else {
                    throw scanner.error(expected: "a value")
                }
            case .end:
                throw scanner.error(expected: open.last.map { "'\($0)'" } ?? "a value")
            default:
                guard hasColon || !open.isEmpty else {
                    throw scanner.error(expected: "':' or '{'")
                }
            }
            guard open.count <= Self.depthLimit else {
                throw scanner.error(
                    expected: "at most \(Self.depthLimit) messages inside each other",
                    found: "more")
            }
            _ = try scanner.take()
            // A sign and its number, and strings beside each other, are one value.
            if open.isEmpty, token == .symbol("-") { continue }
            if open.isEmpty, case .string = token, case .string = scanner.next { continue }
            if open.isEmpty { return }
        } while true
    }
}
