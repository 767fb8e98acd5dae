import Foundation

/// Changing the order of axes.
extension Tensor {
    /// The tensor whose axis `i` is this tensor's axis `axes[i]`.
    ///
    /// No element moves before it is read; `eachPiece` never holds more than a part of them. Orders
    /// that cancel each other lead back to the original bytes.
    ///
    /// - Precondition: `axes` is a permutation of `0..<rank`.
    package func permuted(_ axes: [Int]) -> Tensor {
        precondition(axes.sorted() == Array(0..<rank), "\(axes) is no permutation of \(rank) axes")
        if axes == Array(0..<rank) { return self }
        if let rounding { return rounding.source.permuted(axes).rounded(to: elementType) }
        let target = axes.map { shape[$0] }
        // A tensor that was made of another shape than its axes now have is read from its storage.
        let source = reordering ?? Reordering(storage: storage, byteOffset: byteOffset, shape)
        let order =
            source.permuted(axes, of: shape)
            ?? Reordering(storage: storage, byteOffset: byteOffset, shape).permuted(axes, of: shape)
        guard let order else { preconditionFailure("a plain tensor has its axes") }
        if order.isPlain {
            return Tensor(
                elementType: elementType, shape: target, storage: order.storage,
                byteOffset: order.byteOffset)
        }
        let (size, elementSize) = (byteCount, elementType.size)
        let storage = unsafe ByteStorage(
            count: size,
            whenReadFilledBy: { buffer in
                unsafe order.copy(Box(whole: order.extents), to: buffer, elementSize: elementSize)
            })
        return Tensor(elementType: elementType, shape: target, storage: storage, reordering: order)
    }

    /// Calls `body` with pieces of the elements' bytes, each with its offset from the first
    /// element; together they are all bytes, in any order and from several threads at once.
    ///
    /// They lie in buffers of a few MiB, in the cache, wherever the elements themselves are.
    package func eachPiece<Failure: Error>(
        _ body: @Sendable (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if let rounding { return try unsafe rounding.eachPiece(body) }
        if let reordering {
            return try unsafe reordering.eachPiece(elementSize: elementType.size, body)
        }
        let (count, size) = (byteCount, min(byteCount, Pieces.size))
        if count == 0 { return }
        try unsafe Pieces.each(of: (count + size - 1) / size, bufferBytes: size) {
            number, buffer throws(Failure) in
            let start = number * size
            let piece = bytes.extracting(start..<min(start + size, count))
            unsafe piece.withUnsafeBytes { bytes in unsafe buffer.copyMemory(from: bytes) }
            try unsafe body(
                start, UnsafeRawBufferPointer(rebasing: buffer[..<piece.byteCount]))
        }
    }

    /// Whether the bytes of the elements agree, whatever the shapes.
    package func hasEqualBytes(to other: Tensor) -> Bool {
        guard byteCount == other.byteCount else { return false }
        if byteCount == 0 { return true }
        if storage === other.storage, byteOffset == other.byteOffset { return true }
        if let mine = reordering, let theirs = other.reordering, mine.hasOrder(of: theirs) {
            return mine.source(of: self).hasEqualBytes(to: theirs.source(of: other))
        }
        if let mine = rounding, let theirs = other.rounding,
            mine.source.elementType == theirs.source.elementType,
            mine.source.hasEqualBytes(to: theirs.source)
        {
            return true
        }
        if isStored, !other.isStored { return other.hasEqualBytes(to: self) }
        do throws(Difference) {
            if isStored {
                try unsafe Pieces.each(
                    of: (byteCount + Pieces.size - 1) / Pieces.size, bufferBytes: 0
                ) { number, _ throws(Difference) in
                    let start = number * Pieces.size
                    let end = min(start + Pieces.size, byteCount)
                    try unsafe bytes.extracting(start..<end).withUnsafeBytes {
                        mine throws(Difference) in
                        try unsafe other.expectBytes(mine, at: start)
                    }
                }
            } else {
                try unsafe eachPiece { start, mine throws(Difference) in
                    try unsafe other.expectBytes(mine, at: start)
                }
            }
            return true
        } catch {
            return false
        }
    }

    private struct Difference: Error {}

    private func expectBytes(
        _ expected: UnsafeRawBufferPointer, at offset: Int
    ) throws(Difference) {
        let isEqual = unsafe withUnsafeBytes { all in
            guard let mine = all.baseAddress, let theirs = expected.baseAddress else {
                return unsafe expected.isEmpty
            }
            return unsafe memcmp(mine + offset, theirs, expected.count) == 0
        }
        guard isEqual else { throw Difference() }
    }
}
