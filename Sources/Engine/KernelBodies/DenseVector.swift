import CPrefetch
import KernelInterface

/// Computes the outputs `outputs` of a single image: rows of weights are read from end to end, four
/// side by side.
@inline(never)
func denseVector(_ task: DenseTask, _ outputs: Range<Int>) {
    switch task.weightType {
    case .float32: unsafe sumRows(task, outputs, 4, loadFloats)
    case .float16: unsafe sumRows(task, outputs, 2, loadHalves)
    case .bfloat16: unsafe sumRows(task, outputs, 2, loadUpperHalves)
    }
}

/// - Parameters:
///   - size: bytes of a weight.
///   - load: 16 weights from a byte address.
@inline(always)
private func sumRows(
    _ task: DenseTask, _ outputs: Range<Int>, _ size: Int, _ load16: (UnsafeRawPointer) -> Lanes
) {
    let (whole, rest) = (task.depth & ~15, task.depth & 15)
    let (rowBytes, wholeBytes) = (task.depth * size, whole * size)
    let end = unsafe task.weights + task.outputs * rowBytes
    let tail = unsafe loadFirst(rest, of: task.input + whole)
    let isBeyond =
        SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        .>= Int32(truncatingIfNeeded: rest)
    var output = outputs.lowerBound
    while output < outputs.upperBound {
        let count = min(4, outputs.upperBound - output)
        let row0 = unsafe task.weights + output * rowBytes
        // Rows beyond the last output repeat it.
        let row1 = unsafe row0 + min(count - 1, 1) * rowBytes
        let row2 = unsafe row0 + min(count - 1, 2) * rowBytes
        let row3 = unsafe row0 + (count - 1) * rowBytes
        unsafe prefetchStarts(row0 + 4 * rowBytes, rowBytes)
        var sums = FourRows()
        var offset = 0
        while offset < wholeBytes {
            var chain = FourRows()
            var x = unsafe task.input + offset / size
            let chainEnd = min(wholeBytes, offset + denseChainDepth * size)
            let isFirst = offset == 0
            while offset < chainEnd {
                if size < 4 {
                    // Such rows end before the processor's own reading ahead has begun.
                    let next = unsafe row0 + (4 &* rowBytes &+ offset)
                    unsafe ferry_prefetch(next)
                    unsafe ferry_prefetch(next + rowBytes)
                    unsafe ferry_prefetch(next + 2 &* rowBytes)
                    unsafe ferry_prefetch(next + 3 &* rowBytes)
                }
                let value = unsafe load(x)
                unsafe chain.r0.addProduct(value, load16(row0 + offset))
                unsafe chain.r1.addProduct(value, load16(row1 + offset))
                unsafe chain.r2.addProduct(value, load16(row2 + offset))
                unsafe chain.r3.addProduct(value, load16(row3 + offset))
                unsafe x += 16
                offset &+= 16 &* size
            }
            sums.add(chain, isFirst)
        }
        if rest > 0 {
            @inline(always)
            func lastWeights(_ row: UnsafeRawPointer) -> Lanes {
                let address = unsafe row + wholeBytes
                if unsafe address + 16 &* size <= end {
                    return unsafe load16(address).replacing(with: Lanes.zero, where: isBeyond)
                }
                return unsafe firstWeights(rest, at: address, task.weightType)
            }
            unsafe sums.r0.addProduct(tail, lastWeights(row0))
            unsafe sums.r1.addProduct(tail, lastWeights(row1))
            unsafe sums.r2.addProduct(tail, lastWeights(row2))
            unsafe sums.r3.addProduct(tail, lastWeights(row3))
        }
        let values = SIMD4(sum(sums.r0), sum(sums.r1), sum(sums.r2), sum(sums.r3))
        for index in 0..<count {
            var value = values[index]
            if let bias = unsafe task.bias { unsafe value += bias[output + index] }
            unsafe task.output[output + index] = task.bounds.clamp(value)
        }
        output += count
    }
}

/// Partial sums of four rows.
private struct FourRows {
    var r0 = Lanes.zero
    var r1 = Lanes.zero
    var r2 = Lanes.zero
    var r3 = Lanes.zero

    @inline(always)
    init() {}

    @inline(always)
    mutating func add(_ chain: FourRows, _ isFirst: Bool) {
        r0 = isFirst ? chain.r0 : r0 + chain.r0
        r1 = isFirst ? chain.r1 : r1 + chain.r1
        r2 = isFirst ? chain.r2 : r2 + chain.r2
        r3 = isFirst ? chain.r3 : r3 + chain.r3
    }
}
