package import Tensors

/// Every `step`-th element of x from `start` to before `end`, along some axes.
///
/// Inputs: x, starts [k], ends [k], optionally axes [k], optionally steps [k] (all constant).
/// Negative starts and ends count from the end, and all are clamped to the axis. A negative step
/// walks backwards.
///
/// Source: ONNX operator Slice; before opset 10 starts, ends and axes are attributes.
package struct Slice: Foldable, AttributeFree {
    package static let type = "Slice"

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        guard reader.opset < 10 else { return }
        for (index, name) in ["starts", "ends", "axes"].enumerated() {
            if let values = try reader.ints(name) {
                reader.addInput(index + 1, Tensor(values.map { Int64($0) }))
            }
        }
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(3...5)
        let input = try inputs.present(0)
        let picks = try Self.picks(
            of: input.shape, starts: try inputs.requiredList(1, limit: maximumRank),
            ends: try inputs.requiredList(2, limit: maximumRank),
            axes: try inputs.shortList(3, limit: maximumRank),
            steps: try inputs.shortList(4, limit: maximumRank))
        return [ValueInfo(elementType: input.elementType, shape: picks.map(\.count))]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let picks = try Self.picks(
            of: input.shape, starts: inputs.integers(1) ?? [], ends: inputs.integers(2) ?? [],
            axes: inputs.integers(3), steps: inputs.integers(4))
        return [input.picked(picks)]
    }

    private static func picks(
        of shape: [Int], starts: [Int], ends: [Int], axes: [Int]?, steps: [Int]?
    ) throws(OperatorError) -> [AxisPick] {
        let axes = axes ?? Array(0..<starts.count)
        let steps = steps ?? [Int](repeating: 1, count: starts.count)
        guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count
        else {
            throw .input(
                2, expected: "as many ends, axes and steps as the \(starts.count) starts",
                found: "\(ends.count), \(axes.count) and \(steps.count)")
        }
        _ = try axisFlags(axes, rank: shape.count)
        var picks = shape.map { AxisPick.all($0) }
        for (index, axis) in axes.enumerated() {
            guard steps[index] != 0 else {
                throw .input(4, expected: "steps other than 0", found: "0")
            }
            let axis = axis < 0 ? axis + shape.count : axis
            picks[axis] = pick(
                size: shape[axis], start: starts[index], end: ends[index], step: steps[index])
        }
        return picks
    }

    private static func pick(size: Int, start: Int, end: Int, step: Int) -> AxisPick {
        let range = step > 0 ? 0...size : -1...size - 1
        func clamp(_ position: Int) -> Int {
            min(max(position < 0 ? position + size : position, range.lowerBound), range.upperBound)
        }
        let (first, last) = (clamp(start), clamp(end))
        let distance = step > 0 ? last - first : first - last
        let stride = step == .min ? .max : abs(step)
        let count = distance > 0 ? (distance - 1) / stride + 1 : 0
        return AxisPick(count: count) { first + $0 * step }
    }
}
