import FormatInterface

/// A JSON value as a tree: Keras' configurations are small, and their parts are needed in any order.
enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Largest text to make a tree of; the largest networks' configurations have one megabyte.
    static let textLimit = 16 << 20

    init(_ text: [UInt8]) throws(JSONError) {
        guard text.count <= Self.textLimit else {
            throw JSONError(
                offset: 0, expected: "at most \(Self.textLimit) bytes", found: "\(text.count)")
        }
        var reader = JSONReader(text)
        self = try JSONValue(&reader)
        try reader.end()
    }

    private init(_ reader: inout JSONReader) throws(JSONError) {
        switch reader.kind() {
        case .object:
            var members: [String: JSONValue] = [:]
            try reader.object { reader, name throws(JSONError) in
                members[name] = try JSONValue(&reader)
            }
            self = .object(members)
        case .array:
            var elements: [JSONValue] = []
            try reader.array { reader throws(JSONError) in elements.append(try JSONValue(&reader)) }
            self = .array(elements)
        case .string: self = .string(try reader.string())
        case .number: self = .number(try reader.number())
        case .boolean: self = .bool(try reader.boolean())
        case .null, nil:
            try reader.null()
            self = .null
        }
    }

    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self, let member = members[key] else { return nil }
        return member == .null ? nil : member
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var number: Double? { if case .number(let value) = self { value } else { nil } }
    var integer: Int? { number.flatMap { Int(exactly: $0) } }
    var isNull: Bool { self == .null }

    /// The elements of an array; those of Keras' written-out tuples too.
    var array: [JSONValue]? {
        if case .array(let elements) = self { return elements }
        if self["class_name"]?.string == "__tuple__" { return self["items"]?.array }
        return nil
    }

    /// What the value is, in words for "found …".
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): Self.text(of: value)
        case .string(let value): "'\(value.prefix(100))'"
        case .array(let elements): "a list of \(elements.count)"
        case .object: "an object"
        }
    }

    /// The value as text, keys in order: equal values give equal text.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): Self.text(of: value)
        case .string(let value): value.quotedForJSON
        case .array(let elements): "[\(elements.map(\.text).joined(separator: ", "))]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\($0.key.quotedForJSON): \($0.value.text)" }.joined(separator: ", ") + "}"
        }
    }

    /// Whether JSON can hold all its numbers.
    var isFinite: Bool {
        switch self {
        case .number(let value): value.isFinite
        case .array(let elements): elements.allSatisfy(\.isFinite)
        case .object(let members): members.values.allSatisfy(\.isFinite)
        case .null, .bool, .string: true
        }
    }

    private static func text(of value: Double) -> String {
        Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }
}
