import KernelInterface

/// The points a = 3/4 and b = 3/2 of F(4×4, 3×3), and what the transforms need of them.
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

/// Transforms the inputs under the tiles `tiles`.
@inline(never)
func winogradInput(_ task: WinogradTask, _ tiles: Range<Int>) {
    let across = (task.outputWidth + task.tileSize - 1) / task.tileSize
    for tile in tiles {
        let y = tile / across * task.tileSize - task.padTop
        let x = tile % across * task.tileSize - task.padLeft
        let target = unsafe task.transformed + (tile - task.firstTile) * task.channels
        for channel in stride(from: 0, to: task.channels, by: 16) {
            if task.tileSize == 4 {
                unsafe inputTile6(task, y, x, channel, to: target + channel)
            } else {
                unsafe inputTile4(task, y, x, channel, to: target + channel)
            }
        }
    }
}

/// 16 channels of the pixel at (y, x), zeros outside the picture.
@inline(__always)
private func pixel(_ task: WinogradTask, _ y: Int, _ x: Int, _ channel: Int) -> Lanes {
    guard y >= 0, y < task.inputHeight, x >= 0, x < task.inputWidth else { return .zero }
    return unsafe load(
        task.input + ((y * task.inputWidth + x) * task.channels + channel))
}

/// Bᵀ of F(4, 3) applied to six vectors.
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

@inline(__always)
private func inputTile6(
    _ task: WinogradTask, _ y: Int, _ x: Int, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    // Rows first: `rows[i]` holds row i transformed along x.
    var rows = Rows6(repeating: Lanes6(repeating: .zero))
    for i in 0..<6 {
        let r = inputs6(
            pixel(task, y + i, x, channel), pixel(task, y + i, x + 1, channel),
            pixel(task, y + i, x + 2, channel), pixel(task, y + i, x + 3, channel),
            pixel(task, y + i, x + 4, channel), pixel(task, y + i, x + 5, channel))
        rows[i] = [r.0, r.1, r.2, r.3, r.4, r.5]
    }
    let step = task.transformedStride
    for j in 0..<6 {
        let c = inputs6(
            rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j])
        unsafe store(c.0, to: target + j * step)
        unsafe store(c.1, to: target + (6 + j) * step)
        unsafe store(c.2, to: target + (12 + j) * step)
        unsafe store(c.3, to: target + (18 + j) * step)
        unsafe store(c.4, to: target + (24 + j) * step)
        unsafe store(c.5, to: target + (30 + j) * step)
    }
}

private typealias Lanes6 = InlineArray<6, Lanes>
private typealias Rows6 = InlineArray<6, Lanes6>
private typealias Lanes4 = InlineArray<4, Lanes>
private typealias Rows4 = InlineArray<4, Lanes4>

/// Bᵀ of F(2, 3) applied to four vectors.
@inline(__always)
private func inputs4(
    _ d0: Lanes, _ d1: Lanes, _ d2: Lanes, _ d3: Lanes
) -> (Lanes, Lanes, Lanes, Lanes) {
    (d2 - d0, d1 + d2, d2 - d1, d3 - d1)
}

@inline(__always)
private func inputTile4(
    _ task: WinogradTask, _ y: Int, _ x: Int, _ channel: Int,
    to target: UnsafeMutablePointer<Float>
) {
    var rows = Rows4(repeating: Lanes4(repeating: .zero))
    for i in 0..<4 {
        let r = inputs4(
            pixel(task, y + i, x, channel), pixel(task, y + i, x + 1, channel),
            pixel(task, y + i, x + 2, channel), pixel(task, y + i, x + 3, channel))
        rows[i] = [r.0, r.1, r.2, r.3]
    }
    let step = task.transformedStride
    for j in 0..<4 {
        let c = inputs4(rows[0][j], rows[1][j], rows[2][j], rows[3][j])
        unsafe store(c.0, to: target + j * step)
        unsafe store(c.1, to: target + (4 + j) * step)
        unsafe store(c.2, to: target + (8 + j) * step)
        unsafe store(c.3, to: target + (12 + j) * step)
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
            let bias = unsafe load(task.bias + channel)
            if task.tileSize == 4 {
                let outputs = unsafe outputTile4(source + channel, task.productsStride)
                storeOutputs(task, outputs, bias, y, x, channel)
            } else {
                let outputs = unsafe outputTile2(source + channel, task.productsStride)
                storeOutputs(task, outputs, bias, y, x, channel)
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

private typealias Outputs4 = InlineArray<4, InlineArray<4, Lanes>>
private typealias Outputs2 = InlineArray<2, InlineArray<2, Lanes>>

@inline(__always)
private func outputTile4(_ products: UnsafePointer<Float>, _ step: Int) -> Outputs4 {
    var columns = InlineArray<4, Lanes6>(repeating: Lanes6(repeating: .zero))
    for j in 0..<6 {
        let m = unsafe products + j * step
        let c = unsafe outputs4(
            load(m), load(m + 6 * step), load(m + 12 * step), load(m + 18 * step),
            load(m + 24 * step), load(m + 30 * step))
        columns[0][j] = c.0
        columns[1][j] = c.1
        columns[2][j] = c.2
        columns[3][j] = c.3
    }
    var result = Outputs4(repeating: InlineArray(repeating: .zero))
    for i in 0..<4 {
        let row = columns[i]
        let r = outputs4(row[0], row[1], row[2], row[3], row[4], row[5])
        result[i] = [r.0, r.1, r.2, r.3]
    }
    return result
}

@inline(__always)
private func outputTile2(_ products: UnsafePointer<Float>, _ step: Int) -> Outputs2 {
    var columns = InlineArray<2, Lanes4>(repeating: Lanes4(repeating: .zero))
    for j in 0..<4 {
        let m = unsafe products + j * step
        let (m0, m1) = unsafe (load(m), load(m + 4 * step))
        let (m2, m3) = unsafe (load(m + 8 * step), load(m + 12 * step))
        columns[0][j] = m0 + (m1 + m2)
        columns[1][j] = m3 + (m1 - m2)
    }
    var result = Outputs2(repeating: InlineArray(repeating: .zero))
    for i in 0..<2 {
        let row = columns[i]
        result[i] = [row[0] + (row[1] + row[2]), row[3] + (row[1] - row[2])]
    }
    return result
}

/// Adds the bias, clamps, pools where asked, and stores the outputs that exist.
@inline(__always)
private func storeOutputs<let size: Int>(
    _ task: WinogradTask, _ outputs: InlineArray<size, InlineArray<size, Lanes>>, _ bias: Lanes,
    _ y: Int, _ x: Int, _ channel: Int
) {
    let lanes = min(16, task.outputs - channel)
    if task.pools {
        // Clamping is monotone, so the largest may be clamped last.
        for i in stride(from: 0, to: size, by: 2) where y + i + 1 < task.outputHeight {
            for j in stride(from: 0, to: size, by: 2) where x + j + 1 < task.outputWidth {
                let value = larger(
                    larger(outputs[i][j], outputs[i][j + 1]),
                    larger(outputs[i + 1][j], outputs[i + 1][j + 1]))
                let at = (y + i) / 2 * (task.outputWidth / 2) + (x + j) / 2
                storeOutput(task, value + bias, at, channel, lanes)
            }
        }
        return
    }
    for i in 0..<size where y + i < task.outputHeight {
        for j in 0..<size where x + j < task.outputWidth {
            let at = (y + i) * task.outputWidth + x + j
            storeOutput(task, outputs[i][j] + bias, at, channel, lanes)
        }
    }
}

@inline(__always)
private func storeOutput(
    _ task: WinogradTask, _ value: Lanes, _ at: Int, _ channel: Int, _ lanes: Int
) {
    let output = unsafe task.output + (at * task.outputs + channel)
    if lanes == 16 {
        unsafe store(task.bounds.clamp(value), to: output)
    } else {
        unsafe storeFirst(lanes, of: task.bounds.clamp(value), to: output)
    }
}
