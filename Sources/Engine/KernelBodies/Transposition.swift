import KernelInterface

/// Transposes the columns `columns` of a matrix; few rows, as a picture's colours are, are
/// interleaved 16 columns at a time.
@inline(never)
func transpose(_ task: TransposeTask, _ columns: Range<Int>) {
    var column = columns.lowerBound
    if task.outputStride == task.rows, task.rows <= 4 {
        while column + 16 <= columns.upperBound {
            unsafe interleave(
                task, task.input + column, to: task.output + column * task.outputStride)
            column += 16
        }
    }
    for rowBlock in stride(from: 0, to: task.rows, by: 16) {
        let rows = rowBlock..<min(rowBlock + 16, task.rows)
        for column in column..<columns.upperBound {
            let output = unsafe task.output + column * task.outputStride
            let input = unsafe task.input + column
            for row in rows {
                unsafe output[row] = input[row * task.inputStride]
            }
        }
    }
}

/// Interleaves 16 columns of one to four rows.
@inline(always)
private func interleave(
    _ task: TransposeTask, _ input: UnsafePointer<Float>, to output: UnsafeMutablePointer<Float>
) {
    let a = unsafe load(input)
    switch task.rows {
    case 1: unsafe store(a, to: output)
    case 2:
        let b = unsafe load(input + task.inputStride)
        unsafe store(pairs(a.lowHalf, b.lowHalf), to: output)
        unsafe store(pairs(a.highHalf, b.highHalf), to: output + 16)
    case 3:
        let b = unsafe load(input + task.inputStride)
        let c = unsafe load(input + 2 * task.inputStride)
        unsafe storeTriples(a, b, c, to: output)
    default:
        let b = unsafe load(input + task.inputStride)
        let c = unsafe load(input + 2 * task.inputStride)
        let d = unsafe load(input + 3 * task.inputStride)
        let (ac, bd) = (pairs(a.lowHalf, c.lowHalf), pairs(b.lowHalf, d.lowHalf))
        unsafe store(pairs(ac.lowHalf, bd.lowHalf), to: output)
        unsafe store(pairs(ac.highHalf, bd.highHalf), to: output + 16)
        let (ac2, bd2) = (pairs(a.highHalf, c.highHalf), pairs(b.highHalf, d.highHalf))
        unsafe store(pairs(ac2.lowHalf, bd2.lowHalf), to: output + 32)
        unsafe store(pairs(ac2.highHalf, bd2.highHalf), to: output + 48)
    }
}

/// a0 b0 a1 b1 …
@inline(always)
private func pairs(_ a: SIMD8<Float>, _ b: SIMD8<Float>) -> Lanes {
    var result = Lanes.zero
    result.evenHalf = a
    result.oddHalf = b
    return result
}

/// a0 b0 c0 a1 b1 c1 …
@inline(always)
private func storeTriples(
    _ a: Lanes, _ b: Lanes, _ c: Lanes, to output: UnsafeMutablePointer<Float>
) {
    unsafe store(
        Lanes(
            a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2], a[3], b[3], c[3], a[4], b[4],
            c[4], a[5]), to: output)
    unsafe store(
        Lanes(
            b[5], c[5], a[6], b[6], c[6], a[7], b[7], c[7], a[8], b[8], c[8], a[9], b[9], c[9],
            a[10], b[10]), to: output + 16)
    unsafe store(
        Lanes(
            c[10], a[11], b[11], c[11], a[12], b[12], c[12], a[13], b[13], c[13], a[14], b[14],
            c[14], a[15], b[15], c[15]), to: output + 32)
}
