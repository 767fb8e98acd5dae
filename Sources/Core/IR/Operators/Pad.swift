package import Tensors

/// x with cells added before and after each axis, or cut off where a pad is negative.
///
/// Inputs: x, pads [2k] (constant: all begins, then all ends), optionally the constant's value
/// (one element of x's type, 0 when omitted), optionally axes [k] (constant, all when omitted).
/// Cutting comes first, then the added cells are filled from what is left.
///
/// Source: ONNX operator Pad; before opset 11 pads and value are attributes, axes came with 18, wrap with 19.
package struct Pad: Foldable, Modernized {
    package static let type = "Pad"

    package enum Mode: String, CaseIterable, Sendable {
        case constant
        /// Mirrored at the edge cell, which is not repeated.
        case reflect
        /// The edge cell repeated.
        case edge
        /// The cells from the other end.
        case wrap
    }

    package var mode: Mode

    package init(mode: Mode = .constant) {
        self.mode = mode
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        let name = try reader.string("mode") ?? "constant"
        guard let mode = Mode(rawValue: name) else {
            throw .attribute("mode", expected: "constant, reflect, edge or wrap", found: name)
        }
        self.mode = mode
        if mode == .wrap, reader.opset < 19 {
            throw .unsupported("mode wrap in opset \(reader.opset); it came with 19")
        }
        guard reader.opset < 11 else { return }
        guard let pads = try reader.ints(reader.opset < 2 ? "paddings" : "pads") else {
            throw .attribute("pads", expected: "sizes", found: "none")
        }
        reader.addInput(1, Tensor(pads.map { Int64($0) }))
        if let value = try reader.float("value"), value != 0 {
            reader.addInput(2, Tensor([value], shape: []))
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("mode", mode.rawValue)
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        guard inputs.count == 4, let rank = inputs.optional(0)?.shape.count,
            let pads = try? inputs.requiredList(1, limit: 2 * maximumRank),
            let axes = try? inputs.shortList(3, limit: maximumRank),
            let full = try? Self.spread(pads, over: axes, rank: rank)
        else { return nil }
        let values = full.map(\.begin) + full.map(\.end)
        return WrittenForm(
            op: self, inputCount: 3, replacements: [1: Tensor(values.map { Int64($0) })])
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(2...4)
        let input = try inputs.present(0)
        let pads = try Self.spread(
            try inputs.requiredList(1, limit: 2 * maximumRank),
            over: try inputs.shortList(3, limit: maximumRank), rank: input.shape.count)
        if let value = inputs.optional(2) {
            let isOne = Tensor.elementCount(of: value.shape) == 1
            let bothFloat = value.elementType.isFloatingPoint && input.elementType.isFloatingPoint
            guard isOne, value.elementType == input.elementType || bothFloat else {
                throw .input(
                    2, expected: "one \(input.elementType.rawValue) element",
                    found: "\(value.elementType.rawValue) \(value.shape)")
            }
        }
        var shape: [Int] = []
        for (size, pad) in zip(input.shape, pads) { shape.append(try padded(size, pad)) }
        return [ValueInfo(elementType: input.elementType, shape: shape)]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let pads = try Self.spread(
            inputs.integers(1) ?? [], over: inputs.integers(3), rank: input.rank)
        let axes = zip(input.shape, pads).map { pick($0, $1) }
        let value = inputs.optional(2)?.converted(to: input.elementType)
        return [input.picked(axes, fill: value)]
    }

    private typealias AxisPads = (begin: Int, end: Int)

    /// Pads of all axes, from those of `axes`.
    private static func spread(
        _ pads: [Int], over axes: [Int]?, rank: Int
    ) throws(OperatorError) -> [AxisPads] {
        let count = axes?.count ?? rank
        guard pads.count == 2 * count else {
            throw .input(1, expected: "\(2 * count) pads", found: "\(pads.count)")
        }
        if let pad = pads.first(where: { $0 < -(1 << 40) || $0 > 1 << 40 }) {
            throw .input(1, expected: "pads of sensible size", found: "\(pad)")
        }
        var result = [AxisPads](repeating: (0, 0), count: rank)
        let axes = axes ?? Array(0..<rank)
        _ = try axisFlags(axes, rank: rank)
        for (index, axis) in axes.enumerated() {
            result[axis < 0 ? axis + rank : axis] = (pads[index], pads[index + count])
        }
        return result
    }

    /// The size of an axis after padding.
    private func padded(_ size: Int, _ pad: AxisPads) throws(OperatorError) -> Int {
        guard size < 1 << 40 else { throw .outputTooLarge([size]) }
        let left = size + min(pad.begin, 0) + min(pad.end, 0)
        let added = max(pad.begin, pad.end, 0)
        let isFilled =
            switch mode {
            case .constant: true
            case .reflect: added == 0 || added < left
            case .edge, .wrap: added == 0 || left > 0
            }
        guard left >= 0, isFilled else {
            throw .input(
                1, expected: "pads that mode \(mode.rawValue) can apply to size \(size)",
                found: "\(pad.begin) and \(pad.end)")
        }
        return left + max(pad.begin, 0) + max(pad.end, 0)
    }

    private func pick(_ size: Int, _ pad: AxisPads) -> AxisPick {
        let cut = max(-pad.begin, 0)
        let left = size - cut - max(-pad.end, 0)
        let before = max(pad.begin, 0)
        return AxisPick(count: left + before + max(pad.end, 0)) { index in
            let at = index - before
            if at >= 0 && at < left { return at + cut }
            switch mode {
            case .constant: return -1
            case .edge: return at < 0 ? cut : cut + left - 1
            case .wrap: return cut + (at % left + left) % left
            case .reflect: return cut + (at < 0 ? -at : 2 * (left - 1) - at)
            }
        }
    }
}
