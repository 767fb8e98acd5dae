import KernelInterface

/// Weight rows computed side by side.
private var denseRows: Int { 4 }

private typealias Quad = InlineArray<4, Lanes>

/// Depth over which the 16 partial sums are chains of their own, added to the totals before the
/// next: rounding errors grow with the length of a chain.
private var chainDepth: Int { 2048 }

/// Computes the outputs `outputs` for every image of the batch.
@inline(never)
func dense(_ task: DenseTask, _ outputs: Range<Int>) {
    var output = outputs.lowerBound
    while output < outputs.upperBound {
        let count = min(denseRows, outputs.upperBound - output)
        var image = 0
        while image < task.batch {
            if denseImages == 4, task.batch - image >= 4 {
                denseTile4(task, output: output, count: count, image: image)
                image += 4
            } else {
                let sums = denseSums(task, output: output, count: count, image: image)
                storeDense(task, sums, output: output, count: count, image: image)
                image += 1
            }
        }
        output += count
    }
}

/// 16 weights from byte addresses, which need not be aligned.
@inline(__always)
private func loadWeights(_ row: UnsafeRawPointer, at index: Int) -> Lanes {
    unsafe row.loadUnaligned(fromByteOffset: index * 4, as: Lanes.self)
}

@inline(__always)
private func loadWeights(_ row: UnsafeRawPointer, at index: Int, first count: Int) -> Lanes {
    var value = Lanes.zero
    for lane in 0..<count {
        value[lane] = unsafe row.loadUnaligned(
            fromByteOffset: (index + lane) * 4, as: Float.self)
    }
    return value
}

/// The row of weights for `output + row`; rows beyond `count` repeat the last.
@inline(__always)
private func weightRow(
    _ task: DenseTask, _ output: Int, _ row: Int, _ count: Int
) -> UnsafeRawPointer {
    unsafe task.weights + (output + min(row, count - 1)) * task.depth * 4
}

@inline(__always)
private func denseSums(
    _ task: DenseTask, output: Int, count: Int, image: Int
) -> Quad {
    let row0 = unsafe weightRow(task, output, 0, count)
    let row1 = unsafe weightRow(task, output, 1, count)
    let row2 = unsafe weightRow(task, output, 2, count)
    let row3 = unsafe weightRow(task, output, 3, count)
    let x = unsafe task.input + image * task.depth
    var (total0, total1, total2, total3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var (sum0, sum1, sum2, sum3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    let whole = task.depth & ~15
    var k = 0
    while k < whole {
        let end = min(k + chainDepth, whole)
        while k < end {
            let value = unsafe load(x + k)
            unsafe sum0.addProduct(value, loadWeights(row0, at: k))
            unsafe sum1.addProduct(value, loadWeights(row1, at: k))
            unsafe sum2.addProduct(value, loadWeights(row2, at: k))
            unsafe sum3.addProduct(value, loadWeights(row3, at: k))
            k += 16
        }
        (total0, sum0) = (total0 + sum0, .zero)
        (total1, sum1) = (total1 + sum1, .zero)
        (total2, sum2) = (total2 + sum2, .zero)
        (total3, sum3) = (total3 + sum3, .zero)
    }
    let rest = task.depth - whole
    if rest > 0 {
        let value = unsafe loadFirst(rest, of: x + k)
        unsafe sum0.addProduct(value, loadWeights(row0, at: k, first: rest))
        unsafe sum1.addProduct(value, loadWeights(row1, at: k, first: rest))
        unsafe sum2.addProduct(value, loadWeights(row2, at: k, first: rest))
        unsafe sum3.addProduct(value, loadWeights(row3, at: k, first: rest))
    }
    return [total0 + sum0, total1 + sum1, total2 + sum2, total3 + sum3]
}

/// Four images at once, so that each weight is loaded once for all of them.
@inline(__always)
private func denseTile4(_ task: DenseTask, output: Int, count: Int, image: Int) {
    let x0 = unsafe task.input + image * task.depth
    let x1 = unsafe x0 + task.depth
    let x2 = unsafe x1 + task.depth
    let x3 = unsafe x2 + task.depth
    var (totals0, totals1) = (Quad(repeating: .zero), Quad(repeating: .zero))
    var (totals2, totals3) = (Quad(repeating: .zero), Quad(repeating: .zero))
    let whole = task.depth & ~15
    for start in stride(from: 0, to: task.depth, by: chainDepth) {
        var (sums0, sums1) = (Quad(repeating: .zero), Quad(repeating: .zero))
        var (sums2, sums3) = (Quad(repeating: .zero), Quad(repeating: .zero))
        let end = min(start + chainDepth, task.depth)
        for k in stride(from: start, to: min(end, whole), by: 16) {
            let (v0, v1) = unsafe (load(x0 + k), load(x1 + k))
            let (v2, v3) = unsafe (load(x2 + k), load(x3 + k))
            eachDenseRow { r in
                let weight = unsafe loadWeights(weightRow(task, output, r, count), at: k)
                sums0[r].addProduct(v0, weight)
                sums1[r].addProduct(v1, weight)
                sums2[r].addProduct(v2, weight)
                sums3[r].addProduct(v3, weight)
            }
        }
        eachDenseRow { r in
            totals0[r] += sums0[r]
            totals1[r] += sums1[r]
            totals2[r] += sums2[r]
            totals3[r] += sums3[r]
        }
    }
    let rest = task.depth - whole
    if rest > 0 {
        let (v0, v1) = unsafe (loadFirst(rest, of: x0 + whole), loadFirst(rest, of: x1 + whole))
        let (v2, v3) = unsafe (loadFirst(rest, of: x2 + whole), loadFirst(rest, of: x3 + whole))
        eachDenseRow { r in
            let row = unsafe weightRow(task, output, r, count)
            let weight = unsafe loadWeights(row, at: whole, first: rest)
            totals0[r] += Lanes.zero.addingProduct(v0, weight)
            totals1[r] += Lanes.zero.addingProduct(v1, weight)
            totals2[r] += Lanes.zero.addingProduct(v2, weight)
            totals3[r] += Lanes.zero.addingProduct(v3, weight)
        }
    }
    storeDense(task, totals0, output: output, count: count, image: image)
    storeDense(task, totals1, output: output, count: count, image: image + 1)
    storeDense(task, totals2, output: output, count: count, image: image + 2)
    storeDense(task, totals3, output: output, count: count, image: image + 3)
}

/// Written out, so that sums stay in registers.
@inline(__always)
private func eachDenseRow(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
}

@inline(__always)
private func storeDense(_ task: DenseTask, _ sums: Quad, output: Int, count: Int, image: Int) {
    eachDenseRow { r in
        guard r < count else { return }
        var value = sum(sums[r])
        if let bias = unsafe task.bias { unsafe value += bias[output + r] }
        unsafe task.output[image * task.outputs + output + r] = task.bounds.clamp(value)
    }
}
