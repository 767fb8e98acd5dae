package import Tensors

/// An attribute's value, free of any file format.
package enum AttributeValue: Sendable {
    case int(Int64)
    case float(Float)
    case string(String)
    case ints([Int64])
    case floats([Float])
    case strings([String])
    case tensor(Tensor)
    /// A kind no supported operator has (graphs, sparse tensors, types).
    case other(String)

    var kind: String {
        switch self {
        case .int: "int"
        case .float: "float"
        case .string: "string"
        case .ints: "ints"
        case .floats: "floats"
        case .strings: "strings"
        case .tensor: "tensor"
        case .other(let kind): kind
        }
    }
}

/// Hands an operator its attributes one by one, checking their types.
package struct AttributeReader {
    /// The version of the operator set whose meaning applies.
    package let opset: Int
    /// Number of inputs the node has; 0-length trailing names count as absent.
    package let inputCount: Int
    /// Number of outputs the node has.
    package let outputCount: Int
    /// Inputs that later versions take where this one has attributes: (input index, value).
    package private(set) var addedInputs: [(index: Int, value: Tensor)] = []
    private var remaining: [String: AttributeValue]

    package init(
        _ attributes: [String: AttributeValue], opset: Int, inputCount: Int, outputCount: Int = 1
    ) {
        remaining = attributes
        self.opset = opset
        self.inputCount = inputCount
        self.outputCount = outputCount
    }

    /// Turns what an old version keeps in an attribute into an input of the current one.
    package mutating func addInput(_ index: Int, _ value: Tensor) {
        addedInputs.append((index, value))
    }

    package mutating func int(_ name: String) throws(OperatorError) -> Int? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .int(let value): return Int(value)
        case .some(let other): throw mismatch(name, "int", other)
        }
    }

    package mutating func int(_ name: String, default value: Int) throws(OperatorError) -> Int {
        try int(name) ?? value
    }

    /// An int that must be 0 or 1.
    package mutating func flag(_ name: String, default value: Bool) throws(OperatorError) -> Bool {
        let number = try int(name) ?? (value ? 1 : 0)
        guard number == 0 || number == 1 else {
            throw .attribute(name, expected: "0 or 1", found: "\(number)")
        }
        return number == 1
    }

    package mutating func float(_ name: String) throws(OperatorError) -> Float? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .float(let value): return value
        case .some(let other): throw mismatch(name, "float", other)
        }
    }

    package mutating func float(
        _ name: String, default value: Float
    ) throws(OperatorError) -> Float {
        try float(name) ?? value
    }

    package mutating func string(_ name: String) throws(OperatorError) -> String? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .string(let value): return value
        case .some(let other): throw mismatch(name, "string", other)
        }
    }

    /// A string that must be one of a type's cases.
    package mutating func choice<Choice>(
        _ name: String, default value: Choice
    ) throws(OperatorError) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try string(name) else { return value }
        guard let choice = Choice(rawValue: text) else {
            throw .attribute(
                name, expected: Choice.allCases.map(\.rawValue).joined(separator: ", "),
                found: text)
        }
        return choice
    }

    package mutating func ints(_ name: String) throws(OperatorError) -> [Int]? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .ints(let values): return values.map { Int($0) }
        case .some(let other): throw mismatch(name, "ints", other)
        }
    }

    package mutating func floats(_ name: String) throws(OperatorError) -> [Float]? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .floats(let values): return values
        case .some(let other): throw mismatch(name, "floats", other)
        }
    }

    package mutating func tensor(_ name: String) throws(OperatorError) -> Tensor? {
        switch remaining.removeValue(forKey: name) {
        case nil: return nil
        case .tensor(let value): return value
        case .some(let other): throw mismatch(name, "tensor", other)
        }
    }

    /// Whether an attribute of this name is left to read.
    package func has(_ name: String) -> Bool { remaining[name] != nil }

    /// Drops an attribute that means nothing at inference, such as `consumed_inputs`.
    package mutating func ignore(_ name: String) {
        remaining.removeValue(forKey: name)
    }

    /// Checks that every attribute was asked for.
    package func finish() throws(OperatorError) {
        if let name = remaining.keys.min() { throw .unknownAttribute(name) }
    }

    private func mismatch(
        _ name: String, _ expected: String, _ found: AttributeValue
    ) -> OperatorError {
        .attribute(name, expected: expected, found: found.kind)
    }
}

/// Collects an operator's attributes for a file.
package struct AttributeWriter {
    /// In the order written, so that output is the same every time.
    package private(set) var attributes: [(name: String, value: AttributeValue)] = []

    package init() {}

    package mutating func write(_ name: String, _ value: AttributeValue) {
        attributes.append((name, value))
    }

    package mutating func write(_ name: String, _ value: Int) {
        attributes.append((name, .int(Int64(value))))
    }

    package mutating func write(_ name: String, _ value: Float) {
        attributes.append((name, .float(value)))
    }

    package mutating func write(_ name: String, _ value: String) {
        attributes.append((name, .string(value)))
    }

    package mutating func write(_ name: String, _ values: [Int]) {
        attributes.append((name, .ints(values.map { Int64($0) })))
    }
}
