import CPrefetch
import KernelInterface

/// The points a = 3/4 and b = 3/2 of tiles over 6×6 inputs, and what the transforms need of them.
private enum Points {
    static var a: Float { 0.75 }
    static var b: Float { 1.5 }
    static var aa: Float { 0.5625 }
    static var bb: Float { 2.25 }
    /// a²·b² and a² + b².
    static var product: Float { 1.265625 }
    static var sum: Float { 2.8125 }
    static var aaa: Float { 0.421875 }
    static var bbb: Float { 3.375 }
}

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
@inline(__always)
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

/// The vectors of a tile between its two passes.
@inline(__always)
private func between(_ task: WinogradTask) -> UnsafeMutablePointer<Float> {
    unsafe (task.scratch + 72 * 8).assumingMemoryBound(to: Float.self)
}

/// Bᵀ of F(4, 3) and of F(2, 5) applied to six vectors.
@inline(__always)
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
@inline(__always)
private func inputTile6(
    _ task: WinogradTask, _ pixels: UnsafeMutablePointer<UnsafePointer<Float>>,
    _ ahead: UnsafeMutablePointer<UnsafePointer<Float>>, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    let rows = unsafe between(task)
    for i in 0..<6 {
        let p = unsafe pixels + i * 6
        for j in 0..<6 { unsafe ferry_prefetch(ahead[i * 6 + j] + channel) }
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
@inline(__always)
private func inputs4(
    _ d0: Lanes, _ d1: Lanes, _ d2: Lanes, _ d3: Lanes
) -> (Lanes, Lanes, Lanes, Lanes) {
    (d2 - d0, d1 + d2, d2 - d1, d3 - d1)
}

@inline(__always)
private func inputTile4(
    _ task: WinogradTask, _ pixels: UnsafeMutablePointer<UnsafePointer<Float>>,
    _ ahead: UnsafeMutablePointer<UnsafePointer<Float>>, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    let rows = unsafe between(task)
    for i in 0..<4 {
        let p = unsafe pixels + i * 4
        for j in 0..<4 { unsafe ferry_prefetch(ahead[i * 4 + j] + channel) }
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

/// Transforms the products of the tiles `tiles` into outputs.
@inline(never)
func winogradOutput(_ task: WinogradTask, _ tiles: Range<Int>) {
    let across = (task.outputWidth + task.tileSize - 1) / task.tileSize
    for tile in tiles {
        let y = tile / across * task.tileSize
        let x = tile % across * task.tileSize
        let source = unsafe task.products + (tile - task.firstTile) * task.productsTileStride
        for channel in stride(from: 0, to: task.outputs, by: 16) {
            if task.side == 4 {
                unsafe outputTile2(task, source + channel)
            } else if task.tileSize == 4 {
                unsafe outputTile4(task, source + channel)
            } else {
                unsafe outputTile2Of6(task, source + channel)
            }
            if task.pools {
                storePooled(task, y, x, channel)
            } else {
                storeTile(task, y, x, channel)
            }
        }
    }
}

/// Aᵀ of F(4, 3) applied to six vectors.
@inline(__always)
private func outputs4(
    _ m0: Lanes, _ m1: Lanes, _ m2: Lanes, _ m3: Lanes, _ m4: Lanes, _ m5: Lanes
) -> (Lanes, Lanes, Lanes, Lanes) {
    let (sumA, differenceA) = (m1 + m2, m1 - m2)
    let (sumB, differenceB) = (m3 + m4, m3 - m4)
    return (
        m0 + (sumA + sumB),
        (differenceA * Points.a).addingProduct(differenceB, Lanes(repeating: Points.b)),
        (sumA * Points.aa).addingProduct(sumB, Lanes(repeating: Points.bb)),
        m5.addingProduct(differenceA, Lanes(repeating: Points.aaa))
            .addingProduct(differenceB, Lanes(repeating: Points.bbb))
    )
}

/// Columns first, then rows; leaves the outputs row by row behind the vectors `between`.
@inline(__always)
private func outputTile4(_ task: WinogradTask, _ products: UnsafePointer<Float>) {
    let columns = unsafe between(task)
    let step = task.productsStride
    for j in 0..<6 {
        let m = unsafe products + j * step
        let c = unsafe outputs4(
            load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step),
            load(m + 24 * step), load(m + 30 * step))
        let column = unsafe columns + j * 16
        unsafe store(c.0, to: column)
        unsafe store(c.1, to: column + 96)
        unsafe store(c.2, to: column + 192)
        unsafe store(c.3, to: column + 288)
    }
    let tile = unsafe columns + 36 * 16
    for i in 0..<4 {
        let p = unsafe UnsafePointer(columns + i * 96)
        let r = unsafe outputs4(
            load(p), load(p + 16), load(p + 32), load(p + 48), load(p + 64), load(p + 80))
        unsafe store(r.0, to: tile + i * 64)
        unsafe store(r.1, to: tile + (i * 64 + 16))
        unsafe store(r.2, to: tile + (i * 64 + 32))
        unsafe store(r.3, to: tile + (i * 64 + 48))
    }
}

/// Aᵀ of F(2, 5) applied to six vectors.
@inline(__always)
private func outputs2(
    _ m0: Lanes, _ m1: Lanes, _ m2: Lanes, _ m3: Lanes, _ m4: Lanes, _ m5: Lanes
) -> (Lanes, Lanes) {
    (
        m0 + ((m1 + m2) + (m3 + m4)),
        m5.addingProduct(m1 - m2, Lanes(repeating: Points.a))
            .addingProduct(m3 - m4, Lanes(repeating: Points.b))
    )
}

@inline(__always)
private func outputTile2Of6(_ task: WinogradTask, _ products: UnsafePointer<Float>) {
    let columns = unsafe between(task)
    let step = task.productsStride
    for j in 0..<6 {
        let m = unsafe products + j * step
        let c = unsafe outputs2(
            load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step),
            load(m + 24 * step), load(m + 30 * step))
        unsafe store(c.0, to: columns + j * 16)
        unsafe store(c.1, to: columns + (96 + j * 16))
    }
    let tile = unsafe columns + 36 * 16
    for i in 0..<2 {
        let p = unsafe UnsafePointer(columns + i * 96)
        let r = unsafe outputs2(
            load(p), load(p + 16), load(p + 32), load(p + 48), load(p + 64), load(p + 80))
        unsafe store(r.0, to: tile + i * 32)
        unsafe store(r.1, to: tile + (i * 32 + 16))
    }
}

@inline(__always)
private func outputTile2(_ task: WinogradTask, _ products: UnsafePointer<Float>) {
    let columns = unsafe between(task)
    let step = task.productsStride
    for j in 0..<4 {
        let m = unsafe products + j * step
        let (m0, m1) = unsafe (load(m), load(m + 4 * step))
        let (m2, m3) = unsafe (load(m + 8 * step), load(m + 12 * step))
        unsafe store(m0 + (m1 + m2), to: columns + j * 16)
        unsafe store(m3 + (m1 - m2), to: columns + (64 + j * 16))
    }
    let tile = unsafe columns + 36 * 16
    for i in 0..<2 {
        let p = unsafe UnsafePointer(columns + i * 64)
        let (m0, m1, m2, m3) = unsafe (load(p), load(p + 16), load(p + 32), load(p + 48))
        unsafe store(m0 + (m1 + m2), to: tile + i * 32)
        unsafe store(m3 + (m1 - m2), to: tile + (i * 32 + 16))
    }
}

/// Adds the bias to a tile's outputs, clamps and stores those that exist.
@inline(__always)
private func storeTile(_ task: WinogradTask, _ y: Int, _ x: Int, _ channel: Int) {
    let size = task.tileSize
    let bias = unsafe load(task.bias + channel)
    let tile = unsafe UnsafePointer(between(task) + 36 * 16)
    let lanes = min(16, task.outputs - channel)
    let rows = min(size, task.outputHeight - y)
    let columns = min(size, task.outputWidth - x)
    for i in 0..<rows {
        var output =
            unsafe task.output
            + (((y + i) * task.outputWidth + x) * task.outputs + channel)
        for j in 0..<columns {
            let value = unsafe task.bounds.clamp(load(tile + (i * size + j) * 16) + bias)
            unsafe storeLanes(lanes, of: value, to: output)
            unsafe output += task.outputs
        }
    }
}

/// The same after a max-pool of 2×2 windows. Adding and clamping are monotone, so the largest of
/// four goes through them alone.
@inline(__always)
private func storePooled(_ task: WinogradTask, _ y: Int, _ x: Int, _ channel: Int) {
    let size = task.tileSize
    let bias = unsafe load(task.bias + channel)
    let tile = unsafe UnsafePointer(between(task) + 36 * 16)
    let lanes = min(16, task.outputs - channel)
    let rows = min(size, task.outputHeight - y) / 2
    let columns = min(size, task.outputWidth - x) / 2
    for i in 0..<rows {
        var output =
            unsafe task.output
            + (((y / 2 + i) * (task.outputWidth / 2) + x / 2) * task.outputs + channel)
        for j in 0..<columns {
            let square = unsafe tile + (i * size + j) * 32
            let below = unsafe square + size * 16
            let value = unsafe larger(
                larger(load(square), load(square + 16)), larger(load(below), load(below + 16)))
            unsafe storeLanes(lanes, of: task.bounds.clamp(value + bias), to: output)
            unsafe output += task.outputs
        }
    }
}

@inline(__always)
private func storeLanes(_ count: Int, of value: Lanes, to output: UnsafeMutablePointer<Float>) {
    if count == 16 {
        unsafe store(value, to: output)
    } else {
        unsafe storeFirst(count, of: value, to: output)
    }
}
