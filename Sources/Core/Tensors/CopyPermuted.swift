/// Writes `out` in row-major order of `shape`, reading `source` with `strides` (in elements).
///
/// The two innermost loops run over the last axis and the axis that is contiguous in the source.
func copyPermuted<Word: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<Word>,
    shape: [Int], strides: [Int]
) {
    if out.isEmpty { return }
    let rank = shape.count
    let last = rank - 1
    let contiguous = strides.indices.min { strides[$0] < strides[$1] } ?? last
    var outStrides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
        outStrides[axis] = outStrides[axis + 1] * shape[axis + 1]
    }
    let outer = (0..<rank).filter { $0 != last && $0 != contiguous }
    let rows = contiguous == last ? 1 : shape[contiguous]
    let rowOut = contiguous == last ? 0 : outStrides[contiguous]
    let rowIn = contiguous == last ? 0 : strides[contiguous]
    var index = [Int](repeating: 0, count: outer.count)
    while true {
        var from = 0
        var to = 0
        for (position, axis) in outer.enumerated() {
            from += index[position] * strides[axis]
            to += index[position] * outStrides[axis]
        }
        let plane = Plane<Word>(
            rows: rows, columns: shape[last], rowIn: rowIn, columnIn: strides[last], rowOut: rowOut)
        unsafe plane.copy(
            source, from: from, to: UnsafeMutableBufferPointer(rebasing: out[to...]))
        var position = outer.count - 1
        while position >= 0 {
            index[position] += 1
            if index[position] < shape[outer[position]] { break }
            index[position] = 0
            position -= 1
        }
        if position < 0 { return }
    }
}

/// Two axes of a copy: columns are contiguous where they are written, rows where they are read
/// (`rowIn` is 1 unless there is one row). Steps are in elements.
private struct Plane<Word: BitwiseCopyable> {
    /// Columns whose source lines stay in the second-level cache while all rows are read.
    static var columnsPerBlock: Int { 128 }

    let rows: Int
    let columns: Int
    let rowIn: Int
    let columnIn: Int
    let rowOut: Int

    func copy(
        _ source: UnsafeRawBufferPointer, from: Int, to out: UnsafeMutableBufferPointer<Word>
    ) {
        for block in stride(from: 0, to: columns, by: Self.columnsPerBlock) {
            let end = min(block + Self.columnsPerBlock, columns)
            var row = 0
            if rowIn == 1, MemoryLayout<Word>.size == 4 {
                while row + 4 <= rows {
                    let tiled = unsafe copyTiles(
                        source, from: from + row, to: out, row * rowOut, block..<end)
                    for rest in row..<row + 4 {
                        unsafe copyRow(source, from: from, to: out, rest, tiled..<end)
                    }
                    row += 4
                }
            }
            while row < rows {
                unsafe copyRow(source, from: from, to: out, row, block..<end)
                row += 1
            }
        }
    }

    @inline(__always)
    private func copyRow(
        _ source: UnsafeRawBufferPointer, from: Int, to out: UnsafeMutableBufferPointer<Word>,
        _ row: Int, _ columns: Range<Int>
    ) {
        let size = MemoryLayout<Word>.size
        for column in columns {
            let element = from + row * rowIn + column * columnIn
            unsafe out[row * rowOut + column] = source.loadUnaligned(
                fromByteOffset: element * size, as: Word.self)
        }
    }

    /// Transposes 4 × 4 tiles of 32-bit words; returns the first column that is left.
    @inline(__always)
    private func copyTiles(
        _ source: UnsafeRawBufferPointer, from: Int, to out: UnsafeMutableBufferPointer<Word>,
        _ first: Int, _ columns: Range<Int>
    ) -> Int {
        guard let start = source.baseAddress,
            let target = UnsafeMutableRawBufferPointer(out).baseAddress
        else { return columns.lowerBound }
        var column = columns.lowerBound
        while column + 4 <= columns.upperBound {
            @inline(__always) func line(_ index: Int) -> SIMD4<UInt32> {
                unsafe (start + 4 * (from + (column + index) * columnIn)).loadUnaligned(
                    as: SIMD4<UInt32>.self)
            }
            @inline(__always) func store(_ row: Int, _ values: SIMD4<UInt32>) {
                unsafe (target + 4 * (first + row * rowOut + column)).storeBytes(
                    of: values, as: SIMD4<UInt32>.self)
            }
            let (a, b, c, d) = (line(0), line(1), line(2), line(3))
            store(0, SIMD4(a[0], b[0], c[0], d[0]))
            store(1, SIMD4(a[1], b[1], c[1], d[1]))
            store(2, SIMD4(a[2], b[2], c[2], d[2]))
            store(3, SIMD4(a[3], b[3], c[3], d[3]))
            column += 4
        }
        return column
    }
}
