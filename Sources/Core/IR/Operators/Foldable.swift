package import Tensors

/// What computing an operator costs while a graph is examined.
package enum Folding: Sendable {
    /// Time linear in the elements read and written: for small tensors only.
    case small
    /// Copies elements without computing: worth it for weights too.
    case movesBytes
    /// Repeats one element, so that a few bytes of a file can stand for a weight.
    case repeatsElement
    /// Gives the input's bytes another shape or name: free.
    case sharesBytes
}

/// An operator that is computed when a graph is read, if all its inputs are constants.
package protocol Foldable: Operator {
    static var folding: Folding { get }
}

extension Foldable {
    package static var folding: Folding { .small }
}

/// An operator without attributes.
package protocol AttributeFree: Operator {
    init()
}

extension AttributeFree {
    package init(from reader: inout AttributeReader) throws(OperatorError) {
        self.init()
        reader.ignoreConsumedInputs()
    }
}

extension AttributeReader {
    /// Drops the in-place hint that many operators had before opset 6.
    mutating func ignoreConsumedInputs() {
        if opset < 6 { ignore("consumed_inputs") }
    }
}

/// An operator that files of another opset may hold in a form the written opset lacks.
package protocol Modernized: Operator {
    /// The same computation as opset 17 has it; nil when it stands so already or cannot.
    func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm?
}

/// A node's operator and inputs, rewritten in the meaning of opset 17.
package struct WrittenForm {
    package var op: any Operator
    /// How many of the leading inputs remain.
    package var inputCount: Int
    /// Inputs to replace by new constants, by index.
    package var replacements: [Int: Tensor] = [:]
}
