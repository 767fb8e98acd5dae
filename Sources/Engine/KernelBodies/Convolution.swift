import CPrefetch
import KernelInterface

/// Convolves the output positions `positions` into the output channels of `panels`.
@inline(never)
func convolve(_ task: ConvolutionTask, _ positions: Range<Int>, _ panels: Range<Int>) {
    let taps = task.kernelHeight * task.kernelWidth
    let tile = unsafe UnsafeMutableRawPointer(task.rows + taps * tileRows)
        .assumingMemoryBound(to: Float.self)
    let totals = unsafe tile + tileRows * panelWidth
    var position = positions.lowerBound
    while position < positions.upperBound {
        let count = min(tileRows, positions.upperBound - position)
        gatherRows(task, position, count)
        for panel in panels {
            let weights = unsafe task.weights + panel * taps * task.depth * panelWidth
            let output =
                unsafe task.output + (position * task.outputPixelStride + panel * panelWidth)
            let lanes = min(panelWidth, task.outputs - panel * panelWidth)
            let isWhole = count == tileRows && lanes == panelWidth
            unsafe convolveTile(
                task, taps: taps, panel: panel, weights: weights, totals: totals,
                to: isWhole ? output : tile,
                rowStride: isWhole ? task.outputPixelStride : panelWidth)
            if !isWhole {
                unsafe storeTile(task, count: count, lanes: lanes, tile: tile, to: output)
            }
        }
        position += count
    }
}

/// Fills `task.rows`: for each tap, where the tile's positions find their channels.
@inline(always)
private func gatherRows(_ task: ConvolutionTask, _ position: Int, _ count: Int) {
    var outputY = position / task.outputWidth
    var outputX = position % task.outputWidth
    for row in 0..<tileRows {
        let y0 = outputY * task.strideHeight - task.padTop
        let x0 = outputX * task.strideWidth - task.padLeft
        var tap = row
        for i in 0..<task.kernelHeight {
            let y = y0 + i * task.dilationHeight
            let isInside = y >= 0 && y < task.inputHeight
            for j in 0..<task.kernelWidth {
                let x = x0 + j * task.dilationWidth
                if isInside && x >= 0 && x < task.inputWidth {
                    unsafe task.rows[tap] =
                        task.input + (y * task.inputRowStride + x * task.inputPixelStride)
                } else {
                    unsafe task.rows[tap] = task.zeros
                }
                tap += tileRows
            }
        }
        // Rows beyond the last position repeat it; their sums are not stored.
        guard row + 1 < count else { continue }
        outputX += 1
        if outputX == task.outputWidth {
            outputX = 0
            outputY += 1
        }
    }
}

/// Products that one chain sums before it is added to the others of its output: rounding errors
/// grow with the length of a chain.
private var chainLength: Int { 128 }

/// One register tile, left in rows of `rowStride` floats from `target` on: chains of whole taps, or
/// of a part of one tap's channels where those are many.
@inline(always)
private func convolveTile(
    _ task: ConvolutionTask, taps: Int, panel: Int, weights: UnsafePointer<Float>,
    totals: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, rowStride: Int
) {
    let tapsInChain = max(1, chainLength / task.depth)
    var tap = 0
    var channel = 0
    while tap < taps {
        let count = min(tapsInChain, taps - tap)
        let end = min(task.depth, channel + chainLength)
        unsafe sumChain(
            task, rows: task.rows + tap * tileRows, taps: count, channels: channel..<end,
            weights: weights + (tap * task.depth + channel) * panelWidth,
            bias: tap == 0 && channel == 0 ? task.bias + panel * panelWidth : nil, totals: totals)
        channel = end
        if end == task.depth {
            channel = 0
            tap += count
        }
    }
    for r in 0..<tileRows {
        for v in 0..<tileVectors {
            let total = unsafe load(totals + (r * tileVectors + v) * 16)
            unsafe store(task.bounds.clamp(total), to: target + (r * rowStride + v * 16))
        }
    }
}

/// Adds one chain to the tile's totals; one that is given the bias begins with it and begins them.
///
/// Inlined, since in a function that stays its own the compiler leaves the closures calls, with the
/// sums in memory; `make isa` sees to it.
@inline(always)
private func sumChain(
    _ task: ConvolutionTask, rows firstRows: UnsafeMutablePointer<UnsafePointer<Float>>,
    taps: Int, channels: Range<Int>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    totals: UnsafeMutablePointer<Float>
) {
    var sums = Accumulators(repeating: .zero)
    if let bias = unsafe bias {
        let start = Panel { unsafe load(bias + $0 * 16) }
        eachTileRow { r in
            for v in 0..<tileVectors { sums[r * tileVectors + v] = start[v] }
        }
    }
    var weight = unsafe weights
    var rows = unsafe firstRows
    for _ in 0..<taps {
        let row = unsafe Rows { unsafe rows[$0] }
        for channel in channels {
            // Loaded before the row loop, or the compiler hoists the broadcasts and spills.
            let panel = Panel { unsafe load(weight + $0 * 16) }
            eachTileRow { r in
                let x = unsafe Lanes(repeating: row[r][channel])
                for v in 0..<tileVectors {
                    sums[r * tileVectors + v].addProduct(x, panel[v])
                }
            }
            unsafe weight += panelWidth
        }
        unsafe rows += tileRows
    }
    let isFirst = unsafe bias != nil
    eachTileRow { r in
        for v in 0..<tileVectors {
            let total = unsafe totals + (r * tileVectors + v) * 16
            let sum = sums[r * tileVectors + v]
            unsafe store(isFirst ? sum : load(total) + sum, to: total)
        }
    }
}

/// Copies the tile's `count` rows to the output, the channels of `panel` that exist.
@inline(always)
private func storeTile(
    _ task: ConvolutionTask, count: Int, lanes: Int, tile: UnsafeMutablePointer<Float>,
    to output: UnsafeMutablePointer<Float>
) {
    for row in 0..<count {
        let source = unsafe tile + row * panelWidth
        let target = unsafe output + row * task.outputPixelStride
        for lane in 0..<lanes { unsafe target[lane] = source[lane] }
    }
}

/// Multiplies the rows `rows` with the weights of `panels`, chain by chain: a chain's weights stay
/// in the first-level cache while all rows pass, and the next chain's are asked for meanwhile.
@inline(never)
func multiply(_ task: ProductTask, _ rows: Range<Int>, _ panels: Range<Int>) {
    var weights = unsafe task.weights + panels.lowerBound * task.depth * panelWidth
    let input = unsafe task.input + rows.lowerBound * task.depth
    for panel in panels {
        let output = unsafe task.output + (rows.lowerBound * task.outputStride + panel * panelWidth)
        for start in stride(from: 0, to: task.depth, by: chainLength) {
            let count = min(chainLength, task.depth - start)
            unsafe multiplyChain(
                task, rows.count, input + start * shortRows, weights, count: count,
                adds: start > 0, to: output)
            unsafe weights += count * panelWidth
        }
    }
}

@inline(always)
private func multiplyChain(
    _ task: ProductTask, _ rows: Int, _ firstInput: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>, count: Int, adds: Bool,
    to firstOutput: UnsafeMutablePointer<Float>
) {
    let inputStep = tileRows * task.depth
    let outputStep = tileRows * task.outputStride
    var input = unsafe firstInput
    var output = unsafe firstOutput
    let next = unsafe UnsafeRawPointer(weights + count * panelWidth)
    // Half of the next chain's lines are asked for in each of two tiles.
    var ahead = 0
    for _ in 0..<rows / tileRows {
        unsafe multiplyTile(
            task, input, weights, count: count, ahead: next + ahead, adds: adds, to: output)
        ahead = count * 64 * (tileVectors - 1) - ahead
        unsafe input += inputStep
        unsafe output += outputStep
    }
    for _ in 0..<rows % tileRows / shortRows {
        unsafe multiplyShortTile(task, input, weights, count: count, adds: adds, to: output)
        unsafe input += shortRows * task.depth
        unsafe output += shortRows * task.outputStride
    }
}

/// One chain of `tileRows` rows, stored or added to what earlier chains left.
@inline(always)
private func multiplyTile(
    _ task: ProductTask, _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    count: Int, ahead: UnsafeRawPointer, adds: Bool, to output: UnsafeMutablePointer<Float>
) {
    var sums = Accumulators(repeating: .zero)
    var weight = unsafe weights
    var line = unsafe ahead
    let groupStep = shortRows * task.depth
    var first = unsafe input
    for _ in 0..<count / 16 {
        let groups = unsafe Groups { unsafe first + $0 * groupStep }
        for lane in 0..<16 {
            let panel = Panel { unsafe load(weight + $0 * 16) }
            unsafe ferry_prefetch(line)
            eachTileRow { r in
                let x = unsafe Lanes(
                    repeating: groups[r / shortRows][r % shortRows * 16 + lane])
                for v in 0..<tileVectors { sums[r * tileVectors + v].addProduct(x, panel[v]) }
            }
            unsafe weight += panelWidth
            unsafe line += 64
        }
        unsafe first += 16 * shortRows
    }
    var target = unsafe output
    eachTileRow { r in
        for v in 0..<tileVectors {
            let sum = sums[r * tileVectors + v]
            unsafe store(adds ? load(target + v * 16) + sum : sum, to: target + v * 16)
        }
        unsafe target += task.outputStride
    }
}

/// The same of `shortRows` rows.
@inline(always)
private func multiplyShortTile(
    _ task: ProductTask, _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    count: Int, adds: Bool, to output: UnsafeMutablePointer<Float>
) {
    var sums = ShortAccumulators(repeating: .zero)
    var weight = unsafe weights
    for block in 0..<count / 16 {
        let group = unsafe input + block * 16 * shortRows
        for lane in 0..<16 {
            let panel = Panel { unsafe load(weight + $0 * 16) }
            eachShortRow { r in
                let x = unsafe Lanes(repeating: group[r * 16 + lane])
                for v in 0..<tileVectors { sums[r * tileVectors + v].addProduct(x, panel[v]) }
            }
            unsafe weight += panelWidth
        }
    }
    var target = unsafe output
    eachShortRow { r in
        for v in 0..<tileVectors {
            let sum = sums[r * tileVectors + v]
            unsafe store(adds ? load(target + v * 16) + sum : sum, to: target + v * 16)
        }
        unsafe target += task.outputStride
    }
}

/// The register tile's multiply-adds without memory: the machine's arithmetic ceiling.
///
/// Here and not beside `probeRead`, because two files that use `Accumulators` would share its
/// generic code as one external function, and accumulators that were seen by one stay in memory.
@inline(never)
func probeFMA(_ iterations: Int) -> Float { multiplyRegisters(iterations) }

@inline(always)
private func multiplyRegisters(_ iterations: Int) -> Float {
    var sums = Accumulators(repeating: .zero)
    let x = Lanes(repeating: 1e-3)
    for block in 0..<iterations / 1024 {
        // Changes now and then, so that nothing can be computed ahead.
        let y = Lanes(repeating: Float(block))
        for _ in 0..<1024 {
            eachTileRow { r in
                for v in 0..<tileVectors { sums[r * tileVectors + v].addProduct(x, y) }
            }
        }
    }
    var total = Lanes.zero
    eachTileRow { r in
        for v in 0..<tileVectors { total += sums[r * tileVectors + v] }
    }
    return sum(total)
}
