import IR
import Tensors

/// What operators may stand in one another's place.
enum LayerKind {
    /// Each output from the input at its place, or from those around it.
    case pointwise
    /// As `pointwise`, and a scale and a shift that constants decide: it may be worked into others.
    case affine
    case pool
    /// Convolutions and matrix products.
    case linear
    /// Of two or more activations, place by place.
    case arithmetic
    /// Elements are moved, not changed.
    case movement
    case other

    private static let kinds: [LayerKind: [String]] = [
        .pointwise: [
            "Abs", "Ceil", "Clip", "Elu", "Erf", "Exp", "Floor", "HardSigmoid", "HardSwish", "LRN",
            "LeakyRelu", "Log", "LogSoftmax", "Neg", "PRelu", "Reciprocal", "Relu", "Selu",
            "Sigmoid", "Softmax", "Softplus", "Sqrt", "Tanh",
        ],
        .affine: ["BatchNormalization"],
        .pool: [
            "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "MaxPool", "ReduceMax",
            "ReduceMean", "ReduceMin", "ReduceSum",
        ],
        .linear: ["Conv", "Gemm", "MatMul"],
        .movement: [
            "Cast", "Dropout", "Expand", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose",
            "Unsqueeze",
        ],
    ]
    private static let byType = Dictionary(
        uniqueKeysWithValues: kinds.flatMap { kind, types in types.map { ($0, kind) } })
    private static let arithmetics: Set = [
        "Add", "Div", "Max", "Mean", "Min", "Mul", "Pow", "Sub", "Sum",
    ]

    /// Whether a part of a name is an operator's, numbered or not.
    static func isOperator(_ name: String) -> Bool {
        let name = name.split(separator: "_").first.map(String.init) ?? name
        return byType[name] != nil || arithmetics.contains(name)
            || ["BiasAdd", "Concat", "Pad"].contains(name)
    }

    init(_ node: Node, _ weights: [String: Tensor]) {
        if Self.arithmetics.contains(node.op.type) {
            let moving = node.inputs.count { !$0.isEmpty && weights[$0] == nil }
            let isLinear = ["Add", "Sub", "Mul", "Div"].contains(node.op.type)
            self = moving > 1 ? .arithmetic : isLinear ? .affine : .pointwise
        } else {
            self = Self.byType[node.op.type] ?? .other
        }
    }

    /// Whether one may have been written for the other by mistake or by choice.
    func mayReplace(_ other: LayerKind) -> Bool {
        switch (self, other) {
        case (.pointwise, .pointwise), (.affine, .affine), (.pool, .pool), (.linear, .linear),
            (.arithmetic, .arithmetic), (.pointwise, .affine), (.affine, .pointwise):
            true
        default: false
        }
    }
}
