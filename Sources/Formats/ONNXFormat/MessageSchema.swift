import FormatInterface

/// The messages whose fields Ferry reads.
enum MessageKind {
    case model, operatorSet, entry, function
    case graph, node, attribute, tensor, sparseTensor
    case value, type, tensorType, shape, dimension
    /// A message of which only the presence counts.
    case marker
}

/// What is kept of a field when a model is reduced to what libprotobuf-c unpacks.
enum FieldRule: Equatable {
    case integer
    case integers
    case float
    case floats
    /// UTF-8 without NUL, which C strings could not hold.
    case text
    case bytes
    case message(MessageKind)
    case messages(MessageKind)
    /// Numbers of a tensor: left in the file, remembered by place.
    case elements(WireType)
}

extension MessageKind {
    /// The rule for a field; nil for those that mean nothing at inference, which are dropped:
    /// documentation, inferred types, quantization hints, device placement, unknown fields.
    func rule(for field: Int) -> FieldRule? {
        switch self {
        case .model: Self.modelRule(field)
        case .graph: Self.graphRule(field)
        case .node: Self.nodeRule(field)
        case .attribute: Self.attributeRule(field)
        case .tensor: Self.tensorRule(field)
        case .operatorSet: field == 1 ? .text : field == 2 ? .integer : nil
        case .entry: field == 1 || field == 2 ? .text : nil
        case .function: Self.functionRule(field)
        case .sparseTensor: field == 1 ? .message(.tensor) : nil
        case .value: field == 1 ? .text : field == 2 ? .message(.type) : nil
        case .type: Self.typeRule(field)
        case .tensorType: field == 1 ? .integer : field == 2 ? .message(.shape) : nil
        case .shape: field == 1 ? .messages(.dimension) : nil
        case .dimension: field == 1 ? .integer : field == 2 ? .text : nil
        case .marker: nil
        }
    }

    private static func modelRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1: .integer
        case 2, 3: .text
        case 7: .message(.graph)
        case 8: .messages(.operatorSet)
        case 14: .messages(.entry)
        case 25: .messages(.function)
        default: nil
        }
    }

    private static func functionRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1, 4, 5, 10, 13: .text
        case 7: .messages(.node)
        case 9: .messages(.operatorSet)
        case 11: .messages(.attribute)
        default: nil
        }
    }

    private static func graphRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1: .messages(.node)
        case 2: .text
        case 5: .messages(.tensor)
        case 11, 12: .messages(.value)
        case 15: .messages(.sparseTensor)
        default: nil
        }
    }

    private static func nodeRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1, 2, 3, 4, 7, 8: .text
        case 5: .messages(.attribute)
        default: nil
        }
    }

    private static func attributeRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1, 21: .text
        case 2: .float
        case 3, 20: .integer
        case 4, 9: .bytes
        case 5: .message(.tensor)
        case 6: .message(.graph)
        case 7: .floats
        case 8: .integers
        case 10: .messages(.tensor)
        case 11: .messages(.graph)
        case 14: .message(.marker)
        case 15: .messages(.marker)
        case 22: .message(.sparseTensor)
        case 23: .messages(.sparseTensor)
        default: nil
        }
    }

    private static func tensorRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1: .integers
        case 2, 14: .integer
        case 3: .message(.marker)
        case 4: .elements(.fixed32)
        case 5, 7, 11: .elements(.varint)
        case 6, 9: .elements(.lengthDelimited)
        case 8: .text
        case 10: .elements(.fixed64)
        case 13: .messages(.entry)
        default: nil
        }
    }

    private static func typeRule(_ field: Int) -> FieldRule? {
        switch field {
        case 1: .message(.tensorType)
        case 4, 5, 7, 8, 9: .message(.marker)
        default: nil
        }
    }
}
