import Tensors

extension Resize {
    /// What becomes of each axis.
    ///
    /// - Parameters:
    ///   - inputs: the constants among the inputs.
    ///   - given: which inputs there are.
    func geometry(
        _ shape: [Int], _ inputs: [Tensor?], given: [Bool]
    ) throws(OperatorError) -> [Resampling.Axis] {
        func list(_ index: Int) throws(OperatorError) -> [Double]? {
            guard index < given.count, given[index] else { return nil }
            guard let tensor = inputs[index] else { throw .dependsOnData(input: index) }
            guard tensor.rank <= 1, tensor.elementCount <= 2 * maximumRank else {
                throw .input(
                    index, expected: "one number an axis", found: "shape \(tensor.shape)")
            }
            return tensor.elementCount == 0 ? nil : tensor.doubles()
        }
        let places = try axesChanged(rank: shape.count)
        var result = shape.map { Resampling.Axis(input: $0, output: $0, scale: 1) }
        let scales = try list(takesScalesAlone ? 1 : 2)
        let sizes = try takesScalesAlone ? nil : list(3)
        guard let numbers = scales ?? sizes, scales == nil || sizes == nil else {
            throw .inputCount(expected: "scales or sizes besides x as", found: given.count)
        }
        guard numbers.count == places.count else {
            throw .input(
                scales == nil ? 3 : 2, expected: "\(places.count) numbers",
                found: "\(numbers.count)")
        }
        for (axis, number) in zip(places, numbers) {
            result[axis] =
                try scales == nil
                ? sized(result[axis], to: number) : scaled(result[axis], by: number)
        }
        if scales == nil { try keepAspect(of: &result, places) }
        if resampling.coordinates == .cropAndResize {
            try setRegion(try list(1) ?? [], of: &result, places)
        }
        return result
    }

    private func axesChanged(rank: Int) throws(OperatorError) -> [Int] {
        guard let axes else { return Array(0..<rank) }
        _ = try axisFlags(axes, rank: rank)
        return axes.map { $0 < 0 ? $0 + rank : $0 }
    }

    private func scaled(
        _ axis: Resampling.Axis, by scale: Double
    ) throws(OperatorError) -> Resampling.Axis {
        let output = (Double(axis.input) * scale).rounded(.down)
        guard scale > 0, output < 1e12, axis.input > 0 || output == 0 else {
            throw .input(2, expected: "scales above 0 that make sense", found: "\(scale)")
        }
        return Resampling.Axis(input: axis.input, output: Int(output), scale: scale)
    }

    private func sized(
        _ axis: Resampling.Axis, to size: Double
    ) throws(OperatorError) -> Resampling.Axis {
        guard size >= 0, size < 1e12, size.rounded() == size, axis.input > 0 else {
            throw .input(3, expected: "sizes of at least 0", found: "\(size)")
        }
        return Resampling.Axis(
            input: axis.input, output: Int(size), scale: size / Double(axis.input))
    }

    private func keepAspect(
        of axes: inout [Resampling.Axis], _ places: [Int]
    ) throws(OperatorError) {
        let scales = places.map { axes[$0].scale }
        guard policy != .stretch,
            let scale = policy == .notLarger ? scales.min() : scales.max()
        else { return }
        for axis in places {
            let output = (scale * Double(axes[axis].input) + 0.5).rounded(.down)
            guard output < 1e12 else {
                throw .input(3, expected: "sizes that make sense", found: "\(output)")
            }
            axes[axis].scale = scale
            axes[axis].output = Int(output)
        }
    }

    private func setRegion(
        _ region: [Double], of axes: inout [Resampling.Axis], _ places: [Int]
    ) throws(OperatorError) {
        guard region.count == 2 * places.count else {
            throw .input(1, expected: "\(2 * places.count) numbers", found: "\(region.count)")
        }
        for (index, axis) in places.enumerated() {
            axes[axis].region = (region[index], region[index + places.count])
        }
    }
}
