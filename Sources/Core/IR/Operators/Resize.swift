package import Tensors

/// x with its axes stretched or shrunk, each by itself: see `Resampling`.
///
/// Inputs: x, optionally a region of interest [2k], then either scales [k] or sizes [k] (constant):
/// one an axis, or one for each of `axes`. Sizes with a policy other than `stretch` share one scale.
///
/// Source: ONNX operator Resize; in opset 10 the inputs are x and scales.
package struct Resize: Modernized, Foldable {
    package static let type = "Resize"

    package enum Policy: String, CaseIterable, Sendable {
        case stretch
        case notLarger = "not_larger"
        case notSmaller = "not_smaller"
    }

    package var resampling = Resampling()
    /// What stands outside the region of interest.
    package var extrapolation: Float = 0
    package var axes: [Int]?
    package var policy = Policy.stretch
    /// Whether the inputs are x and scales, as in opset 10 and Upsample.
    package var takesScalesAlone = false

    package init() {}

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        resampling.mode = try reader.choice("mode", default: .nearest)
        guard reader.opset > 10 else {
            takesScalesAlone = true
            resampling.coordinates = .asymmetric
            resampling.rounding = .floor
            return
        }
        resampling.coordinates = try reader.choice(
            "coordinate_transformation_mode", default: .halfPixel)
        resampling.rounding = try reader.choice("nearest_mode", default: .preferFloor)
        resampling.cubicA = try reader.float("cubic_coeff_a", default: -0.75)
        resampling.excludesOutside = try reader.flag("exclude_outside", default: false)
        extrapolation = try reader.float("extrapolation_value", default: 0)
        guard reader.opset > 17 else { return }
        resampling.antialiases = try reader.flag("antialias", default: false)
        axes = try reader.ints("axes")
        policy = try reader.choice("keep_aspect_ratio_policy", default: .stretch)
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("mode", resampling.mode.rawValue)
        writer.write("coordinate_transformation_mode", resampling.coordinates.rawValue)
        writer.write("nearest_mode", resampling.rounding.rawValue)
        writer.write("cubic_coeff_a", resampling.cubicA)
        writer.write("exclude_outside", resampling.excludesOutside ? 1 : 0)
        writer.write("extrapolation_value", extrapolation)
        if resampling.antialiases { writer.write("antialias", 1) }
        if let axes { writer.write("axes", axes) }
        if policy != .stretch { writer.write("keep_aspect_ratio_policy", policy.rawValue) }
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard takesScalesAlone, let scales = inputs.optional(1)?.constant else { return nil }
        var op = self
        op.takesScalesAlone = false
        op.resampling = Self.settled(resampling, scales: scales.doubles(), isOld: true)
        return WrittenForm(op: op, inputCount: 1, replacements: [2: scales])
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(takesScalesAlone ? 2...2 : 1...4)
        let input = try inputs.numeric(0)
        let geometry = try geometry(
            input.shape, inputs.enumerated().map { $0 == 0 ? nil : $1?.constant },
            given: inputs.map { $0 != nil })
        return [
            ValueInfo(elementType: input.elementType, shape: geometry.map(\.output))
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let geometry = try geometry(input.shape, inputs, given: inputs.map { $0 != nil })
        let resampling = Self.settled(
            resampling, scales: geometry.map(\.scale), isOld: takesScalesAlone)
        var values = input.doubles()
        var shape = input.shape
        for (axis, sizes) in geometry.enumerated() {
            if sizes.isUnchanged, resampling.coordinates != .cropAndResize { continue }
            let taps = (0..<sizes.output).map { resampling.taps(sizes, at: $0) }
            values = mixed(values, shape, axis, taps)
            shape[axis] = sizes.output
        }
        return [Tensor(rounding: values, to: input.elementType, shape: shape)]
    }

    /// Old files' nearest takes the cell at or after the position where every axis shrinks.
    private static func settled(
        _ resampling: Resampling, scales: [Double], isOld: Bool
    ) -> Resampling {
        var resampling = resampling
        if isOld, scales.contains(where: { $0 < 1 }), scales.allSatisfy({ $0 <= 1 }) {
            resampling.rounding = .ceil
        }
        return resampling
    }

    /// Mixes cells along one axis.
    private func mixed(
        _ x: [Double], _ shape: [Int], _ axis: Int,
        _ taps: [[(index: Int, weight: Double)]?]
    ) -> [Double] {
        let inner = shape.dropFirst(axis + 1).reduce(1, *)
        let outer = shape.prefix(axis).reduce(1, *)
        var y = [Double](repeating: 0, count: outer * taps.count * inner)
        for block in 0..<outer {
            for (position, cells) in taps.enumerated() {
                let to = (block * taps.count + position) * inner
                guard let cells else {
                    for element in to..<to + inner { y[element] = Double(extrapolation) }
                    continue
                }
                for cell in cells where cell.weight != 0 {
                    let from = (block * shape[axis] + cell.index) * inner
                    for element in 0..<inner { y[to + element] += cell.weight * x[from + element] }
                }
            }
        }
        return y
    }
}
