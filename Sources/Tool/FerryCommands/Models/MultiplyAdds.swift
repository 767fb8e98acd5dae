import Architectures
import IR
import Tensors

extension Node {
    /// Multiply-adds of a convolution or a dense layer, biases not counted; 0 for anything else.
    func multiplyAdds(_ types: [String: ValueInfo]) -> Int {
        guard let output = types[outputs[0]]?.shape, inputs.count > 1,
            let weight = types[inputs[1]]?.shape
        else { return 0 }
        let outputs = output.reduce(1, saturatingProduct)
        switch op {
        case is Conv: return saturatingProduct(outputs, weight.dropFirst().reduce(1, *))
        case is Gemm, is MatMul: return saturatingProduct(outputs, matrix(types)?[0] ?? weight[0])
        default: return 0
        }
    }

    /// Inputs and outputs of a dense layer: the rows and columns of the matrix it multiplies by.
    func matrix(_ types: [String: ValueInfo]) -> [Int]? {
        guard op is Gemm || op is MatMul, inputs.count > 1,
            let sides = types[inputs[1]]?.shape.suffix(2), sides.count == 2
        else { return nil }
        return (op as? Gemm)?.transposesB == true ? sides.reversed() : Array(sides)
    }
}

extension Model.NodeGroup {
    /// Multiply-adds of all its nodes.
    func multiplyAdds(_ types: [String: ValueInfo]) -> Int {
        nodes.reduce(0) { $0.addingReportingOverflow($1.multiplyAdds(types)).partialValue }
    }
}

private func saturatingProduct(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : product
}
