import IR
import Tensors

/// Which inputs of an operator must be of one element type.
extension OpsetForm {
    private static let oneType: Set = [
        "Conv", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "PRelu", "Sum", "Mean", "Max", "Min",
        "Concat",
    ]

    /// Requires weights of a layer to be of the type of what it reads, as those of a file that keeps
    /// some in another type may not be.
    func checkTypesAreAlike(_ node: WrittenNode) throws(Misfit) {
        for inputs in inputsOfOneType(node) {
            let types = inputs.compactMap { type($0)?.elementType }
            guard let first = types.first, let other = types.first(where: { $0 != first }) else {
                continue
            }
            throw Misfit("\(first) and \(other) together; --dtype makes weights alike")
        }
    }

    private func inputsOfOneType(_ node: WrittenNode) -> [ArraySlice<String>] {
        let inputs = node.inputs[...]
        switch node.type {
        case "BatchNormalization" where opset >= 15:
            return [inputs.dropFirst().prefix(2), inputs.dropFirst(3)]
        case "BatchNormalization": return [inputs]
        default: return Self.oneType.contains(node.type) ? [inputs] : []
        }
    }
}
