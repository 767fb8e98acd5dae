import FormatInterface
import IR
import Tensors

/// Layers that make pictures smaller or larger.
extension KerasLayerWriter {
    mutating func addPool(
        _ node: Node, _ window: SpatialWindow, isMaximum: Bool, countsPadding: Bool = false
    ) throws(OutputError) {
        guard node.outputs.count == 1 || node.outputs[1].isEmpty,
            window.dilations.allSatisfy({ $0 == 1 })
        else { throw refusal(node, "\(node.op.type) with indices or dilations") }
        var input = try value(node.inputs[0], for: node)
        // An average that does not count its pads is "same" or nothing.
        var config = try slide(
            node, window, window.kernel, &input, zeros: !isMaximum && countsPadding)
        config["pool_size"] = Self.list(window.kernel)
        let isPadded = input.layer != values[node.inputs[0]]?.layer
        if isPadded, !isMaximum, !countsPadding {
            throw refusal(node, "AveragePool with pads that it does not count")
        }
        give(
            isMaximum ? "MaxPooling2D" : "AveragePooling2D", config, for: node, reads: [input],
            isPicture: input.isPicture)
    }

    mutating func addGlobalPool(
        _ node: Node, isMaximum: Bool, _ keepsAxes: Bool = true
    ) throws(OutputError) {
        let input = try value(node.inputs[0], for: node)
        guard rank(node.inputs[0]) == 4 else { throw refusal(node) }
        let config = dataFormat(input).merging(["keepdims": .bool(keepsAxes)]) { $1 }
        give(
            isMaximum ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D", config,
            for: node, reads: [input], isPicture: keepsAxes && input.isPicture)
    }

    /// Whether a reduction runs over the rows and columns of pictures.
    func isGlobal(_ reduction: Reduction, _ node: Node) -> Bool {
        node.inputs.count == 1 && rank(node.inputs[0]) == 4
            && reduction.axes.map { Set($0.map { $0 < 0 ? $0 + 4 : $0 }) } == [2, 3]
    }

    mutating func addUpSampling(_ node: Node, _ resize: Resize) throws(OutputError) {
        let resampling = resize.resampling
        let isNearest =
            resampling.mode == .nearest
            && (resampling.coordinates == .halfPixel
                || resampling.coordinates == .asymmetric && resampling.rounding == .floor)
        let isLinear =
            resampling.mode == .linear && resampling.coordinates == .halfPixel
            && !resampling.antialiases && !resampling.excludesOutside
        guard isNearest || isLinear, hasSizes, let from = types[node.inputs[0]]?.shape,
            let to = types[node.outputs[0]]?.shape, from.count == 4,
            zip(from, to).allSatisfy({ $0 > 0 && $1.isMultiple(of: $0) }),
            from[..<2] == to[..<2]
        else { throw refusal(node, "a Resize other than by whole factors") }
        let input = try value(node.inputs[0], for: node)
        let config = dataFormat(input).merging([
            "size": Self.list([to[2] / from[2], to[3] / from[3]]),
            "interpolation": .string(isNearest ? "nearest" : "bilinear"),
        ]) { $1 }
        give("UpSampling2D", config, for: node, reads: [input], isPicture: input.isPicture)
    }
}
