import IR
import KernelInterface
import Kernels
import Testing

@Suite struct Coverage {
    @Test func `at least 400 recorded cases are found`() {
        #expect(OperatorCase.names.count >= 400)
    }

    @Test func `the recorded cases cover the operators that networks are made of`() throws {
        var cases: [String: Int] = [:]
        for name in OperatorCase.names {
            let types = try OperatorCase(name).graph.nodes.map(\.op.type)
            for type in Set(types) { cases[type, default: 0] += 1 }
        }
        #expect(
            cases.keys.sorted() == [
                "Abs", "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat",
                "Constant", "Conv", "Div", "Dropout", "Elu", "Exp", "Flatten", "Gather", "Gemm",
                "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "Identity", "LRN", "LeakyRelu",
                "LogSoftmax", "MatMul", "Max", "MaxPool", "Min", "Mul", "Neg", "Pad", "Pow",
                "ReduceMean", "ReduceSum", "Relu", "Reshape", "Shape", "Sigmoid", "Slice",
                "Softmax", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Transpose", "Unsqueeze",
            ])
        #expect(cases.count >= 25)
        #expect(cases["Conv", default: 0] >= 50)
        #expect(cases["MaxPool", default: 0] >= 25)
        #expect(cases["AveragePool", default: 0] >= 25)
        #expect(cases["Gemm", default: 0] >= 15)
    }

    @Test func `operators without a recorded case are known`() throws {
        var covered: Set<String> = []
        for name in OperatorCase.names {
            covered.formUnion(try OperatorCase(name).graph.nodes.map(\.op.type))
        }
        let missing = OperatorRegistry.operators.map { $0.type }.filter { !covered.contains($0) }
        // Their plain meaning is tested in IRTests; the engine evaluates them by it.
        #expect(
            missing == [
                "And", "ArgMax", "Ceil", "ConstantOfShape", "Equal", "Erf", "Expand", "Floor",
                "Greater", "HardSwish", "Less", "Log", "Mean", "Not", "Or", "PRelu", "Reciprocal",
                "ReduceMax", "ReduceMin", "Resize", "Selu", "Size", "Softplus", "Split",
                "Upsample", "Where",
            ])
    }

    @Test func `every kernel set that this CPU runs is measured, the baseline among them`() {
        let available = CPUTarget.all.filter(\.isAvailable).map(\.kernels.name)
        #expect(available.last == "baseline")
        #expect(Set(available).count == available.count)
    }
}
