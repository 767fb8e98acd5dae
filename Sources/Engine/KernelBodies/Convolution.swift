import KernelInterface

/// Convolves the output positions `positions` into the output channels of `panels`.
@inline(never)
func convolve(_ task: ConvolutionTask, _ positions: Range<Int>, _ panels: Range<Int>) {
    let taps = task.kernelHeight * task.kernelWidth
    let tile = unsafe UnsafeMutableRawPointer(task.rows + taps * tileRows)
        .assumingMemoryBound(to: Float.self)
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
                task, taps: taps, panel: panel, weights: weights, to: isWhole ? output : tile,
                rowStride: isWhole ? task.outputPixelStride : panelWidth)
            if !isWhole {
                unsafe storeTile(task, count: count, lanes: lanes, tile: tile, to: output)
            }
        }
        position += count
    }
}

/// Fills `task.rows`: for each tap, where the tile's positions find their channels.
@inline(__always)
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

/// One register tile: `tileRows` positions × `panelWidth` channels over all taps, left in rows of
/// `rowStride` floats from `target` on.
///
/// Inlined, since in a function that stays its own the compiler leaves the closures calls, with the
/// sums in memory; `make isa` sees to it.
@inline(__always)
private func convolveTile(
    _ task: ConvolutionTask, taps: Int, panel: Int, weights: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, rowStride: Int
) {
    var sums = Accumulators(repeating: .zero)
    let bias = Panel { unsafe load(task.bias + (panel * panelWidth + $0 * 16)) }
    eachTileRow { r in
        for v in 0..<tileVectors { sums[r * tileVectors + v] = bias[v] }
    }
    var weight = unsafe weights
    var rows = unsafe task.rows
    for _ in 0..<taps {
        let row = unsafe Rows { unsafe rows[$0] }
        for channel in 0..<task.depth {
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
    eachTileRow { r in
        for v in 0..<tileVectors {
            unsafe store(
                task.bounds.clamp(sums[r * tileVectors + v]), to: target + (r * rowStride + v * 16))
        }
    }
}

/// Copies the tile's `count` rows to the output, the channels of `panel` that exist.
@inline(__always)
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

/// The register tile's multiply-adds without memory: the machine's arithmetic ceiling.
///
/// Here and not beside `probeRead`, because two files that use `Accumulators` would share its
/// generic code as one external function, and accumulators that were seen by one stay in memory.
@inline(never)
func probeFMA(_ iterations: Int) -> Float {
    var sums = Accumulators(repeating: .zero)
    let x = Lanes(repeating: 1e-3)
    for block in 0..<iterations / 1024 {
        // Changes now and then, so that nothing can be computed ahead.
        let y = Lanes(repeating: Float(block))
        for _ in 0..<1024 {
            @inline(__always)
            func multiply(_ r: Int) {
                for v in 0..<tileVectors { sums[r * tileVectors + v].addProduct(x, y) }
            }
            eachTileRow(multiply)
        }
    }
    var total = Lanes.zero
    eachTileRow { r in
        for v in 0..<tileVectors { total += sums[r * tileVectors + v] }
    }
    return sum(total)
}
