import IR

/// A model as its messages describe it, in Swift values: nothing checked yet but the wire format.
struct ModelDescription {
    var irVersion: Int64
    var producer: String
    var operatorSets: [(domain: String, version: Int64)]
    var metadata: [(key: String, value: String)]
    /// Model-local functions.
    var functions: [(domain: String, name: String)]
    var graph: GraphDescription?
}

struct GraphDescription {
    var name: String
    var nodes: [NodeDescription]
    var initializers: [TensorDescription]
    var sparseInitializers: [TensorDescription?]
    var inputs: [DeclarationDescription]
    var outputs: [DeclarationDescription]
}

struct NodeDescription {
    var name: String
    var type: String
    var domain: String
    var inputs: [String]
    var outputs: [String]
    var attributes: [AttributeDescription]
}

struct AttributeDescription {
    enum Content {
        case value(AttributeValue)
        case tensor(TensorDescription)
        /// Why the attribute has no single value of its declared type.
        case invalid(expected: String, found: String)
    }

    var name: String
    var content: Content
}

struct TensorDescription {
    var name: String
    var dataType: Int32
    var dims: [Int64]
    /// Index in `ModelReduction.elements`.
    var elements: Int?
    var hasSegment: Bool
    /// Whether the numbers are in another file.
    var isExternal: Bool
    /// The other file's name, as given.
    var externalLocation: String
}

/// An input or output of a graph.
struct DeclarationDescription {
    enum Kind {
        case tensor(dataType: Int32, shape: [Dimension]?)
        case missing
        /// A sequence, map, optional or sparse tensor.
        case other(String)
    }

    enum Dimension {
        case size(Int64)
        case name(String)
        case unknown
    }

    var name: String
    var kind: Kind
}
