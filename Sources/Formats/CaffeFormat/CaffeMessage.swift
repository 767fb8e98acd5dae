import Tensors

/// The value of a message's field.
enum CaffeValue {
    /// Whole numbers, truth values as 0 and 1, choices by number.
    case integer(Int)
    case float(Float)
    case text(String)
    case message(CaffeMessage)
    case elements(CaffeElements)
    /// A field of which only the presence counts.
    case present
}

/// A tensor's numbers: where they lie in the file, or a copy when the file has them in pieces.
struct CaffeElements {
    /// Bytes of a number: 4 or 8.
    var width: Int
    var mapped: Range<Int>?
    var copied: [UInt8] = []

    /// How many numbers there are.
    var count: Int { (mapped?.count ?? copied.count) / width }
}

/// A message as text and wire form alike say it: values by the fields' names.
struct CaffeMessage {
    let kind: CaffeMessageKind
    let place: CaffeError.Place
    private(set) var values: [String: [CaffeValue]] = [:]

    init(_ kind: CaffeMessageKind, at place: CaffeError.Place) {
        self.kind = kind
        self.place = place
    }

    mutating func append(_ value: CaffeValue, to field: String) {
        values[field, default: []].append(value)
    }

    /// In place of what the field had, as a later value of a singular field does.
    mutating func replace(_ field: String, by value: CaffeValue) {
        values[field] = [value]
    }

    func has(_ field: String) -> Bool { values[field] != nil }

    func integers(_ field: String) -> [Int] {
        (values[field] ?? []).compactMap { if case .integer(let value) = $0 { value } else { nil } }
    }

    func integer(_ field: String) -> Int? { integers(field).last }

    func flag(_ field: String, default given: Bool) -> Bool {
        integer(field).map { $0 != 0 } ?? given
    }

    func floats(_ field: String) -> [Float] {
        (values[field] ?? []).compactMap { if case .float(let value) = $0 { value } else { nil } }
    }

    func float(_ field: String, default given: Float) -> Float { floats(field).last ?? given }

    func texts(_ field: String) -> [String] {
        (values[field] ?? []).compactMap { if case .text(let value) = $0 { value } else { nil } }
    }

    func text(_ field: String) -> String { texts(field).last ?? "" }

    func messages(_ field: String) -> [CaffeMessage] {
        (values[field] ?? []).compactMap { if case .message(let value) = $0 { value } else { nil } }
    }

    func message(_ field: String) -> CaffeMessage? { messages(field).last }

    func elements(_ field: String) -> CaffeElements? {
        guard case .elements(let elements) = values[field]?.last else { return nil }
        return elements
    }
}
