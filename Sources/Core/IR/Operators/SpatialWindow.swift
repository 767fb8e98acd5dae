/// How a window slides over the spatial axes: shared by convolutions and pools.
///
/// Output size, per axis, for input I, kernel K, dilation d, stride s, pads b and e and
/// k′ = (K−1)·d+1: ⌊(I+b+e−k′)/s⌋+1; with `ceilMode` ⌈…⌉+1, less a last window that would begin
/// beyond the input and its begin-pad. SAME: ⌈I/s⌉, VALID: no pads.
///
/// Source: ONNX operators Conv and MaxPool.
package struct SpatialWindow: Hashable, Sendable {
    package enum AutoPad: String, Sendable {
        case notSet = "NOTSET"
        case sameUpper = "SAME_UPPER"
        case sameLower = "SAME_LOWER"
        case valid = "VALID"
    }

    /// Sizes of the window, one a spatial axis; empty for a convolution that takes its weight's.
    package var kernel: [Int]
    /// Empty means 1 everywhere, as do empty `dilations`.
    package var strides: [Int]
    package var dilations: [Int]
    /// All begins, then all ends; empty means 0.
    package var pads: [Int]
    package var autoPad: AutoPad
    package var ceilMode: Bool

    package init(
        kernel: [Int] = [], strides: [Int] = [], dilations: [Int] = [], pads: [Int] = [],
        autoPad: AutoPad = .notSet, ceilMode: Bool = false
    ) {
        self.kernel = kernel
        self.strides = strides
        self.dilations = dilations
        self.pads = pads
        self.autoPad = autoPad
        self.ceilMode = ceilMode
    }

    package init(from reader: inout AttributeReader) throws(OperatorError) {
        kernel = try reader.ints("kernel_shape") ?? []
        strides = try reader.ints("strides") ?? []
        dilations = try reader.ints("dilations") ?? []
        pads = try reader.ints("pads") ?? []
        ceilMode = false
        let name = try reader.string("auto_pad") ?? "NOTSET"
        guard let autoPad = AutoPad(rawValue: name.isEmpty ? "NOTSET" : name) else {
            throw .attribute(
                "auto_pad", expected: "NOTSET, SAME_UPPER, SAME_LOWER or VALID", found: name)
        }
        self.autoPad = autoPad
        if autoPad != .notSet, pads.contains(where: { $0 != 0 }) {
            throw .attribute("pads", expected: "none beside auto_pad \(name)", found: "\(pads)")
        }
        if autoPad != .notSet { pads = [] }
        for (name, values) in [
            ("kernel_shape", kernel), ("strides", strides), ("dilations", dilations),
        ] {
            if let value = values.first(where: { $0 < 1 || $0 > 1 << 30 }) {
                throw .attribute(name, expected: "sizes of at least 1", found: "\(value)")
            }
        }
        if let pad = pads.first(where: { $0 < 0 || $0 > 1 << 30 }) {
            throw .attribute("pads", expected: "sizes of at least 0", found: "\(pad)")
        }
    }

    package func encode(to writer: inout AttributeWriter, writesKernel: Bool = true) {
        if writesKernel && !kernel.isEmpty { writer.write("kernel_shape", kernel) }
        if !strides.isEmpty { writer.write("strides", strides) }
        if !dilations.isEmpty { writer.write("dilations", dilations) }
        if autoPad != .notSet { writer.write("auto_pad", autoPad.rawValue) }
        if autoPad == .notSet, !pads.isEmpty { writer.write("pads", pads) }
        if ceilMode { writer.write("ceil_mode", 1) }
    }

    /// One axis with everything settled.
    package struct Axis: Hashable, Sendable {
        package var input: Int
        package var kernel: Int
        package var stride: Int
        package var dilation: Int
        package var padBegin: Int
        package var padEnd: Int
        package var output: Int

        /// k′: cells from the window's first to its last, inclusive.
        package var extent: Int { (kernel - 1) * dilation + 1 }
    }

    /// Settles every axis for an input of spatial sizes `input`.
    ///
    /// - Throws: `.attribute` when a list has the wrong length or the window does not fit.
    package func axes(
        input: [Int], kernel givenKernel: [Int]? = nil
    ) throws(OperatorError) -> [Axis] {
        let kernel = givenKernel ?? self.kernel
        let rank = input.count
        for (name, count, wanted) in [
            ("kernel_shape", kernel.count, rank), ("strides", strides.count, rank),
            ("dilations", dilations.count, rank), ("pads", pads.count, 2 * rank),
        ] where count != wanted && !(count == 0 && name != "kernel_shape") {
            throw .attribute(name, expected: "\(wanted) values", found: "\(count)")
        }
        var axes: [Axis] = []
        for axis in 0..<rank {
            var settled = Axis(
                input: input[axis], kernel: kernel[axis],
                stride: strides.isEmpty ? 1 : strides[axis],
                dilation: dilations.isEmpty ? 1 : dilations[axis],
                padBegin: pads.isEmpty ? 0 : pads[axis],
                padEnd: pads.isEmpty ? 0 : pads[axis + rank], output: 0)
            try settle(&settled)
            axes.append(settled)
        }
        return axes
    }

    private func settle(_ axis: inout Axis) throws(OperatorError) {
        let (extent, overflow) = (axis.kernel - 1).multipliedReportingOverflow(by: axis.dilation)
        guard !overflow, extent < 1 << 40, axis.input < 1 << 40 else {
            throw .attribute(
                "kernel_shape", expected: "a window that fits", found: "\(axis.kernel)")
        }
        switch autoPad {
        case .notSet: break
        case .valid:
            axis.padBegin = 0
            axis.padEnd = 0
        case .sameUpper, .sameLower:
            let output = (axis.input + axis.stride - 1) / axis.stride
            let total = max(0, (output - 1) * axis.stride + axis.extent - axis.input)
            axis.padBegin = autoPad == .sameUpper ? total / 2 : total - total / 2
            axis.padEnd = total - axis.padBegin
        }
        let room = axis.input + axis.padBegin + axis.padEnd - axis.extent
        guard room >= 0 else {
            throw .attribute(
                "kernel_shape",
                expected: "a window of at most the padded input's "
                    + "\(room + axis.extent)", found: "\(axis.extent)")
        }
        axis.output = room / axis.stride + 1
        if ceilMode, autoPad == .notSet, room % axis.stride != 0,
            axis.output * axis.stride < axis.input + axis.padBegin
        {
            axis.output += 1
        }
        if autoPad == .sameUpper || autoPad == .sameLower {
            axis.output = (axis.input + axis.stride - 1) / axis.stride
        }
    }
}
