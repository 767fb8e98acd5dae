package import Tensors

/// Where the elements along one axis of a result come from.
struct AxisPick {
    /// The axis' size in the result.
    var count: Int
    /// The source's index for the result's; negative for an element of padding.
    var source: (Int) -> Int

    /// All `count` elements as they are.
    static func all(_ count: Int) -> AxisPick { AxisPick(count: count) { $0 } }
}

/// Moving elements of any type, bit by bit: what expanding, slicing, padding and gathering share.
extension Tensor {
    /// The tensor with y[i, j, …] = x[axes[0].source(i), axes[1].source(j), …].
    ///
    /// - Parameter fill: the one element of this type that stands where a source index is
    ///   negative; 0 when nil.
    /// - Precondition: one pick an axis, each index inside the axis or negative.
    func picked(_ axes: [AxisPick], fill: Tensor? = nil) -> Tensor {
        precondition(axes.count == rank, "\(axes.count) picks for \(rank) axes")
        if axes.isEmpty { return self }
        switch elementType.size {
        case 1: return moved(axes, fill, UInt8.self)
        case 2: return moved(axes, fill, UInt16.self)
        case 4: return moved(axes, fill, UInt32.self)
        default: return moved(axes, fill, UInt64.self)
        }
    }

    /// The tensor broadcast to `target`, which it must fit.
    package func expanded(to target: [Int]) -> Tensor {
        if shape == target { return self }
        let aligned = [Int](repeating: 1, count: target.count - rank) + shape
        let axes = zip(aligned, target).map { size, count in
            size == count ? AxisPick.all(count) : AxisPick(count: count) { _ in 0 }
        }
        return reshaped(aligned).picked(axes)
    }

    private func moved<Word: FixedWidthInteger & BitwiseCopyable>(
        _ axes: [AxisPick], _ fill: Tensor?, _: Word.Type
    ) -> Tensor {
        let target = axes.map(\.count)
        return unsafe Tensor(elementType, shape: target) {
            (out: UnsafeMutableBufferPointer<Word>) in
            if out.isEmpty { return }
            let filler =
                unsafe fill?.withUnsafeBytes { unsafe $0.loadUnaligned(as: Word.self) } ?? 0
            let offsets = sourceOffsets(axes)
            unsafe withUnsafeBytes { source in
                unsafe copyPicked(source, offsets, filler, to: out)
            }
        }
    }

    /// For each axis, how far into the source (in elements) its picks lie; −1 for padding.
    private func sourceOffsets(_ axes: [AxisPick]) -> [[Int]] {
        var stride = 1
        var offsets = [[Int]](repeating: [], count: rank)
        for (axis, pick) in axes.enumerated().reversed() {
            offsets[axis] = (0..<pick.count).map { index in
                let from = pick.source(index)
                precondition(from < shape[axis], "index \(from) outside \(shape[axis])")
                return from < 0 ? -1 : from * stride
            }
            stride *= max(shape[axis], 1)
        }
        return offsets
    }
}

/// Writes `out` in row-major order of the offsets' counts, none of which is 0.
private func copyPicked<Word: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ offsets: [[Int]], _ filler: Word,
    to out: UnsafeMutableBufferPointer<Word>
) {
    let last = offsets.count - 1
    let word = MemoryLayout<Word>.stride
    var index = [Int](repeating: 0, count: last)
    var written = 0
    while true {
        var row = 0
        var isPadding = false
        for axis in 0..<last {
            let offset = offsets[axis][index[axis]]
            if offset < 0 { isPadding = true } else { row += offset }
        }
        for offset in offsets[last] {
            let value =
                unsafe isPadding || offset < 0
                ? filler
                : source.loadUnaligned(fromByteOffset: (row + offset) * word, as: Word.self)
            unsafe out[written] = value
            written += 1
        }
        var axis = last - 1
        while axis >= 0 {
            index[axis] += 1
            if index[axis] < offsets[axis].count { break }
            index[axis] = 0
            axis -= 1
        }
        if axis < 0 { return }
    }
}
