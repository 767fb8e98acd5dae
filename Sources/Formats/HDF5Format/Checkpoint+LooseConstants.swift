package import FormatInterface
package import IR
import Tensors

extension Checkpoint {
    /// Checks that a file of weights alone loses no array of numbers that the network needs.
    ///
    /// - Throws: `OutputError` naming an array that is no layer's weight.
    package func checkHasNoLooseArrays(_ destination: String) throws(OutputError) {
        for node in graph?.nodes ?? [] {
            guard let value = (node.op as? Constant)?.value, value.elementCount > 1,
                value.elementType.isFloatingPoint
            else { continue }
            throw OutputError(
                file: destination,
                problem: "expected a network whose arrays are all weights of Keras' layers, found "
                    + "'\(node.name)' of shape \(value.shape)")
        }
    }
}
