import KernelInterface

/// Products that are summed before they are added to the others.
private var chainDepth: Int { 128 }

/// Computes the outputs of `panels` for all images, four of them at once where there are as many.
@inline(never)
func densePanels(_ task: DensePanelTask, _ panels: Range<Int>) {
    let width = task.vectors * 16
    var image = 0
    while image < task.batch {
        let isGroup = hasFourTiles && image + 4 <= task.batch
        for panel in panels {
            let weights = unsafe task.weights + panel * task.depth * width
            let bias = unsafe task.bias + panel * width
            let (output, end) = (panel * width, min((panel + 1) * width, task.outputs))
            if hasFourTiles, !isGroup {
                sumEightVectors(
                    task, image, unsafe FourVectors(weights, 0, task.vectors),
                    unsafe FourVectors(weights, 4, task.vectors),
                    unsafe FourVectors(bias, 0, task.vectors),
                    unsafe FourVectors(bias, 4, task.vectors), output, end)
                continue
            }
            var first = 0
            while output + first * 16 < end {
                let vectors = unsafe FourVectors(weights, first, task.vectors)
                let biases = unsafe FourVectors(bias, first, task.vectors)
                if isGroup {
                    sumFourImages(task, image, vectors, biases, output + first * 16, end)
                } else {
                    sumFourVectors(task, image, vectors, biases, output + first * 16, end)
                }
                first += 4
            }
        }
        image += isGroup ? 4 : 1
    }
}

/// Four vectors of a panel's first row; those beyond the last repeat it.
@safe
private struct FourVectors {
    let p0: UnsafePointer<Float>
    let p1: UnsafePointer<Float>
    let p2: UnsafePointer<Float>
    let p3: UnsafePointer<Float>

    @inline(always)
    init(_ row: UnsafePointer<Float>, _ first: Int, _ count: Int) {
        unsafe p0 = row + min(first, count - 1) * 16
        unsafe p1 = row + min(first + 1, count - 1) * 16
        unsafe p2 = row + min(first + 2, count - 1) * 16
        unsafe p3 = row + min(first + 3, count - 1) * 16
    }
}

private struct FourSums {
    var s0: Lanes
    var s1: Lanes
    var s2: Lanes
    var s3: Lanes

    @inline(always)
    init(repeating value: Lanes) { (s0, s1, s2, s3) = (value, value, value, value) }

    @inline(always)
    init(_ weights: FourVectors) {
        unsafe (s0, s1) = (load(weights.p0), load(weights.p1))
        unsafe (s2, s3) = (load(weights.p2), load(weights.p3))
    }

    /// Adds one number times weights of four vectors.
    @inline(always)
    mutating func addProducts(_ x: Lanes, _ weights: FourVectors, _ place: Int) {
        unsafe s0.addProduct(x, load(weights.p0 + place))
        unsafe s1.addProduct(x, load(weights.p1 + place))
        unsafe s2.addProduct(x, load(weights.p2 + place))
        unsafe s3.addProduct(x, load(weights.p3 + place))
    }

    /// Adds the numbers of four images times the weights of one vector.
    @inline(always)
    mutating func addProducts(_ x: FourSums, _ weights: Lanes) {
        s0.addProduct(x.s0, weights)
        s1.addProduct(x.s1, weights)
        s2.addProduct(x.s2, weights)
        s3.addProduct(x.s3, weights)
    }

    @inline(always)
    func put(at target: UnsafeMutablePointer<Float>, step: Int) {
        unsafe store(s0, to: target)
        unsafe store(s1, to: target + step)
        unsafe store(s2, to: target + 2 &* step)
        unsafe store(s3, to: target + 3 &* step)
    }

    @inline(always)
    func adding(_ other: FourSums) -> FourSums {
        var sums = self
        sums.s0 += other.s0
        sums.s1 += other.s1
        sums.s2 += other.s2
        sums.s3 += other.s3
        return sums
    }
}

/// Eight vectors of outputs of one image.
@inline(never)
private func sumEightVectors(
    _ task: DensePanelTask, _ image: Int, _ weights: FourVectors, _ further: FourVectors,
    _ biases: FourVectors, _ furtherBiases: FourVectors, _ output: Int, _ end: Int
) {
    let x = unsafe task.input + image * task.depth
    let stride = task.vectors * 16
    var (a, b) = (FourSums(biases), FourSums(furtherBiases))
    var (sumsA, sumsB) = (a, b)
    var start = 0
    while start < task.depth {
        let chainEnd = min(start + chainDepth, task.depth)
        for k in start..<chainEnd {
            let value = unsafe Lanes(repeating: x[k])
            a.addProducts(value, weights, k &* stride)
            b.addProducts(value, further, k &* stride)
        }
        (sumsA, sumsB) = start == 0 ? (a, b) : (sumsA.adding(a), sumsB.adding(b))
        (a, b) = (FourSums(repeating: .zero), FourSums(repeating: .zero))
        start = chainEnd
    }
    unsafe sumsA.put(at: task.sums, step: 16)
    unsafe sumsB.put(at: task.sums + 64, step: 16)
    storeSums(task, at: 0, image, output..<end)
}

/// Four vectors of outputs of one image.
@inline(never)
private func sumFourVectors(
    _ task: DensePanelTask, _ image: Int, _ weights: FourVectors, _ biases: FourVectors,
    _ output: Int, _ end: Int
) {
    let x = unsafe task.input + image * task.depth
    let stride = task.vectors * 16
    var a = FourSums(biases)
    var sums = a
    var start = 0
    while start < task.depth {
        let chainEnd = min(start + chainDepth, task.depth)
        for k in start..<chainEnd {
            unsafe a.addProducts(Lanes(repeating: x[k]), weights, k &* stride)
        }
        sums = start == 0 ? a : sums.adding(a)
        a = FourSums(repeating: .zero)
        start = chainEnd
    }
    unsafe sums.put(at: task.sums, step: 16)
    storeSums(task, at: 0, image, output..<min(output + 64, end))
}

/// Four vectors of outputs of four images.
@inline(never)
private func sumFourImages(
    _ task: DensePanelTask, _ image: Int, _ weights: FourVectors, _ biases: FourVectors,
    _ output: Int, _ end: Int
) {
    let depth = task.depth
    let x = unsafe task.input + image * depth
    let stride = task.vectors * 16
    var a = unsafe FourSums(repeating: load(biases.p0))
    var b = unsafe FourSums(repeating: load(biases.p1))
    var c = unsafe FourSums(repeating: load(biases.p2))
    var d = unsafe FourSums(repeating: load(biases.p3))
    var (sumsA, sumsB, sumsC, sumsD) = (a, b, c, d)
    var start = 0
    while start < depth {
        let chainEnd = min(start + chainDepth, depth)
        for k in start..<chainEnd {
            var values = unsafe FourSums(repeating: Lanes(repeating: x[k]))
            unsafe values.s1 = Lanes(repeating: x[depth &+ k])
            unsafe values.s2 = Lanes(repeating: x[2 &* depth &+ k])
            unsafe values.s3 = Lanes(repeating: x[3 &* depth &+ k])
            unsafe a.addProducts(values, load(weights.p0 + k &* stride))
            unsafe b.addProducts(values, load(weights.p1 + k &* stride))
            unsafe c.addProducts(values, load(weights.p2 + k &* stride))
            unsafe d.addProducts(values, load(weights.p3 + k &* stride))
        }
        let isFirst = start == 0
        (sumsA, sumsB) = isFirst ? (a, b) : (sumsA.adding(a), sumsB.adding(b))
        (sumsC, sumsD) = isFirst ? (c, d) : (sumsC.adding(c), sumsD.adding(d))
        (a, b) = (FourSums(repeating: .zero), FourSums(repeating: .zero))
        (c, d) = (FourSums(repeating: .zero), FourSums(repeating: .zero))
        start = chainEnd
    }
    unsafe sumsA.put(at: task.sums, step: 64)
    unsafe sumsB.put(at: task.sums + 16, step: 64)
    unsafe sumsC.put(at: task.sums + 32, step: 64)
    unsafe sumsD.put(at: task.sums + 48, step: 64)
    for index in 0..<4 {
        storeSums(task, at: index * 64, image + index, output..<min(output + 64, end))
    }
}

/// Clamps the sums from `first` on and stores them as the outputs of an image; what repeated
/// vectors computed lies behind them.
@inline(always)
private func storeSums(
    _ task: DensePanelTask, at first: Int, _ image: Int, _ outputs: Range<Int>
) {
    let target = unsafe task.output + (image * task.outputs + outputs.lowerBound)
    for index in 0..<outputs.count {
        unsafe target[index] = task.bounds.clamp(task.sums[first &+ index])
    }
}
