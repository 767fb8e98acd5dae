import KernelInterface

/// Pools the output rows `rows` of one image.
@inline(never)
func pool(_ task: PoolTask, _ rows: Range<Int>) {
    for y in rows {
        let vertical = cells(task.vertical, at: y)
        for x in 0..<task.horizontal.output {
            let horizontal = cells(task.horizontal, at: x)
            unsafe poolWindow(
                task, vertical, horizontal,
                to: task.output + (y * task.horizontal.output + x) * task.channels)
        }
    }
}

/// The cells of one axis that a window covers: `count` inside the input from `first` in steps of
/// the dilation; `padded` of them inside the padded input.
private struct Cells {
    var first: Int
    var count: Int
    var padded: Int
}

@inline(__always)
private func cells(_ axis: PoolAxis, at position: Int) -> Cells {
    let start = position * axis.stride - axis.padBegin
    let before = start < 0 ? (-start + axis.dilation - 1) / axis.dilation : 0
    let room = axis.input - start
    let until = room <= 0 ? 0 : min(axis.kernel, (room + axis.dilation - 1) / axis.dilation)
    let paddedRoom = room + axis.padEnd
    let padded = min(axis.kernel, (paddedRoom + axis.dilation - 1) / axis.dilation)
    return Cells(
        first: start + before * axis.dilation, count: max(0, until - before), padded: padded)
}

@inline(__always)
private func poolWindow(
    _ task: PoolTask, _ vertical: Cells, _ horizontal: Cells,
    to output: UnsafeMutablePointer<Float>
) {
    let pixel = task.horizontal.dilation * task.channels
    let row = task.vertical.dilation * task.horizontal.input * task.channels
    // Matched, not compared: `==` would go through Equatable, whose table is found by code that all
    // instruction sets share.
    let isMaximum =
        switch task.kind {
        case .maximum: true
        case .average, .averageWithPadding: false
        }
    let first =
        unsafe task.input
        + (vertical.first * task.horizontal.input + horizontal.first) * task.channels
    let divisor: Float =
        switch task.kind {
        case .maximum: 1
        case .average: Float(vertical.count * horizontal.count)
        case .averageWithPadding: Float(vertical.padded * horizontal.padded)
        }
    for channel in stride(from: 0, to: task.channels, by: 16) {
        let lanes = min(16, task.channels - channel)
        var result = Lanes(repeating: isMaximum ? -.infinity : 0)
        for i in 0..<vertical.count {
            var cell = unsafe first + (i * row + channel)
            for _ in 0..<horizontal.count {
                let value = unsafe lanes == 16 ? load(cell) : loadFirst(lanes, of: cell)
                if isMaximum {
                    // A NaN wins and stays: it differs from itself, and nothing exceeds it.
                    result.replace(with: value, where: value .> result .| (value .!= value))
                } else {
                    result += value
                }
                unsafe cell += pixel
            }
        }
        if !isMaximum { result /= divisor }
        if lanes == 16 {
            unsafe store(result, to: output + channel)
        } else {
            unsafe storeFirst(lanes, of: result, to: output + channel)
        }
    }
}
