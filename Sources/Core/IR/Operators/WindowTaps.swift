/// Which input cells a window covers, position by position, for any number of spatial axes.
package struct WindowTaps {
    private let axes: [SpatialWindow.Axis]
    /// Cells of a whole window, padding included.
    package let count: Int

    /// - Precondition: the product of the kernel's sizes does not overflow.
    package init(_ axes: [SpatialWindow.Axis]) {
        self.axes = axes
        count = axes.reduce(1) { $0 * $1.kernel }
    }

    /// The cells inside the input for the output at the row-major index `position`.
    ///
    /// - Returns: `tap`, the row-major index in the kernel, and `index`, that in the input plane.
    package func cells(at position: Int) -> [(tap: Int, index: Int)] {
        var cells: [(tap: Int, index: Int)] = [(0, 0)]
        for (axis, start) in zip(axes, starts(at: position)) {
            let taps = axis.taps(from: start, below: axis.input)
            cells = cells.flatMap { cell in
                taps.map { tap in
                    let at = start + tap * axis.dilation
                    return (cell.tap * axis.kernel + tap, cell.index * axis.input + at)
                }
            }
        }
        return cells
    }

    /// How many cells the window has inside the input and its pads, for the output at `position`.
    ///
    /// Cells that `ceilMode` hangs over the end-pad are outside.
    package func paddedCount(at position: Int) -> Int {
        zip(axes, starts(at: position)).reduce(1) { product, pair in
            let (axis, start) = pair
            let inside = axis.taps(from: start + axis.padBegin, below: axis.paddedInput)
            return product * inside.count
        }
    }

    /// Where the window begins on each axis, negative inside the begin-pad.
    private func starts(at position: Int) -> [Int] {
        var starts = [Int](repeating: 0, count: axes.count)
        var rest = position
        for (index, axis) in axes.enumerated().reversed() {
            starts[index] = rest % axis.output * axis.stride - axis.padBegin
            rest /= axis.output
        }
        return starts
    }
}

extension SpatialWindow.Axis {
    /// Cells of the input and both its pads.
    fileprivate var paddedInput: Int { input + padBegin + padEnd }

    /// The taps of a window beginning at `start` that lie at 0 ..< `end`.
    fileprivate func taps(from start: Int, below end: Int) -> Range<Int> {
        let first = start >= 0 ? 0 : (-start + dilation - 1) / dilation
        let last = start >= end ? 0 : min(kernel, (end - start - 1) / dilation + 1)
        return first..<max(first, last)
    }
}
