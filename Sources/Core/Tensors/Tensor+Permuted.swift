/// Changing the order of axes.
extension Tensor {
    /// A copy whose axis `i` is this tensor's axis `axes[i]`.
    ///
    /// - Precondition: `axes` is a permutation of `0..<rank`.
    package func permuted(_ axes: [Int]) -> Tensor {
        precondition(axes.sorted() == Array(0..<rank), "\(axes) is no permutation of \(rank) axes")
        if axes == Array(0..<rank) { return self }
        let target = axes.map { shape[$0] }
        switch elementType.size {
        case 1: return moved(axes, target, UInt8.self)
        case 2: return moved(axes, target, UInt16.self)
        case 4: return moved(axes, target, UInt32.self)
        default: return moved(axes, target, UInt64.self)
        }
    }

    private func moved<Word: BitwiseCopyable>(
        _ axes: [Int], _ target: [Int], _: Word.Type
    ) -> Tensor {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        }
        let sourceStrides = axes.map { strides[$0] }
        return unsafe Tensor(elementType, shape: target) {
            (out: UnsafeMutableBufferPointer<Word>) in
            unsafe withUnsafeBytes { source in
                unsafe copyPermuted(source, to: out, shape: target, strides: sourceStrides)
            }
        }
    }
}

/// Writes `out` in row-major order of `shape`, reading `source` with `strides` (in elements).
///
/// The two innermost loops run over the last axis and the axis that is contiguous in the source,
/// in blocks of 32 × 32, so that a transpose touches each cache line once.
func copyPermuted<Word: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<Word>,
    shape: [Int], strides: [Int]
) {
    if out.isEmpty { return }
    let rank = shape.count
    let last = rank - 1
    let contiguous = strides.firstIndex(of: 1) ?? last
    var outStrides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) {
        outStrides[axis] = outStrides[axis + 1] * shape[axis + 1]
    }
    let outer = (0..<rank).filter { $0 != last && $0 != contiguous }
    let rows = contiguous == last ? 1 : shape[contiguous]
    let rowOut = contiguous == last ? 0 : outStrides[contiguous]
    let rowIn = contiguous == last ? 0 : strides[contiguous]
    let word = MemoryLayout<Word>.stride
    var index = [Int](repeating: 0, count: outer.count)
    while true {
        var from = 0
        var to = 0
        for (position, axis) in outer.enumerated() {
            from += index[position] * strides[axis]
            to += index[position] * outStrides[axis]
        }
        for rowBlock in stride(from: 0, to: rows, by: 32) {
            for columnBlock in stride(from: 0, to: shape[last], by: 32) {
                for row in rowBlock..<min(rowBlock + 32, rows) {
                    for column in columnBlock..<min(columnBlock + 32, shape[last]) {
                        let element = from + row * rowIn + column * strides[last]
                        unsafe out[to + row * rowOut + column] = source.loadUnaligned(
                            fromByteOffset: element * word, as: Word.self)
                    }
                }
            }
        }
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
