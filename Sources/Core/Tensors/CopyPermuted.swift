/// Writes `out` in row-major order of `shape`, reading `source` with `strides` (in elements).
///
/// The innermost loops run over the last axis and the axis that is contiguous in the source. The
/// last axis is cut into blocks, for each of which all other axes are visited: what is read of the
/// source meanwhile stays in the cache, so that each of its lines is fetched once.
func copyPermuted<Word: FixedWidthInteger & SIMDScalar & BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<Word>,
    shape: [Int], strides: [Int]
) {
    guard !out.isEmpty, let source = source.baseAddress,
        let target = UnsafeMutableRawBufferPointer(out).baseAddress
    else { return }
    let size = MemoryLayout<Word>.size
    let last = shape.count - 1
    let contiguous = strides.indices.min { strides[$0] < strides[$1] } ?? last
    var outStrides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
        outStrides[axis] = outStrides[axis + 1] * shape[axis + 1]
    }
    let outer = shape.indices.filter { $0 != last && $0 != contiguous }
    let hasRows = contiguous != last
    let plane = Plane<Word>(
        rows: hasRows ? shape[contiguous] : 1, rowIn: hasRows ? strides[contiguous] : 0,
        rowOut: hasRows ? outStrides[contiguous] : 0, columnIn: strides[last])
    for block in stride(from: 0, to: shape[last], by: Plane<Word>.columnsPerBlock) {
        let columns = min(Plane<Word>.columnsPerBlock, shape[last] - block)
        var index = [Int](repeating: 0, count: outer.count)
        var position = 0
        while position >= 0 {
            var (from, to) = (block * strides[last], block)
            for (position, axis) in outer.enumerated() {
                from += index[position] * strides[axis]
                to += index[position] * outStrides[axis]
            }
            unsafe plane.copy(source + from * size, to: target + to * size, columns)
            position = outer.count - 1
            while position >= 0 {
                index[position] += 1
                if index[position] < shape[outer[position]] { break }
                index[position] = 0
                position -= 1
            }
        }
    }
}

/// Two axes of a copy: columns are contiguous where they are written, rows where they are read
/// (`rowIn` is 1 unless there is one row). Steps are in elements.
private struct Plane<Word: FixedWidthInteger & SIMDScalar & BitwiseCopyable> {
    /// Columns whose source lines, each in a page of its own, stay in the cache for all rows, as
    /// their addresses do among those that a core translates without a search.
    static var columnsPerBlock: Int { 48 }

    let rows: Int
    let rowIn: Int
    let rowOut: Int
    let columnIn: Int

    @inline(never)
    func copy(_ source: UnsafeRawPointer, to out: UnsafeMutableRawPointer, _ columns: Int) {
        let size = MemoryLayout<Word>.size
        if columnIn == 1, rows == 1 {
            return unsafe out.copyMemory(from: source, byteCount: columns * size)
        }
        var row = 0
        if rowIn == 1 {
            while row + 4 <= rows {
                let from = unsafe source + row * size
                let to = unsafe out + row * rowOut * size
                let tiled = unsafe copyTiles(from, to: to, columns)
                for rest in row..<row + 4 {
                    unsafe copyRow(source, to: out, rest, tiled..<columns)
                }
                row += 4
            }
        }
        while row < rows {
            unsafe copyRow(source, to: out, row, 0..<columns)
            row += 1
        }
    }

    @inline(__always)
    private func copyRow(
        _ source: UnsafeRawPointer, to out: UnsafeMutableRawPointer, _ row: Int,
        _ columns: Range<Int>
    ) {
        let size = MemoryLayout<Word>.size
        for column in columns {
            let word = unsafe source.loadUnaligned(
                fromByteOffset: (row * rowIn + column * columnIn) * size, as: Word.self)
            unsafe out.storeBytes(
                of: word, toByteOffset: (row * rowOut + column) * size, as: Word.self)
        }
    }

    /// Transposes 4 × 4 tiles of four rows; returns the first column that is left.
    @inline(__always)
    private func copyTiles(
        _ source: UnsafeRawPointer, to out: UnsafeMutableRawPointer, _ columns: Int
    ) -> Int {
        let size = MemoryLayout<Word>.size
        var column = 0
        while column + 4 <= columns {
            @inline(__always) func line(_ index: Int) -> SIMD4<Word> {
                unsafe (source + (column + index) * columnIn * size).loadUnaligned(
                    as: SIMD4<Word>.self)
            }
            @inline(__always) func store(_ row: Int, _ values: SIMD4<Word>) {
                unsafe (out + (row * rowOut + column) * size).storeBytes(
                    of: values, as: SIMD4<Word>.self)
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
