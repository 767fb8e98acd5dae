import KernelInterface

/// Convolves the output rows `lines` of at most eight outputs, 16 neighbouring positions in a
/// vector's lanes.
@inline(never)
func convolveAlongRows(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
    let (rows, columns) = task.pools ? (2, task.outputWidth & ~1) : (1, task.outputWidth)
    let step = hasFourTiles ? 32 : 16
    for line in lines {
        let output = unsafe task.output + line * (columns / rows)
        var column = 0
        while column < columns {
            // A row's last vector overlaps the one before it.
            let (first, second) = (min(column, columns - 16), min(column + 16, columns - 16))
            for row in 0..<rows {
                let x = unsafe task.input + (line * rows + row) * task.lineStride
                let totals = unsafe task.totals + row * 256
                if hasFourTiles {
                    unsafe sumTwoVectors(task, x + first, x + second, to: totals)
                } else {
                    unsafe sumFour(task, x + first, 0, to: totals)
                    if task.outputs > 4 { unsafe sumFour(task, x + first, 4, to: totals) }
                }
            }
            unsafe storePositions(task, task.totals, to: output + first / rows)
            if hasFourTiles {
                unsafe storePositions(task, task.totals + 128, to: output + second / rows)
            }
            column += step
        }
    }
}

/// Sums of two outputs at two vectors of positions.
private struct PairSums {
    var s0: Lanes
    var s1: Lanes
    var s2: Lanes
    var s3: Lanes

    @inline(always)
    init(_ bias: UnsafePointer<Float>) {
        unsafe s0 = Lanes(repeating: bias[0])
        unsafe s1 = Lanes(repeating: bias[1])
        (s2, s3) = (s0, s1)
    }

    @inline(always)
    mutating func addProducts(_ x: Lanes, _ x2: Lanes, _ weights: UnsafePointer<Float>) {
        let (first, second) = unsafe (Lanes(repeating: weights[0]), Lanes(repeating: weights[1]))
        s0.addProduct(x, first)
        s1.addProduct(x, second)
        s2.addProduct(x2, first)
        s3.addProduct(x2, second)
    }

    @inline(always)
    func put(_ totals: UnsafeMutablePointer<Float>, _ bounds: Bounds) {
        unsafe store(bounds.clamp(s0), to: totals)
        unsafe store(bounds.clamp(s1), to: totals + 16)
        unsafe store(bounds.clamp(s2), to: totals + 128)
        unsafe store(bounds.clamp(s3), to: totals + 144)
    }
}

/// Up to eight outputs, by twos, of two vectors of positions.
@inline(never)
private func sumTwoVectors(
    _ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ x2: UnsafePointer<Float>,
    to totals: UnsafeMutablePointer<Float>
) {
    var a = unsafe PairSums(task.bias)
    var b = unsafe PairSums(task.bias + 2)
    var c = unsafe PairSums(task.bias + 4)
    var d = unsafe PairSums(task.bias + 6)
    var weights = unsafe task.weights
    for product in 0..<task.products {
        let offset = unsafe task.offsets[product]
        let (value, value2) = unsafe (load(x + offset), load(x2 + offset))
        unsafe a.addProducts(value, value2, weights)
        if task.outputs > 2 { unsafe b.addProducts(value, value2, weights + 2) }
        if task.outputs > 4 { unsafe c.addProducts(value, value2, weights + 4) }
        if task.outputs > 6 { unsafe d.addProducts(value, value2, weights + 6) }
        unsafe weights += 8
    }
    unsafe a.put(totals, task.bounds)
    unsafe b.put(totals + 32, task.bounds)
    unsafe c.put(totals + 64, task.bounds)
    unsafe d.put(totals + 96, task.bounds)
}

/// Four outputs, from `first` on, of one vector of positions.
@inline(never)
private func sumFour(
    _ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ first: Int,
    to totals: UnsafeMutablePointer<Float>
) {
    let bias = unsafe task.bias + first
    var s0 = unsafe Lanes(repeating: bias[0])
    var s1 = unsafe Lanes(repeating: bias[1])
    var s2 = unsafe Lanes(repeating: bias[2])
    var s3 = unsafe Lanes(repeating: bias[3])
    for product in 0..<task.products {
        let value = unsafe load(x + task.offsets[product])
        let weights = unsafe task.weights + (product * 8 + first)
        unsafe s0.addProduct(value, Lanes(repeating: weights[0]))
        unsafe s1.addProduct(value, Lanes(repeating: weights[1]))
        unsafe s2.addProduct(value, Lanes(repeating: weights[2]))
        unsafe s3.addProduct(value, Lanes(repeating: weights[3]))
    }
    let target = unsafe totals + first * 16
    unsafe store(task.bounds.clamp(s0), to: target)
    unsafe store(task.bounds.clamp(s1), to: target + 16)
    unsafe store(task.bounds.clamp(s2), to: target + 32)
    unsafe store(task.bounds.clamp(s3), to: target + 48)
}

/// Stores 16 positions of every output: as they are, or the largest of two in each of two rows.
@inline(always)
private func storePositions(
    _ task: PaddedConvolutionTask, _ totals: UnsafeMutablePointer<Float>,
    to output: UnsafeMutablePointer<Float>
) {
    var target = unsafe output
    for index in 0..<task.outputs {
        let sums = unsafe load(totals + index &* 16)
        if task.pools {
            let both = unsafe larger(sums, load(totals + (256 &+ index &* 16)))
            unsafe store(largerOfPairs(both), to: target)
        } else {
            unsafe store(sums, to: target)
        }
        unsafe target += task.planeStride
    }
}
