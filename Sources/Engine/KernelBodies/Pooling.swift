import KernelInterface

/// Pools the output rows `rows` of one image.
@inline(never)
func pool(_ task: PoolTask, _ rows: Range<Int>) {
    let inside = insideRange(task.horizontal)
    let end = unsafe task.output + rows.upperBound * task.horizontal.output * task.channels
    for y in rows {
        let vertical = cells(task.vertical, at: y)
        var output = unsafe task.output + y * task.horizontal.output * task.channels
        var x = 0
        while x < task.horizontal.output {
            if x == inside.lowerBound {
                let count = unsafe poolInside(task, vertical, inside, to: output, before: end)
                x += count
                unsafe output += count * task.channels
                if x == task.horizontal.output { break }
            }
            unsafe poolWindow(task, vertical, cells(task.horizontal, at: x), to: output)
            x += 1
            unsafe output += task.channels
        }
    }
}

/// Pools windows whose columns lie inside the input, in whole vectors: where channels are not,
/// each window's last vector reaches into the next, which is stored after it.
///
/// - Parameter end: where the outputs end that this call computes.
/// - Returns: how many windows from the first inside on were pooled so.
@inline(always)
private func poolInside(
    _ task: PoolTask, _ vertical: Cells, _ inside: Range<Int>,
    to first: UnsafeMutablePointer<Float>, before end: UnsafeMutablePointer<Float>
) -> Int {
    let axis = task.horizontal
    let window = unsafe Window(
        first: task.input
            + (vertical.first * axis.input + inside.lowerBound * axis.stride - axis.padBegin)
                * task.channels,
        rows: vertical.count, columns: axis.kernel,
        rowStep: task.vertical.dilation * axis.input * task.channels,
        columnStep: axis.dilation * task.channels)
    let whole = (task.channels + 15) & ~15
    let inputEnd = unsafe task.input + task.vertical.input * axis.input * task.channels
    // The last number that a window's vectors read, relative to its first.
    let reach =
        (vertical.count - 1) * window.rowStep + (axis.kernel - 1) * window.columnStep + whole
    let step = axis.stride * task.channels
    let readable = unsafe fitting(inputEnd - window.first - reach, step)
    let storable = unsafe fitting(end - first - whole, task.channels)
    let count = min(inside.count, min(readable, storable))
    let (isMaximum, divisor) = operation(task, vertical, axis.kernel, axis.kernel)
    if isMaximum {
        unsafe storeMaxima(of: window, count, step: step, channels: task.channels, to: first)
    } else {
        unsafe storeMeans(
            of: window, count, step: step, channels: task.channels, divisor: divisor, to: first)
    }
    return count
}

/// How many places, `step` apart, lie within `room` numbers of the first.
@inline(always)
private func fitting(_ room: Int, _ step: Int) -> Int { room < 0 ? 0 : room / step + 1 }

@inline(never)
private func storeMaxima(
    of first: Window, _ count: Int, step: Int, channels: Int,
    to target: UnsafeMutablePointer<Float>
) {
    var window = first
    var output = unsafe target
    for _ in 0..<count {
        for channel in stride(from: 0, to: channels, by: 16) {
            unsafe store(window.maximum(channel, lanes: 16), to: output + channel)
        }
        unsafe window.first += step
        unsafe output += channels
    }
}

@inline(never)
private func storeMeans(
    of first: Window, _ count: Int, step: Int, channels: Int, divisor: Float,
    to target: UnsafeMutablePointer<Float>
) {
    var window = first
    var output = unsafe target
    for _ in 0..<count {
        for channel in stride(from: 0, to: channels, by: 16) {
            unsafe store(window.sum(channel, lanes: 16) / divisor, to: output + channel)
        }
        unsafe window.first += step
        unsafe output += channels
    }
}

/// Whether a window's maximum is meant, and what its sum is divided by otherwise.
@inline(always)
private func operation(
    _ task: PoolTask, _ vertical: Cells, _ columns: Int, _ paddedColumns: Int
) -> (isMaximum: Bool, divisor: Float) {
    // Matched, not compared: `==` would go through Equatable, whose table is found by code that all
    // instruction sets share.
    switch task.kind {
    case .maximum: (true, 1)
    case .average: (false, Float(vertical.count * columns))
    case .averageWithPadding: (false, Float(vertical.padded * paddedColumns))
    }
}

/// The cells of one axis that a window covers: `count` inside the input from `first` in steps of
/// the dilation; `padded` of them inside the padded input.
private struct Cells {
    var first: Int
    var count: Int
    var padded: Int
}

@inline(always)
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

/// Positions whose whole window lies inside the input.
@inline(always)
private func insideRange(_ axis: PoolAxis) -> Range<Int> {
    let first = (axis.padBegin + axis.stride - 1) / axis.stride
    let room = axis.input - (axis.kernel - 1) * axis.dilation - 1 + axis.padBegin
    let end = room < 0 ? 0 : min(axis.output, room / axis.stride + 1)
    return first..<max(first, end)
}

/// Pools any window, lanes beyond the channels neither read nor stored.
@inline(always)
private func poolWindow(
    _ task: PoolTask, _ vertical: Cells, _ horizontal: Cells,
    to output: UnsafeMutablePointer<Float>
) {
    let (isMaximum, divisor) = operation(task, vertical, horizontal.count, horizontal.padded)
    let window = unsafe Window(
        first: task.input
            + (vertical.first * task.horizontal.input + horizontal.first) * task.channels,
        rows: vertical.count, columns: horizontal.count,
        rowStep: task.vertical.dilation * task.horizontal.input * task.channels,
        columnStep: task.horizontal.dilation * task.channels)
    var channel = 0
    while channel < task.channels {
        let lanes = min(16, task.channels - channel)
        var result: Lanes
        if isMaximum {
            result = window.maximum(channel, lanes: lanes)
        } else {
            result = window.sum(channel, lanes: lanes) / divisor
        }
        if lanes == 16 {
            unsafe store(result, to: output + channel)
        } else {
            unsafe storeFirst(lanes, of: result, to: output + channel)
        }
        channel += 16
    }
}

/// The cells under one window.
@safe
private struct Window {
    var first: UnsafePointer<Float>
    let rows: Int
    let columns: Int
    /// Floats from one cell to the one below, and to the one beside.
    let rowStep: Int
    let columnStep: Int

    /// The largest of 16 channels; a NaN wins. Of equal ones (zeros of two signs) the first.
    @inline(always)
    func maximum(_ channel: Int, lanes: Int) -> Lanes {
        var largest = Largest()
        var line = unsafe first + channel
        for _ in 0..<rows {
            switch columns {
            // What networks have, without a loop.
            case 2:
                unsafe largest.take(line, lanes)
                unsafe largest.take(line + columnStep, lanes)
            case 3:
                unsafe largest.take(line, lanes)
                unsafe largest.take(line + columnStep, lanes)
                unsafe largest.take(line + 2 &* columnStep, lanes)
            default:
                for column in 0..<columns { unsafe largest.take(line + column * columnStep, lanes) }
            }
            unsafe line += rowStep
        }
        return largest.value
    }

    @inline(always)
    func sum(_ channel: Int, lanes: Int) -> Lanes {
        var result = Lanes.zero
        var line = unsafe first + channel
        for _ in 0..<rows {
            var cell = unsafe line
            for _ in 0..<columns {
                result += unsafe lanes == 16 ? load(cell) : loadFirst(lanes, of: cell)
                unsafe cell += columnStep
            }
            unsafe line += rowStep
        }
        return result
    }
}

/// The largest of some vectors, lane by lane.
private struct Largest {
    private var result = Lanes(repeating: -.infinity)
    // NaNs are looked for beside the comparisons, which then need not wait for each other long.
    private var isNaN = SIMDMask<SIMD16<Int32>>(repeating: false)

    @inline(always)
    init() {}

    @inline(always)
    mutating func take(_ cell: UnsafePointer<Float>, _ lanes: Int) {
        let value = unsafe lanes == 16 ? load(cell) : loadFirst(lanes, of: cell)
        result.replace(with: value, where: value .> result)
        isNaN = isNaN .| (value .!= value)
    }

    @inline(always)
    var value: Lanes { result.replacing(with: .nan, where: isNaN) }
}
