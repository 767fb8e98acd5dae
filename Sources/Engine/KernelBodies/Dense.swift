import KernelInterface

/// Weight rows computed side by side.
private var denseRows: Int { 4 }

private typealias Quad = InlineArray<4, Lanes>

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
    var (sum0, sum1, sum2, sum3) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    let whole = task.depth & ~15
    var k = 0
    while k < whole {
        let value = unsafe load(x + k)
        unsafe sum0.addProduct(value, loadWeights(row0, at: k))
        unsafe sum1.addProduct(value, loadWeights(row1, at: k))
        unsafe sum2.addProduct(value, loadWeights(row2, at: k))
        unsafe sum3.addProduct(value, loadWeights(row3, at: k))
        k += 16
    }
    let rest = task.depth - whole
    if rest > 0 {
        let value = unsafe loadFirst(rest, of: x + k)
        unsafe sum0.addProduct(value, loadWeights(row0, at: k, first: rest))
        unsafe sum1.addProduct(value, loadWeights(row1, at: k, first: rest))
        unsafe sum2.addProduct(value, loadWeights(row2, at: k, first: rest))
        unsafe sum3.addProduct(value, loadWeights(row3, at: k, first: rest))
    }
    return [sum0, sum1, sum2, sum3]
}

/// Four images at once, so that each weight is loaded once for all of them.
@inline(__always)
private func denseTile4(_ task: DenseTask, output: Int, count: Int, image: Int) {
    let x0 = unsafe task.input + image * task.depth
    let x1 = unsafe x0 + task.depth
    let x2 = unsafe x1 + task.depth
    let x3 = unsafe x2 + task.depth
    var (sums0, sums1) = (Quad(repeating: .zero), Quad(repeating: .zero))
    var (sums2, sums3) = (Quad(repeating: .zero), Quad(repeating: .zero))
    let whole = task.depth & ~15
    let rest = task.depth - whole
    for k in stride(from: 0, to: task.depth, by: 16) {
        let (v0, v1, v2, v3) =
            unsafe k < whole
            ? (load(x0 + k), load(x1 + k), load(x2 + k), load(x3 + k))
            : (
                loadFirst(rest, of: x0 + k), loadFirst(rest, of: x1 + k),
                loadFirst(rest, of: x2 + k), loadFirst(rest, of: x3 + k)
            )
        eachDenseRow { r in
            let row = unsafe weightRow(task, output, r, count)
            let weight =
                unsafe k < whole
                ? loadWeights(row, at: k) : loadWeights(row, at: k, first: rest)
            sums0[r].addProduct(v0, weight)
            sums1[r].addProduct(v1, weight)
            sums2[r].addProduct(v2, weight)
            sums3[r].addProduct(v3, weight)
        }
    }
    storeDense(task, sums0, output: output, count: count, image: image)
    storeDense(task, sums1, output: output, count: count, image: image + 1)
    storeDense(task, sums2, output: output, count: count, image: image + 2)
    storeDense(task, sums3, output: output, count: count, image: image + 3)
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
