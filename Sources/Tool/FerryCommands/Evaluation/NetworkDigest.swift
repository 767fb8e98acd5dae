import Architectures
import FormatInterface
import IR
import Tensors

/// What makes a network the one it is, whatever the file it came from.
struct NetworkDigest {
    /// Of the operators, their attributes and how they are joined.
    let graph: String
    /// Of every weight: name, type, shape, elements.
    let weights: String

    init(_ model: Model) throws {
        let operators = try SHA256()
        let graph = model.graph
        for value in graph.inputs + graph.outputs {
            operators.update(
                "\(value.name) \(value.elementType) \(ValueDeclaration.describe(value.shape))\n")
        }
        for node in graph.nodes {
            operators.update("\(node.op.type) \(node.inputs) \(node.outputs)\n")
            var writer = AttributeWriter()
            node.op.encode(to: &writer)
            for attribute in writer.attributes {
                if case .tensor(let tensor) = attribute.value {
                    operators.update("\(attribute.name) ")
                    operators.update(tensor)
                } else {
                    operators.update("\(attribute.name) \(attribute.value)\n")
                }
            }
        }
        self.graph = try operators.hexadecimal()
        let numbers = try SHA256()
        for (name, tensor) in model.weights.sorted(by: { $0.key < $1.key }) {
            numbers.update("\(name) ")
            numbers.update(tensor)
        }
        weights = try numbers.hexadecimal()
    }
}

extension SHA256 {
    func update(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe update(bytes.span.bytes)
    }

    fileprivate func update(_ tensor: Tensor) {
        update("\(tensor.elementType) \(tensor.shape)\n")
        unsafe tensor.eachPieceInOrder { piece in
            unsafe update(RawSpan(_unsafeBytes: piece))
        }
    }
}
