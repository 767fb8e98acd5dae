import IR
import Tensors

/// Layers that combine values, or give them other shapes.
extension CaffeGraphBuilder {
    mutating func addFlatten(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let settings = step.layer.settings("flatten_param", .flatten)
        let first = try axis(settings.integer("axis") ?? 1, of: step)
        let last = try axis(settings.integer("end_axis") ?? -1, of: step)
        let whole = shape(input(step))
        guard first <= last else {
            throw step.layer.error(
                expected: "axes in order", found: "\(first) to \(last)")
        }
        if first == 1, last == whole.count - 1 {
            return try give(Flatten(axis: 1), [input(step)], for: step)
        }
        let sizes = keepingBatch(whole[..<first]) + [-1] + whole[(last + 1)...]
        try reshape(step, to: sizes)
    }

    mutating func addReshape(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("reshape_param", .reshape)
        let whole = shape(input(step))
        let given = settings.integer("axis") ?? 0
        let first = given < 0 ? given + whole.count + 1 : given
        let count = settings.integer("num_axes") ?? -1
        let last = count == -1 ? whole.count : first + max(0, min(count, whole.count + 1))
        guard first >= 0, count >= -1, first <= last, last <= whole.count else {
            throw layer.error(
                expected: "axes of the \(whole.count) there are",
                found: "\(count) from axis \(given) on")
        }
        var sizes = settings.message("shape")?.integers("dim") ?? []
        for (index, size) in sizes.enumerated() where size == 0 {
            guard first + index < whole.count else {
                throw layer.error(
                    expected: "0 only for an axis there is", found: "\(sizes)")
            }
            sizes[index] = whole[first + index]
        }
        guard sizes.allSatisfy({ $0 >= -1 }), sizes.count + whole.count < 64 else {
            throw layer.error(
                expected: "sizes, or -1 for one of them", found: "\(sizes.prefix(32))")
        }
        var target = whole[..<first] + sizes + whole[last...]
        // A batch of any size stays as it is.
        if target.first == whole.first, !target.isEmpty { target[0] = 0 }
        try reshape(step, to: Array(target))
    }

    private func keepingBatch(_ sizes: ArraySlice<Int>) -> [Int] {
        sizes.enumerated().map { $0 == 0 ? 0 : $1 }
    }

    private mutating func reshape(
        _ step: CaffeNetwork.Step, to sizes: [Int]
    ) throws(CaffeError) {
        let target = try integers(sizes, part: "shape", of: step.layer)
        try give(Reshape(), [input(step), target], for: step)
    }

    mutating func addConcat(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let settings = step.layer.settings("concat_param", .concat)
        guard !settings.has("axis") || !settings.has("concat_dim") else {
            throw step.layer.error(expected: "axis or concat_dim", found: "both")
        }
        let axis = try axis(
            settings.integer("axis") ?? settings.integer("concat_dim") ?? 1, of: step)
        let inputs = step.inputs.indices.map { input(step, $0) }
        try give(Concat(axis: axis), inputs, for: step)
    }

    mutating func addSlice(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("slice_param", .slice)
        let axis = try axis(
            settings.integer("axis") ?? settings.integer("slice_dim") ?? 1, of: step)
        let points = settings.integers("slice_point")
        let split = Split(axis: axis, outputCount: step.outputs.count)
        guard !points.isEmpty else { return try give(split, [input(step)], for: step) }
        let bounds = [0] + points + [shape(input(step))[axis]]
        guard points.count + 1 == step.outputs.count,
            zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw layer.error(
                expected: "\(step.outputs.count - 1) points in order below \(bounds.last ?? 0)",
                found: "\(points.prefix(16))")
        }
        let sizes = zip(bounds, bounds.dropFirst()).map { $1 - $0 }
        let parts = try integers(sizes, part: "sizes", of: layer)
        try give(split, [input(step), parts], for: step)
    }

    // MARK: Arithmetic

    mutating func addEltwise(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let layer = step.layer
        let settings = layer.settings("eltwise_param", .eltwise)
        var inputs = step.inputs.indices.map { input(step, $0) }
        guard inputs.allSatisfy({ shape($0) == shape(inputs[0]) }) else {
            throw layer.error(
                expected: "bottoms of one shape", found: "\(inputs.prefix(8).map { shape($0) })")
        }
        let operation = settings.integer("operation") ?? 1
        let factors = settings.floats("coeff")
        guard factors.isEmpty || operation == 1 && factors.count == inputs.count else {
            throw layer.error(
                expected: "a coeff for each bottom of a sum", found: "\(factors.count)")
        }
        if operation == 1, inputs.count == 2, factors == [1, -1] {
            return try give(Sub(), inputs, for: step)
        }
        for (index, factor) in factors.enumerated() where factor != 1 {
            let constant = try number([factor], part: "coeff_\(index)", of: layer)
            inputs[index] = try add(
                Mul(), [inputs[index], constant], part: "term_\(index)", of: layer)
        }
        switch operation {
        case 0:
            guard inputs.count > 1 else { return try give(Identity(), inputs, for: step) }
            var product = inputs[0]
            for (index, factor) in inputs.enumerated().dropFirst().dropLast() {
                product = try add(Mul(), [product, factor], part: "product_\(index)", of: layer)
            }
            try give(Mul(), [product, inputs[inputs.count - 1]], for: step)
        case 1: try give(inputs.count == 2 ? Add() : Sum(), inputs, for: step)
        default: try give(Max(), inputs, for: step)
        }
    }

    /// (shift + scale · x)^power.
    mutating func addPower(_ step: CaffeNetwork.Step) throws(CaffeError) {
        let settings = step.layer.settings("power_param", .power)
        let operations: [(any Operator, Float, String)] = [
            (Mul(), settings.float("scale", default: 1), "scale"),
            (Add(), settings.float("shift", default: 0), "shift"),
            (Pow(), settings.float("power", default: 1), "power"),
        ].filter { $0.1 != ($0.2 == "shift" ? 0 : 1) }
        var value = input(step)
        for (index, (op, number, part)) in operations.enumerated() {
            let constant = try self.number([number], part: part, of: step.layer)
            if index == operations.count - 1 {
                return try give(op, [value, constant], for: step)
            }
            value = try add(
                op, [value, constant], part: part == "scale" ? "scaled" : "shifted", of: step.layer)
        }
        try give(Identity(), [value], for: step)
    }
}
