import KernelInterface

// Each kernel's loops stand in a function of their own: one they shared would be called, with the
// sums in memory. A chain is added to totals in memory, as rounding errors grow with its length.

/// Convolves the output rows `lines`, each number with the weights of all outputs.
@inline(never)
func convolvePadded(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
    let vectors = (task.outputs + 15) / 16
    let limit = unsafe storeLimit(task, lines)
    // Vectors that are computed together share the numbers they read.
    let whole = hasFourTiles ? vectors & ~3 : 0
    let even = hasFourTiles ? vectors & ~1 : 0
    if whole > 0 {
        var cursor = TileCursor(task, lines)
        while !cursor.isAtEnd {
            let tiles = cursor.nextTiles(1)
            for vector in stride(from: 0, to: whole, by: 4) {
                unsafe convolveFourVectors(task, tiles, vector, limit)
            }
        }
    }
    if even > whole {
        var cursor = TileCursor(task, lines)
        while !cursor.isAtEnd {
            unsafe convolveTwoVectors(task, cursor.nextTiles(1), whole, limit)
        }
    }
    if vectors > even {
        var cursor = TileCursor(task, lines)
        while !cursor.isAtEnd {
            let tiles = cursor.nextTiles(4)
            for vector in even..<vectors {
                unsafe convolveVector(task, tiles, vector, limit)
            }
        }
    }
}

/// Convolves the output rows `lines`, every lane with numbers of its own.
@inline(never)
func convolveByLane(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
    let vectors = (task.outputs + 15) / 16
    let limit = unsafe storeLimit(task, lines)
    var cursor = TileCursor(task, lines)
    while !cursor.isAtEnd {
        let tiles = cursor.nextTiles(4)
        for vector in 0..<vectors {
            unsafe convolveOwn(task, tiles.advanced(by: vector * 16), vector, limit)
        }
    }
}

/// One vector of outputs of four tiles; of one where registers are few.
@inline(never)
private func convolveVector(
    _ task: PaddedConvolutionTask, _ tiles: Tiles, _ vector: Int,
    _ limit: UnsafeMutablePointer<Float>
) {
    let bias = unsafe task.bias + vector * 16
    let size = task.products * 16
    let weights = unsafe task.weights + vector * size
    let step = task.positionStride
    var start = 0
    while start < task.products {
        let end = min(start + task.chain, task.products)
        let isFirst = start == 0
        var a = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var b = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var c = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var d = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        for product in start..<end {
            let offset = unsafe task.offsets[product]
            let weight = unsafe weights + product * 16
            unsafe a.addProducts(tiles.a.input + offset, step, load(weight))
            if hasFourTiles {
                unsafe b.addProducts(tiles.b.input + offset, step, load(weight))
                unsafe c.addProducts(tiles.c.input + offset, step, load(weight))
                unsafe d.addProducts(tiles.d.input + offset, step, load(weight))
            }
        }
        unsafe a.addTo(task.totals, isFirst)
        if hasFourTiles {
            unsafe b.addTo(task.totals + 96, isFirst)
            unsafe c.addTo(task.totals + 192, isFirst)
            unsafe d.addTo(task.totals + 288, isFirst)
        }
        start = end
    }
    unsafe storeTotals(tiles, vector, of: task, vectorsAtOnce: 1, limit: limit)
}

/// Two vectors of outputs of one tile.
@inline(never)
private func convolveTwoVectors(
    _ task: PaddedConvolutionTask, _ tiles: Tiles, _ vector: Int,
    _ limit: UnsafeMutablePointer<Float>
) {
    let bias = unsafe task.bias + vector * 16
    let size = task.products * 16
    let weights = unsafe task.weights + vector * size
    let step = task.positionStride
    var start = 0
    while start < task.products {
        let end = min(start + task.chain, task.products)
        let isFirst = start == 0
        var a = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var b = unsafe SixSums(repeating: isFirst ? load(bias + 16) : .zero)
        for product in start..<end {
            let offset = unsafe task.offsets[product]
            let weight = unsafe weights + product * 16
            unsafe a.addProducts(tiles.a.input + offset, step, load(weight))
            unsafe b.addProducts(tiles.a.input + offset, step, load(weight + size))
        }
        unsafe a.addTo(task.totals, isFirst)
        unsafe b.addTo(task.totals + 96, isFirst)
        start = end
    }
    unsafe storeTotals(tiles, vector, of: task, vectorsAtOnce: 2, limit: limit)
}

/// Four vectors of outputs of one tile.
@inline(never)
private func convolveFourVectors(
    _ task: PaddedConvolutionTask, _ tiles: Tiles, _ vector: Int,
    _ limit: UnsafeMutablePointer<Float>
) {
    let bias = unsafe task.bias + vector * 16
    let size = task.products * 16
    let weights = unsafe task.weights + vector * size
    let step = task.positionStride
    var start = 0
    while start < task.products {
        let end = min(start + task.chain, task.products)
        let isFirst = start == 0
        var a = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var b = unsafe SixSums(repeating: isFirst ? load(bias + 16) : .zero)
        var c = unsafe SixSums(repeating: isFirst ? load(bias + 32) : .zero)
        var d = unsafe SixSums(repeating: isFirst ? load(bias + 48) : .zero)
        for product in start..<end {
            let offset = unsafe task.offsets[product]
            let weight = unsafe weights + product * 16
            unsafe a.addProducts(tiles.a.input + offset, step, load(weight))
            unsafe b.addProducts(tiles.a.input + offset, step, load(weight + size))
            unsafe c.addProducts(tiles.a.input + offset, step, load(weight + 2 &* size))
            unsafe d.addProducts(tiles.a.input + offset, step, load(weight + 3 &* size))
        }
        unsafe a.addTo(task.totals, isFirst)
        unsafe b.addTo(task.totals + 96, isFirst)
        unsafe c.addTo(task.totals + 192, isFirst)
        unsafe d.addTo(task.totals + 288, isFirst)
        start = end
    }
    unsafe storeTotals(tiles, vector, of: task, vectorsAtOnce: 4, limit: limit)
}

/// One vector of lanes of four tiles, every lane with numbers of its own.
@inline(never)
private func convolveOwn(
    _ task: PaddedConvolutionTask, _ tiles: Tiles, _ vector: Int,
    _ limit: UnsafeMutablePointer<Float>
) {
    let bias = unsafe task.bias + vector * 16
    let size = task.products * 16
    let weights = unsafe task.weights + vector * size
    let step = task.positionStride
    var start = 0
    while start < task.products {
        let end = min(start + task.chain, task.products)
        let isFirst = start == 0
        var a = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var b = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var c = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        var d = unsafe SixSums(repeating: isFirst ? load(bias) : .zero)
        for product in start..<end {
            let offset = unsafe task.offsets[product]
            let weight = unsafe weights + product * 16
            unsafe a.addLaneProducts(tiles.a.input + offset, step, load(weight))
            if hasFourTiles {
                unsafe b.addLaneProducts(tiles.b.input + offset, step, load(weight))
                unsafe c.addLaneProducts(tiles.c.input + offset, step, load(weight))
                unsafe d.addLaneProducts(tiles.d.input + offset, step, load(weight))
            }
        }
        unsafe a.addTo(task.totals, isFirst)
        if hasFourTiles {
            unsafe b.addTo(task.totals + 96, isFirst)
            unsafe c.addTo(task.totals + 192, isFirst)
            unsafe d.addTo(task.totals + 288, isFirst)
        }
        start = end
    }
    unsafe storeTotals(tiles, vector, of: task, vectorsAtOnce: 1, limit: limit)
}
