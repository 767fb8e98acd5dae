import Architectures
import IR
import Tensors

/// Numbers to try operators with.
enum Probing {
    /// Numbers of all sizes and both signs, so that bounds and slopes show.
    static func tensor(_ shape: [Int]) -> Tensor {
        let sizes = [0.01, 0.3, 0.9, 1.7, 2.6, 3.4, 4.5, 5.7, 6.3, 11, 40, 300]
        var numbers: [Double] = []
        for index in 0..<shape.reduce(1, *) {
            let size: Double = sizes[index / 2 % sizes.count]
            let step: Double = 1 + Double(index) / 1000
            numbers.append(index % 2 == 0 ? size * step : -size * step)
        }
        return Tensor(numbers, shape: shape)
    }

    /// Whether results agree up to the rounding of float32 constants.
    static func agree(_ a: [Double], _ b: [Double]) -> Bool {
        a.count == b.count
            && zip(a, b).allSatisfy { mine, theirs in
                (mine - theirs).magnitude <= 1e-6 * max(1, theirs.magnitude)
                    || mine == theirs || (mine.isNaN && theirs.isNaN)
            }
    }
}

extension GraphView {
    /// Elements that an operator is tried with at most.
    private static let probeLimit = 1 << 16

    /// Operators that move or mix numbers, and may say the same in several ways.
    private static let probed: Set = [
        "Resize", "Pad", "Slice", "Gather", "Split", "Concat", "Expand", "Transpose",
        "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin",
    ]

    /// What `item` makes of numbers of the sizes it has here; nil where that is not to be tried.
    func probe(_ item: Item) -> [[Double]]? {
        guard Self.probed.contains(item.form.kind) else { return nil }
        var arguments: [Tensor?] = []
        for name in item.node.inputs {
            if name.isEmpty {
                arguments.append(nil)
            } else if let constant = model.weights[name] ?? types[name]?.constant {
                arguments.append(constant)
            } else if let shape = types[name]?.shape, shape.reduce(1, *) <= Self.probeLimit {
                arguments.append(Probing.tensor(shape))
            } else {
                return nil
            }
        }
        let types = arguments.map { $0.map { ValueInfo($0) } }
        guard let made = try? item.node.op.outputTypes(for: types),
            made.allSatisfy({ Tensor.elementCount(of: $0.shape) ?? .max <= Self.probeLimit * 16 })
        else { return nil }
        return try? item.node.op.evaluate(arguments).map { $0.doubles() }
    }
}
