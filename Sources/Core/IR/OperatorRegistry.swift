package import Tensors

/// The operators Ferry knows, as a table.
package enum OperatorRegistry {
    /// The operator-set version whose meaning every operator encodes when written: ONNX opset 17.
    package static let writtenOpset = 17

    /// Every operator, in alphabetical order.
    package static let operators: [any Operator.Type] = [
        Abs.self,
        Add.self,
        And.self,
        ArgMax.self,
        AveragePool.self,
        BatchNormalization.self,
        Cast.self,
        Ceil.self,
        Clip.self,
        Concat.self,
        Constant.self,
        ConstantOfShape.self,
        Conv.self,
        Div.self,
        Dropout.self,
        Elu.self,
        Equal.self,
        Erf.self,
        Exp.self,
        Expand.self,
        Flatten.self,
        Floor.self,
        Gather.self,
        Gemm.self,
        GlobalAveragePool.self,
        GlobalMaxPool.self,
        Greater.self,
        HardSigmoid.self,
        HardSwish.self,
        Identity.self,
        LRN.self,
        LeakyRelu.self,
        Less.self,
        Log.self,
        LogSoftmax.self,
        MatMul.self,
        Max.self,
        MaxPool.self,
        Mean.self,
        Min.self,
        Mul.self,
        Neg.self,
        Not.self,
        Or.self,
        PRelu.self,
        Pad.self,
        Pow.self,
        Reciprocal.self,
        ReduceMax.self,
        ReduceMean.self,
        ReduceMin.self,
        ReduceSum.self,
        Relu.self,
        Reshape.self,
        Resize.self,
        Selu.self,
        Shape.self,
        Sigmoid.self,
        Size.self,
        Slice.self,
        Softmax.self,
        Softplus.self,
        Split.self,
        Sqrt.self,
        Squeeze.self,
        Sub.self,
        Sum.self,
        Tanh.self,
        Transpose.self,
        Unsqueeze.self,
        Upsample.self,
        Where.self,
    ]

    private static let byType: [String: any Operator.Type] = Dictionary(
        uniqueKeysWithValues: operators.map { ($0.type, $0) })

    /// Makes an operator from a file's description of it.
    ///
    /// - Parameters:
    ///   - type: the name in ONNX's list.
    ///   - attributes: by name.
    ///   - opset: the operator-set version the file declares.
    ///   - inputCount: inputs the node has.
    ///   - outputCount: outputs the node has.
    /// - Returns: the operator, and constants to append to its inputs where the given version has
    ///   attributes in their place.
    package static func decode(
        _ type: String, attributes: [String: AttributeValue], opset: Int, inputCount: Int,
        outputCount: Int = 1
    ) throws(OperatorError) -> (op: any Operator, addedInputs: [(index: Int, value: Tensor)]) {
        guard let known = byType[type] else { throw .unknownOperator(type) }
        var reader = AttributeReader(
            attributes, opset: opset, inputCount: inputCount, outputCount: outputCount)
        let op = try known.init(from: &reader)
        try reader.finish()
        return (op, reader.addedInputs)
    }
}
