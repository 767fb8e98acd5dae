/// Elements one behind the other, for files that are written from front to back.
extension Tensor {
    /// Calls `body` with pieces of the elements' bytes, from the first to the last.
    ///
    /// Elements that are moved or rounded when read pass through a buffer of 16 MiB at most; others
    /// are one piece.
    package func eachPieceInOrder<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        if let rounding {
            try unsafe rounding.eachPieceInOrder(body)
        } else if let reordering {
            try unsafe reordering.eachPieceInOrder(elementSize: elementType.size, body)
        } else {
            try unsafe bytes.withUnsafeBytes { bytes throws(Failure) in try unsafe body(bytes) }
        }
    }
}

extension Reordering {
    /// Wide boxes read the source by whole cache lines even where its axes are turned around.
    private static let orderedPieceBytes = 16 << 20

    func eachPieceInOrder<Failure: Error>(
        elementSize: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let most = max(Self.orderedPieceBytes / elementSize, 1)
        // A piece is some rows of the axis `split`, and of every axis before it one.
        var split = extents.count - 1
        var row = 1
        while split > 0, row * extents[split] <= most {
            row *= extents[split]
            split -= 1
        }
        let rows = max(1, min(extents[split], most / row))
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: rows * row * elementSize, alignment: 64)
        defer { unsafe buffer.deallocate() }
        var box = Box(whole: extents)
        for axis in 0..<split { box.size[axis] = 1 }
        let outer = extents[..<split].reduce(1, *)
        for index in 0..<outer {
            var rest = index
            for axis in (0..<split).reversed() {
                box.start[axis] = rest % extents[axis]
                rest /= extents[axis]
            }
            for first in stride(from: 0, to: extents[split], by: rows) {
                box.start[split] = first
                box.size[split] = min(rows, extents[split] - first)
                unsafe copy(box, to: buffer, elementSize: elementSize)
                let count = box.size[split] * row * elementSize
                try unsafe body(
                    UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
            }
        }
    }
}
