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
    /// element; together they are all bytes, in any order.
    ///
    /// Elements that `permuted` left where they are pass through a buffer of a few MiB.
    package func eachPiece<Failure: Error>(
        _ body: (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if let rounding { return try unsafe rounding.eachPiece(body) }
        if let reordering {
            return try unsafe reordering.eachPiece(elementSize: elementType.size, body)
        }
        var failure: Failure?
        unsafe withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: Reordering.pieceBytes) {
                let end = min(start + Reordering.pieceBytes, bytes.count)
                do throws(Failure) {
                    try unsafe body(start, UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                } catch {
                    failure = error
                    return
                }
            }
        }
        if let failure { throw failure }
    }

    /// Whether the bytes of the elements agree, whatever the shapes.
    package func hasEqualBytes(to other: Tensor) -> Bool {
        guard byteCount == other.byteCount else { return false }
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
        struct Difference: Error {}
        return unsafe other.withUnsafeBytes { theirs in
            do throws(Difference) {
                try unsafe eachPiece { offset, mine throws(Difference) in
                    guard mine.count > 0, let left = mine.baseAddress,
                        let right = theirs.baseAddress
                    else { return }
                    if unsafe memcmp(left, right + offset, mine.count) != 0 { throw Difference() }
                }
                return true
            } catch {
                return false
            }
        }
    }
}
