import KernelInterface

/// Convolves the output rows `lines` of at most eight outputs, 16 neighbouring positions in a
/// vector's lanes.
@inline(never)
func convolveAlongRows(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
    let last = task.outputWidth - 16
    for line in lines {
        let row = unsafe task.input + line * task.lineStride
        let output = unsafe task.output + line * task.outputWidth * task.outputs
        var column = 0
        while column < task.outputWidth {
            // A row's last vector overlaps the one before it.
            let first = min(column, last)
            if hasFourTiles {
                let second = min(column + 16, last)
                unsafe sumTwoVectors(task, row + first, row + second)
                unsafe storeTurned(
                    task.totals, task.outputs, to: output + first * task.outputs)
                unsafe storeTurned(
                    task.totals + 128, task.outputs, to: output + second * task.outputs)
                column += 32
            } else {
                unsafe sumFour(task, row + first, 0)
                unsafe sumFour(task, row + first, 4)
                unsafe storeTurned(
                    task.totals, task.outputs, to: output + first * task.outputs)
                column += 16
            }
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
    _ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ x2: UnsafePointer<Float>
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
    unsafe a.put(task.totals, task.bounds)
    unsafe b.put(task.totals + 64, task.bounds)
    unsafe a2.put(task.totals + 128, task.bounds)
    unsafe b2.put(task.totals + 192, task.bounds)
}

/// Four outputs, from `first` on, of one vector of positions.
@inline(never)
private func sumFour(_ task: PaddedConvolutionTask, _ x: UnsafePointer<Float>, _ first: Int) {
    var sums = unsafe FourSums(task.bias + first)
    for product in 0..<task.products {
        let offset = unsafe task.offsets[product]
        unsafe sums.addProducts(load(x + offset), task.weights + (product * 8 + first))
    }
    unsafe sums.put(task.totals + first * 16, task.bounds)
}

/// Stores vectors, each of one output at 16 positions, position by position.
@inline(always)
private func storeTurned(
    _ totals: UnsafePointer<Float>, _ outputs: Int, to output: UnsafeMutablePointer<Float>
) {
    for index in 0..<outputs {
        var target = unsafe output + index
        for position in 0..<16 {
            unsafe target.pointee = totals[index * 16 + position]
            unsafe target += outputs
        }
    }
}
