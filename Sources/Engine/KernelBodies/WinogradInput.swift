import CPrefetch
import KernelInterface

/// Transforms the inputs under the tiles `tiles`, asking for the next tile's pixels meanwhile.
@inline(never)
func winogradInput(_ task: WinogradTask, _ tiles: Range<Int>) {
    guard let first = tiles.first, let last = tiles.last else { return }
    var pixels = unsafe task.scratch.assumingMemoryBound(to: UnsafePointer<Float>.self)
    var ahead = unsafe pixels + 36
    unsafe gatherPixels(task, of: first, into: pixels)
    for tile in tiles {
        unsafe gatherPixels(task, of: min(tile + 1, last), into: ahead)
        let row = tile - task.firstTile
        let target =
            unsafe task.transformed
            + (row / shortRows * shortRows * task.channels + row % shortRows * 16)
        for channel in stride(from: 0, to: task.channels, by: 16) {
            if task.side == 6 {
                unsafe inputTile6(task, pixels, ahead, channel, to: target + channel * shortRows)
            } else {
                unsafe inputTile4(task, pixels, ahead, channel, to: target + channel * shortRows)
            }
        }
        unsafe swap(&pixels, &ahead)
    }
}

/// Finds the pixels under a tile, row by row.
@inline(always)
private func gatherPixels(
    _ task: WinogradTask, of tile: Int, into pixels: UnsafeMutablePointer<UnsafePointer<Float>>
) {
    let side = task.side
    let across = (task.outputWidth + task.tileSize - 1) / task.tileSize
    let y = tile / across * task.tileSize - task.padTop
    let x = tile % across * task.tileSize - task.padLeft
    for i in 0..<side {
        let isInside = y + i >= 0 && y + i < task.inputHeight
        let row = unsafe task.input + (y + i) * task.inputWidth * task.channels
        for j in 0..<side {
            unsafe pixels[i * side + j] =
                isInside && x + j >= 0 && x + j < task.inputWidth
                ? row + (x + j) * task.channels : task.zeros
        }
    }
}

/// Bᵀ of F(4, 3) and of F(2, 5) applied to six vectors.
@inline(always)
private func inputs6(
    _ d0: Lanes, _ d1: Lanes, _ d2: Lanes, _ d3: Lanes, _ d4: Lanes, _ d5: Lanes
) -> (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes) {
    let evenA = d4.addingProduct(d2, Lanes(repeating: -Points.bb))
    let oddA = d3.addingProduct(d1, Lanes(repeating: -Points.bb)) * Points.a
    let evenB = d4.addingProduct(d2, Lanes(repeating: -Points.aa))
    let oddB = d3.addingProduct(d1, Lanes(repeating: -Points.aa)) * Points.b
    let first = d4.addingProduct(d2, Lanes(repeating: -Points.sum))
        .addingProduct(d0, Lanes(repeating: Points.product))
    let last = d5.addingProduct(d3, Lanes(repeating: -Points.sum))
        .addingProduct(d1, Lanes(repeating: Points.product))
    return (first, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, last)
}

/// Rows first, then columns.
@inline(always)
private func inputTile6(
    _ task: WinogradTask, _ pixels: UnsafeMutablePointer<UnsafePointer<Float>>,
    _ ahead: UnsafeMutablePointer<UnsafePointer<Float>>, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    let rows = unsafe between(task)
    for i in 0..<6 {
        let p = unsafe pixels + i * 6
        for j in 2..<6 { unsafe ferry_prefetch(ahead[i * 6 + j] + channel) }
        let r = unsafe inputs6(
            load(p[0] + channel), load(p[1] + channel), load(p[2] + channel),
            load(p[3] + channel), load(p[4] + channel), load(p[5] + channel))
        let row = unsafe rows + i * 96
        unsafe store(r.0, to: row)
        unsafe store(r.1, to: row + 16)
        unsafe store(r.2, to: row + 32)
        unsafe store(r.3, to: row + 48)
        unsafe store(r.4, to: row + 64)
        unsafe store(r.5, to: row + 80)
    }
    let step = task.transformedStride
    for j in 0..<6 {
        let column = unsafe UnsafePointer(rows + j * 16)
        let c = unsafe inputs6(
            load(column), load(column + 96), load(column + 192), load(column + 288),
            load(column + 384), load(column + 480))
        let out = unsafe target + j * step
        unsafe store(c.0, to: out)
        unsafe store(c.1, to: out + 6 * step)
        unsafe store(c.2, to: out + 12 * step)
        unsafe store(c.3, to: out + 18 * step)
        unsafe store(c.4, to: out + 24 * step)
        unsafe store(c.5, to: out + 30 * step)
    }
}

/// Bᵀ of F(2, 3) applied to four vectors.
@inline(always)
private func inputs4(
    _ d0: Lanes, _ d1: Lanes, _ d2: Lanes, _ d3: Lanes
) -> (Lanes, Lanes, Lanes, Lanes) {
    (d2 - d0, d1 + d2, d2 - d1, d3 - d1)
}

@inline(always)
private func inputTile4(
    _ task: WinogradTask, _ pixels: UnsafeMutablePointer<UnsafePointer<Float>>,
    _ ahead: UnsafeMutablePointer<UnsafePointer<Float>>, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    let rows = unsafe between(task)
    for i in 0..<4 {
        let p = unsafe pixels + i * 4
        for j in 2..<4 { unsafe ferry_prefetch(ahead[i * 4 + j] + channel) }
        let r = unsafe inputs4(
            load(p[0] + channel), load(p[1] + channel), load(p[2] + channel),
            load(p[3] + channel))
        let row = unsafe rows + i * 64
        unsafe store(r.0, to: row)
        unsafe store(r.1, to: row + 16)
        unsafe store(r.2, to: row + 32)
        unsafe store(r.3, to: row + 48)
    }
    let step = task.transformedStride
    for j in 0..<4 {
        let column = unsafe UnsafePointer(rows + j * 16)
        let c = unsafe inputs4(
            load(column), load(column + 64), load(column + 128), load(column + 192))
        let out = unsafe target + j * step
        unsafe store(c.0, to: out)
        unsafe store(c.1, to: out + 4 * step)
        unsafe store(c.2, to: out + 8 * step)
        unsafe store(c.3, to: out + 12 * step)
    }
}
