import IR
import Tensors

/// One operator of a layer: it reads the value before it, then constants.
struct LayerStep {
    enum Operand {
        case parameter(ParameterRole)
        /// A number of the layer's formula.
        case number(Float)
        /// Axes of a value of `rank` axes.
        case axis(Int, rank: Int)
    }

    /// Of the node and of its result; the last step's is the layer's.
    var name: String
    var op: any Operator
    var operands: [Operand] = []
}

extension LayerSpec {
    /// The layer as operators in canonical form, one after the other.
    func steps(epsilon: Float) -> [LayerStep] {
        switch self {
        case .activation(_, .scaledTanh): scaledTanhSteps
        case .subsampling(_, let kernel): subsamplingSteps(kernel)
        case .radialBasis: radialBasisSteps
        default:
            [
                LayerStep(
                    name: name, op: operation(epsilon: epsilon),
                    operands: roles.map { .parameter($0) })
            ]
        }
    }

    /// The operator of a layer that is one.
    private func operation(epsilon: Float) -> any Operator {
        switch self {
        case .conv(_, let spec):
            Conv(
                window: Self.window(spec.kernel, stride: spec.stride, pad: spec.pad),
                group: spec.groups)
        case .batchNorm: BatchNormalization(epsilon: epsilon)
        case .activation(_, .relu): Relu()
        case .activation: Tanh()
        case .localResponse(_, let spec):
            LRN(size: spec.size, alpha: spec.alpha, beta: spec.beta, bias: spec.bias)
        case .pool(_, .max, let kernel, let stride):
            MaxPool(window: Self.window(kernel, stride: stride))
        case .pool(_, .average, let kernel, let stride):
            AveragePool(window: Self.window(kernel, stride: stride))
        case .subsampling(_, let kernel):
            AveragePool(window: Self.window(kernel, stride: kernel))
        case .flatten: Flatten(axis: 1)
        case .dense: Gemm(transposesB: true)
        case .radialBasis: ReduceSum(Reduction(keepsDimensions: false))
        }
    }

    private static func window(_ kernel: Int, stride: Int, pad: Int = 0) -> SpatialWindow {
        SpatialWindow(
            kernel: [kernel, kernel], strides: [stride, stride],
            pads: pad == 0 ? [] : [pad, pad, pad, pad])
    }

    private var scaledTanhSteps: [LayerStep] {
        [
            LayerStep(name: "\(name).slope", op: Mul(), operands: [.number(2 / 3)]),
            LayerStep(name: "\(name).tanh", op: Tanh()),
            LayerStep(name: name, op: Mul(), operands: [.number(1.7159)]),
        ]
    }

    /// A sum is the mean times the number of cells: no bit is lost where that is a power of two.
    private func subsamplingSteps(_ kernel: Int) -> [LayerStep] {
        [
            LayerStep(name: "\(name).mean", op: operation(epsilon: 0)),
            LayerStep(
                name: "\(name).sum", op: Mul(), operands: [.number(Float(kernel * kernel))]),
            LayerStep(name: "\(name).scaled", op: Mul(), operands: [.parameter(.weight)]),
            LayerStep(name: name, op: Add(), operands: [.parameter(.bias)]),
        ]
    }

    /// [N, J] → [N, 1, J] − [I, J] → [N, I, J], whose squares are added.
    private var radialBasisSteps: [LayerStep] {
        [
            LayerStep(name: "\(name).row", op: Unsqueeze(), operands: [.axis(1, rank: 3)]),
            LayerStep(name: "\(name).difference", op: Sub(), operands: [.parameter(.weight)]),
            LayerStep(name: "\(name).square", op: Pow(), operands: [.number(2)]),
            LayerStep(name: name, op: operation(epsilon: 0), operands: [.axis(2, rank: 3)]),
        ]
    }
}

extension LayerStep {
    /// The operator in a message.
    var title: String {
        switch op {
        case let conv as Conv:
            "Conv \(Self.title(conv.window)), pad \(conv.window.pads.first ?? 0)"
                + (conv.group == 1 ? "" : ", \(conv.group) groups")
        case let pool as MaxPool: "MaxPool \(Self.title(pool.window))"
        case let pool as AveragePool: "AveragePool \(Self.title(pool.window))"
        case let norm as LRN:
            "LRN over \(norm.size), alpha \(norm.alpha), beta \(norm.beta), bias \(norm.bias)"
        default: op.type
        }
    }

    private static func title(_ window: SpatialWindow) -> String {
        let kernel = window.kernel.map(String.init).joined(separator: "×")
        return "\(kernel), stride \(window.strides.first ?? 1)"
    }
}
