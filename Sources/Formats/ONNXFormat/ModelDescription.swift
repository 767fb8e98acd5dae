import IR

/// A model as its messages describe it, in Swift values: nothing checked yet but the wire format.
struct ModelDescription {
    var irVersion: Int64
    var producer: String
    var operatorSets: [(domain: String, version: Int64)]
    var metadata: [(key: String, value: String)]
    /// Model-local functions.
    var functions: [FunctionDescription]
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

/// A function of the model's own: nodes to put in the place of a node that names it.
struct FunctionDescription {
    struct Key: Hashable {
        var domain: String
        var name: String
        var overload: String
    }

    var key: Key
    var inputs: [String]
    var outputs: [String]
    /// Values of attributes that the calling node may leave out.
    var defaults: [AttributeDescription]
    var nodes: [NodeDescription]
    var operatorSets: [(domain: String, version: Int64)]
}

struct NodeDescription {
    var name: String
    var type: String
    var domain: String
    var overload: String
    var inputs: [String]
    var outputs: [String]
    var attributes: [AttributeDescription]
}

struct AttributeDescription {
    enum Content {
        case value(AttributeValue)
        case tensor(TensorDescription)
        /// A branch or body.
        case graph(GraphDescription)
        /// The attribute of the calling node that a function's node takes.
        case reference(String)
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
    /// TensorProto.DataLocation.
    var dataLocation: Int
    /// Where in another file the numbers lie; empty for those in the file itself.
    var externalData: [(key: String, value: String)]
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
