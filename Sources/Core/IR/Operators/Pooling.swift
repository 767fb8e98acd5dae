package import Tensors

/// What pools over sliding windows share.
extension SpatialWindow {
    /// A pool's window, whose `kernel_shape` is required.
    static func pool(from reader: inout AttributeReader) throws(OperatorError) -> SpatialWindow {
        var window = try SpatialWindow(from: &reader)
        guard !window.kernel.isEmpty else {
            throw .attribute("kernel_shape", expected: "sizes of the window", found: "none")
        }
        window.ceilMode = try reader.flag("ceil_mode", default: false)
        return window
    }

    /// The type of a pool's output: x's, with each spatial size shrunk.
    func poolType(_ input: ValueInfo) throws(OperatorError) -> ValueInfo {
        guard input.shape.count >= 3 else {
            throw .input(0, expected: "at least 3 axes", found: "shape \(input.shape)")
        }
        guard Tensor.elementCount(of: kernel) != nil else {
            throw .attribute("kernel_shape", expected: "a window that fits", found: "\(kernel)")
        }
        let axes = try axes(input: Array(input.shape.dropFirst(2)))
        for axis in axes where axis.padBegin >= axis.extent || axis.padEnd >= axis.extent {
            throw .attribute(
                "pads", expected: "less than the window's \(axis.extent)", found: "\(pads)")
        }
        return ValueInfo(
            elementType: input.elementType,
            shape: Array(input.shape.prefix(2)) + axes.map(\.output))
    }

    /// Applies `reduce` to the cells of every window.
    ///
    /// - Parameter reduce: takes the cells' values and the number of cells inside input and pads.
    func pooled(_ input: Tensor, by reduce: ([Double], Int) -> Double) throws(OperatorError)
        -> Tensor
    {
        let axes = try axes(input: Array(input.shape.dropFirst(2)))
        let x = input.doubles()
        let planes = input.shape[0] * input.shape[1]
        let inputSize = axes.reduce(1) { $0 * $1.input }
        let outputSize = axes.reduce(1) { $0 * $1.output }
        let taps = WindowTaps(axes)
        var y = [Double](repeating: 0, count: planes * outputSize)
        for position in 0..<outputSize {
            let cells = taps.cells(at: position)
            let padded = taps.paddedCount(at: position)
            for plane in 0..<planes {
                let values = cells.map { x[plane * inputSize + $0.index] }
                y[plane * outputSize + position] = reduce(values, padded)
            }
        }
        let shape = Array(input.shape.prefix(2)) + axes.map(\.output)
        return Tensor(rounding: y, to: input.elementType, shape: shape)
    }
}

/// A pool whose window is the whole plane. Input: x [N, C, spatial…]; output [N, C, 1, …].
package protocol GlobalPool: AttributeFree {
    /// The one value of a plane, which is not empty.
    static func reduce(_ plane: ArraySlice<Double>) -> Double
}

extension GlobalPool {
    package func outputTypes(for inputs: [ValueInfo?]) throws(OperatorError) -> [ValueInfo] {
        try inputs.require(1...1)
        let input = try inputs.floating(0)
        guard input.shape.count >= 2, input.shape.dropFirst(2).allSatisfy({ $0 > 0 }) else {
            throw .input(
                0, expected: "[N, C, …] with planes of at least one cell",
                found: "shape \(input.shape)")
        }
        let ones = [Int](repeating: 1, count: input.shape.count - 2)
        return [
            ValueInfo(
                elementType: input.elementType, shape: Array(input.shape.prefix(2)) + ones)
        ]
    }

    package func evaluate(_ inputs: [Tensor?]) throws(OperatorError) -> [Tensor] {
        let input = inputs.present(0)
        let size = input.shape.dropFirst(2).reduce(1, *)
        let x = input.doubles()
        let values = (0..<input.shape[0] * input.shape[1]).map { plane in
            Self.reduce(x[plane * size..<(plane + 1) * size])
        }
        let ones = [Int](repeating: 1, count: input.rank - 2)
        let shape = Array(input.shape.prefix(2)) + ones
        return [Tensor(rounding: values, to: input.elementType, shape: shape)]
    }
}
