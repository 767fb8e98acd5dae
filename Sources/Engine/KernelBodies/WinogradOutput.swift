import KernelInterface

/// Transforms the products of the tiles `tiles` into the output channels `channels`, the first a
/// multiple of 16.
@inline(never)
func winogradOutput(_ task: WinogradTask, _ tiles: Range<Int>, _ channels: Range<Int>) {
    let columns = unsafe between(task)
    for tile in tiles {
        let place = TilePlace(task, tile)
        let row = (tile - task.firstTile) * task.productsTileStride
        var products = unsafe task.products + (row + channels.lowerBound)
        var channel = channels.lowerBound
        while channel < channels.upperBound {
            let isWhole = place.isWhole && channel + 16 <= task.outputs
            let target =
                unsafe isWhole
                ? OutputTile(
                    task, channel, at: place.output + channel, rowStride: place.rowStride,
                    pixelStride: task.outputs)
                : OutputTile(task, channel, at: apart(task), rowStride: 64, pixelStride: 16)
            if task.side == 4 {
                unsafe outputTile2(task, products, columns, target)
            } else if task.tileSize == 4 {
                unsafe outputTile4(task, products, columns, target)
            } else {
                unsafe outputTile2Of6(task, products, columns, target)
            }
            if !isWhole { place.copy(target, channel, of: task) }
            unsafe products += 16
            channel += 16
        }
    }
}

/// Where a tile lies in the output.
@safe
private struct TilePlace {
    let output: UnsafeMutablePointer<Float>
    let rowStride: Int
    /// Outputs of the tile that exist.
    let rows: Int
    let columns: Int
    let isWhole: Bool

    @inline(always)
    init(_ task: WinogradTask, _ tile: Int) {
        // A pool of 2×2 windows halves everything.
        let shift = task.pools ? 1 : 0
        let across = (task.outputWidth + task.tileSize - 1) / task.tileSize
        let (y, x) = (tile / across * task.tileSize, tile % across * task.tileSize)
        rowStride = (task.outputWidth >> shift) * task.outputs
        unsafe output = task.output + ((y >> shift) * rowStride + (x >> shift) * task.outputs)
        rows = min(task.tileSize, task.outputHeight - y) >> shift
        columns = min(task.tileSize, task.outputWidth - x) >> shift
        isWhole = min(rows, columns) == task.tileSize >> shift
    }

    /// Copies what exists of 16 channels.
    @inline(always)
    func copy(_ tile: OutputTile, _ channel: Int, of task: WinogradTask) {
        for row in 0..<rows {
            for column in 0..<columns {
                let source = unsafe tile.first + (row * tile.rowStride + column * tile.pixelStride)
                let target = unsafe output + (row * rowStride + column * task.outputs + channel)
                for lane in 0..<min(16, task.outputs - channel) {
                    unsafe target[lane] = source[lane]
                }
            }
        }
    }
}

/// Where 16 channels of a tile's outputs go, and what is done to them before.
@safe
private struct OutputTile {
    let first: UnsafeMutablePointer<Float>
    let rowStride: Int
    let pixelStride: Int
    let bias: Lanes
    let bounds: Bounds

    @inline(always)
    init(
        _ task: WinogradTask, _ channel: Int, at first: UnsafeMutablePointer<Float>,
        rowStride: Int, pixelStride: Int
    ) {
        unsafe self.first = first
        self.rowStride = rowStride
        self.pixelStride = pixelStride
        bias = unsafe load(task.bias + channel)
        bounds = task.bounds
    }

    /// Adds the bias, clamps, and stores.
    @inline(always)
    func put(_ value: Lanes, _ row: Int, _ column: Int) {
        let target = unsafe first + (row &* rowStride &+ column &* pixelStride)
        unsafe store(bounds.clamp(value + bias), to: target)
    }

    /// The largest of 2×2 outputs. Adding and clamping are monotone, so it goes through them alone.
    @inline(always)
    func put(
        largestOf a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes, _ row: Int, _ column: Int
    ) {
        put(larger(larger(a, b), larger(c, d)), row, column)
    }
}

/// Aᵀ of F(4, 3) applied to six vectors.
@inline(always)
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

/// Columns first, then rows.
@inline(always)
private func outputTile4(
    _ task: WinogradTask, _ products: UnsafePointer<Float>, _ columns: UnsafeMutablePointer<Float>,
    _ target: OutputTile
) {
    let step = task.productsStride
    var m = unsafe products
    for j in 0..<6 {
        let c = unsafe outputs4(
            load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step),
            load(m + 24 * step), load(m + 30 * step))
        let column = unsafe columns + j * 16
        unsafe store(c.0, to: column)
        unsafe store(c.1, to: column + 96)
        unsafe store(c.2, to: column + 192)
        unsafe store(c.3, to: column + 288)
        unsafe m += step
    }
    if task.pools {
        for i in 0..<2 {
            let a = unsafe outputRow4(columns + i * 192)
            let b = unsafe outputRow4(columns + (i * 192 + 96))
            target.put(largestOf: a.0, a.1, b.0, b.1, i, 0)
            target.put(largestOf: a.2, a.3, b.2, b.3, i, 1)
        }
    } else {
        for i in 0..<4 {
            let r = unsafe outputRow4(columns + i * 96)
            target.put(r.0, i, 0)
            target.put(r.1, i, 1)
            target.put(r.2, i, 2)
            target.put(r.3, i, 3)
        }
    }
}

@inline(always)
private func outputRow4(_ p: UnsafeMutablePointer<Float>) -> (Lanes, Lanes, Lanes, Lanes) {
    unsafe outputs4(
        load(p), load(p + 16), load(p + 32), load(p + 48), load(p + 64), load(p + 80))
}

/// Aᵀ of F(2, 5) applied to six vectors.
@inline(always)
private func outputs2(
    _ m0: Lanes, _ m1: Lanes, _ m2: Lanes, _ m3: Lanes, _ m4: Lanes, _ m5: Lanes
) -> (Lanes, Lanes) {
    (
        m0 + ((m1 + m2) + (m3 + m4)),
        m5.addingProduct(m1 - m2, Lanes(repeating: Points.a))
            .addingProduct(m3 - m4, Lanes(repeating: Points.b))
    )
}

@inline(always)
private func outputTile2Of6(
    _ task: WinogradTask, _ products: UnsafePointer<Float>, _ columns: UnsafeMutablePointer<Float>,
    _ target: OutputTile
) {
    let step = task.productsStride
    var m = unsafe products
    for j in 0..<6 {
        let c = unsafe outputs2(
            load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step),
            load(m + 24 * step), load(m + 30 * step))
        unsafe store(c.0, to: columns + j * 16)
        unsafe store(c.1, to: columns + (96 + j * 16))
        unsafe m += step
    }
    let (a, b) = unsafe (outputRow2Of6(columns), outputRow2Of6(columns + 96))
    storeSquare(task, a, b, target)
}

@inline(always)
private func outputRow2Of6(_ p: UnsafeMutablePointer<Float>) -> (Lanes, Lanes) {
    unsafe outputs2(
        load(p), load(p + 16), load(p + 32), load(p + 48), load(p + 64), load(p + 80))
}

/// Aᵀ of F(2, 3) applied to four vectors.
@inline(always)
private func outputs2(_ m0: Lanes, _ m1: Lanes, _ m2: Lanes, _ m3: Lanes) -> (Lanes, Lanes) {
    (m0 + (m1 + m2), m3 + (m1 - m2))
}

@inline(always)
private func outputTile2(
    _ task: WinogradTask, _ products: UnsafePointer<Float>, _ columns: UnsafeMutablePointer<Float>,
    _ target: OutputTile
) {
    let step = task.productsStride
    var m = unsafe products
    for j in 0..<4 {
        let c = unsafe outputs2(
            load(m), load(m + 4 * step), load(m + 8 * step), load(m + 12 * step))
        unsafe store(c.0, to: columns + j * 16)
        unsafe store(c.1, to: columns + (64 + j * 16))
        unsafe m += step
    }
    let (a, b) = unsafe (outputRow2(columns), outputRow2(columns + 64))
    storeSquare(task, a, b, target)
}

@inline(always)
private func outputRow2(_ p: UnsafeMutablePointer<Float>) -> (Lanes, Lanes) {
    unsafe outputs2(load(p), load(p + 16), load(p + 32), load(p + 48))
}

/// The outputs of a tile of 2×2.
@inline(always)
private func storeSquare(
    _ task: WinogradTask, _ a: (Lanes, Lanes), _ b: (Lanes, Lanes), _ target: OutputTile
) {
    if task.pools {
        target.put(largestOf: a.0, a.1, b.0, b.1, 0, 0)
    } else {
        target.put(a.0, 0, 0)
        target.put(a.1, 0, 1)
        target.put(b.0, 1, 0)
        target.put(b.1, 1, 1)
    }
}
