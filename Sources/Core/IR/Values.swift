package import Tensors

/// The size of one axis as a file declares it.
package enum Dimension: Hashable, Sendable {
    case fixed(Int)
    /// A size the caller chooses, such as the batch `N`; equal names mean equal sizes.
    case symbolic(String)
    case unknown
}

/// An input or output of a graph, as declared.
package struct ValueDeclaration: Hashable, Sendable {
    package var name: String
    package var elementType: ElementType
    /// Nil when not even the rank is known.
    package var shape: [Dimension]?

    package init(name: String, elementType: ElementType, shape: [Dimension]?) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
    }
}

/// What is known about a value while a graph is examined: its type and, for constants, its elements.
package struct ValueInfo: Sendable {
    package var elementType: ElementType
    package var shape: [Int]
    /// The elements, when they do not depend on the graph's inputs.
    package var constant: Tensor?

    package init(elementType: ElementType, shape: [Int], constant: Tensor? = nil) {
        self.elementType = elementType
        self.shape = shape
        self.constant = constant
    }

    package init(_ tensor: Tensor) {
        self.init(elementType: tensor.elementType, shape: tensor.shape, constant: tensor)
    }
}
