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
        case let gemm as Gemm:
            return saturatingProduct(outputs, gemm.transposesB ? weight[1] : weight[0])
        case is MatMul: return saturatingProduct(outputs, weight[max(0, weight.count - 2)])
        default: return 0
        }
    }
}

private func saturatingProduct(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? .max : product
}
