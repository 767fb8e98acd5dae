import KernelInterface

/// Convolves the output rows `lines` of at most eight outputs, 16 neighbouring positions in a
/// vector's lanes.
@inline(never)
func convolveAlongRows(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
    let (rows, columns) = task.pools ? (2, task.outputWidth & ~1) : (1, task.outputWidth)
    let step = hasFourTiles ? 32 : 16
    for line in lines {
        let output = unsafe task.output + line * (columns / rows) * task.outputs
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
                    unsafe sumFour(task, x + first, 4, to: totals)
                }
            }
            unsafe storePositions(task, task.totals, to: output + first / rows * task.outputs)
            if hasFourTiles {
                unsafe storePositions(
                    task, task.totals + 128, to: output + second / rows * task.outputs)
            }
            column += step
        }
    }
}

/// Sums of four outputs.
private struct FourSums {
    var s0: Lanes
    var s1: Lanes
    var s2: Lanes
    var s3: Lanes

    @inline(always)
    init(_ bias: UnsafePointer<Float>) {
        unsafe s0 = Lanes(repeating: bias[0])
        unsafe s1 = Lanes(repeating: bias[1])
        unsafe s2 = Lanes(repeating: bias[2])
        unsafe s3 = Lanes(repeating: bias[3])
    }

    @inline(always)
    mutating func addProducts(_ x: Lanes, _ weights: UnsafePointer<Float>) {
        unsafe s0.addProduct(x, Lanes(repeating: weights[0]))
        unsafe s1.addProduct(x, Lanes(repeating: weights[1]))
        unsafe s2.addProduct(x, Lanes(repeating: weights[2]))
        unsafe s3.addProduct(x, Lanes(repeating: weights[3]))
    }

    @inline(always)
    func put(_ totals: UnsafeMutablePointer<Float>, _ bounds: Bounds) {
        unsafe store(bounds.clamp(s0), to: totals)
        unsafe store(bounds.clamp(s1), to: totals + 16)
        unsafe store(bounds.clamp(s2), to: totals + 32)
        unsafe store(bounds.clamp(s3), to: totals + 48)
    }
}

/// Eight outputs of two vectors of positions.
@inline(never)
private func sumTwoVectors(
    _ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ x2: UnsafePointer<Float>,
    to totals: UnsafeMutablePointer<Float>
) {
    var a = unsafe FourSums(task.bias)
    var b = unsafe FourSums(task.bias + 4)
    var a2 = a
    var b2 = b
    for product in 0..<task.products {
        let offset = unsafe task.offsets[product]
        let weights = unsafe task.weights + product * 8
        let (value, value2) = unsafe (load(x + offset), load(x2 + offset))
        unsafe a.addProducts(value, weights)
        unsafe a2.addProducts(value2, weights)
        unsafe b.addProducts(value, weights + 4)
        unsafe b2.addProducts(value2, weights + 4)
    }
    unsafe a.put(totals, task.bounds)
    unsafe b.put(totals + 64, task.bounds)
    unsafe a2.put(totals + 128, task.bounds)
    unsafe b2.put(totals + 192, task.bounds)
}

/// Four outputs, from `first` on, of one vector of positions.
@inline(never)
private func sumFour(
    _ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ first: Int,
    to totals: UnsafeMutablePointer<Float>
) {
    var sums = unsafe FourSums(task.bias + first)
    for product in 0..<task.products {
        let offset = unsafe task.offsets[product]
        unsafe sums.addProducts(load(x + offset), task.weights + (product * 8 + first))
    }
    unsafe sums.put(totals + first * 16, task.bounds)
}

/// Stores 16 positions of every output, position by position: as they are, or the largest of two
/// in each of two rows.
@inline(always)
private func storePositions(
    _ task: PaddedConvolutionTask, _ totals: UnsafeMutablePointer<Float>,
    to output: UnsafeMutablePointer<Float>
) {
    let outputs = task.outputs
    for index in 0..<outputs {
        let sums = unsafe totals + index * 16
        var target = unsafe output + index
        if task.pools {
            unsafe store(larger(load(sums), load(sums + 256)), to: sums)
            for position in 0..<8 {
                unsafe target.pointee = larger(sums[2 &* position], sums[2 &* position &+ 1])
                unsafe target += outputs
            }
        } else {
            for position in 0..<16 {
                unsafe target.pointee = sums[position]
                unsafe target += outputs
            }
        }
    }
}
