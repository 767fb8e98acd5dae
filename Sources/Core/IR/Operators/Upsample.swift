package import Tensors

/// x with its axes stretched: Resize as files of opset 7 to 9, and some later ones, have it.
///
/// Inputs: x, scales [rank] (constant).
///
/// Source: ONNX operator Upsample; in opset 7 the scales are an attribute.
package struct Upsample: Modernized, Foldable {
    package static let type = "Upsample"

    package var resize: Resize

    package init(mode: Resampling.Mode = .nearest) {
        resize = Resize()
        resize.takesScalesAlone = true
        resize.resampling.mode = mode
        resize.resampling.coordinates = .asymmetric
        resize.resampling.rounding = .floor
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        guard reader.opset >= 7 else {
            throw .unsupported("Upsample of opset \(reader.opset)")
        }
        let mode = try reader.string("mode") ?? "nearest"
        // Opset 7 says "bilinear" as well.
        self.init(mode: mode == "bilinear" ? .linear : .nearest)
        if mode != "bilinear" {
            guard let known = Resampling.Mode(rawValue: mode), known != .cubic else {
                throw .attribute("mode", expected: "nearest or linear", found: mode)
            }
            resize.resampling.mode = known
        }
        if reader.opset < 9 {
            guard let scales = try reader.floats("scales") else {
                throw .attribute("scales", expected: "one an axis", found: "none")
            }
            reader.addInput(1, Tensor(scales))
        }
    }

    package func encode(to writer: inout AttributeWriter) {
        writer.write("mode", resize.resampling.mode.rawValue)
    }

    package func writtenForm(for inputs: [ValueInfo?]) -> WrittenForm? {
        resize.writtenForm(for: inputs)
    }

    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try resize.outputTypes(for: inputs)
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        try resize.evaluate(inputs)
    }
}
