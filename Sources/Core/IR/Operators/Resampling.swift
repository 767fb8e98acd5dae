import Foundation

/// How an axis is resampled: where an output cell lies on the input, and which cells it mixes.
///
/// Source: ONNX operator Resize, "coordinate_transformation_mode", "mode", "nearest_mode".
package struct Resampling: Hashable, Sendable {
    package enum Mode: String, CaseIterable, Sendable {
        case nearest, linear, cubic
    }

    /// The cell x of m that resampling n cells by s gives lies on the input at:
    package enum Coordinates: String, CaseIterable, Sendable {
        /// (x + ½)/s − ½
        case halfPixel = "half_pixel"
        /// The same about the input's centre where n·s is not m.
        case halfPixelSymmetric = "half_pixel_symmetric"
        /// The same, but 0 where m is 1.
        case pytorchHalfPixel = "pytorch_half_pixel"
        /// x · (n − 1)/(n·s − 1)
        case alignCorners = "align_corners"
        /// x/s
        case asymmetric
        /// As alignCorners, inside a region of interest.
        case cropAndResize = "tf_crop_and_resize"
    }

    package enum Rounding: String, CaseIterable, Sendable {
        case preferFloor = "round_prefer_floor"
        case preferCeil = "round_prefer_ceil"
        case floor, ceil
    }

    package var mode = Mode.nearest
    package var coordinates = Coordinates.halfPixel
    package var rounding = Rounding.preferFloor
    /// The constant of the cubic filter.
    package var cubicA: Float = -0.75
    /// Whether cells outside the input weigh nothing instead of repeating the edge.
    package var excludesOutside = false
    /// Whether the filter widens where the axis shrinks.
    package var antialiases = false

    package init() {}

    /// One axis to resample.
    struct Axis {
        var input: Int
        var output: Int
        var scale: Double
        /// Begin and end of the region of interest, as parts of the axis.
        var region: (begin: Double, end: Double) = (0, 1)

        var isUnchanged: Bool { input == output && scale == 1 }
    }

    /// The cells that output `x` mixes and their weights; nil outside the region of interest.
    func taps(_ axis: Axis, at x: Int) -> [(index: Int, weight: Double)]? {
        let position = position(axis, at: Double(x))
        let last = Double(axis.input - 1)
        if coordinates == .cropAndResize, position < 0 || position > last { return nil }
        guard position.isFinite, position.magnitude < 1e15 else { return [(0, 1)] }
        if mode == .nearest { return [(nearest(position, in: axis), 1)] }
        // The cell left of the position, which lies in (0, 1] beside it.
        let left = Int(position.rounded(.up)) - 1
        let filter = filter(position - Double(left), scale: axis.scale)
        var taps = filter.map { (index: left + $0.offset, weight: $0.weight) }
        if excludesOutside {
            taps.removeAll { $0.index < 0 || $0.index >= axis.input }
        }
        let total = taps.reduce(0) { $0 + $1.weight }
        return taps.map { tap in
            (
                index: min(max(tap.index, 0), axis.input - 1),
                weight: excludesOutside || antialiases ? tap.weight / total : tap.weight
            )
        }
    }

    private func position(_ axis: Axis, at x: Double) -> Double {
        let whole = Double(axis.input) * axis.scale
        let last = Double(axis.input - 1)
        let half = (x + 0.5) / axis.scale - 0.5
        switch coordinates {
        case .halfPixel: return half
        case .pytorchHalfPixel: return axis.output == 1 ? 0 : half
        case .halfPixelSymmetric:
            return Double(axis.input) / 2 * (1 - Double(axis.output) / whole) + half
        case .alignCorners: return whole == 1 ? 0 : x * last / (whole - 1)
        case .asymmetric: return x / axis.scale
        case .cropAndResize:
            let (begin, end) = axis.region
            let offset = whole == 1 ? last / 2 : x * last / (whole - 1)
            return begin * last + (end - begin) * offset
        }
    }

    private func nearest(_ position: Double, in axis: Axis) -> Int {
        let rounded =
            switch rounding {
            case .preferFloor: (position - 0.5).rounded(.up)
            case .preferCeil: (position + 0.5).rounded(.down)
            case .floor: position.rounded(.down)
            case .ceil: position.rounded(.up)
            }
        return min(max(Int(rounded), 0), axis.input - 1)
    }

    /// Weights of the cells around a position `ratio` right of cell 0.
    private func filter(
        _ ratio: Double, scale: Double
    ) -> [(offset: Int, weight: Double)] {
        let reach = mode == .linear ? 1.0 : 2
        let narrowing = antialiases ? min(scale, 1) : 1
        let first = Int((-reach / narrowing).rounded(.down)) + 1
        return (first...1 - first).map { offset in
            let distance = ((Double(offset) - ratio) * narrowing).magnitude
            return (offset, mode == .linear ? max(0, 1 - distance) : cubic(distance))
        }
    }

    /// Keys' cubic convolution kernel.
    private func cubic(_ x: Double) -> Double {
        let a = Double(cubicA)
        if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
        return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
    }
}
