/// Elements of a storage in another order than it has them: element (i₀, i₁, …) of `extents`, in
/// row-major order, is the storage's element Σ iₖ·strides[k].
struct Reordering: Sendable {
    /// Bytes of a buffer for pieces: few runs of many bytes, and still few MiB for each thread.
    static let pieceBytes = 4 << 20

    let storage: ByteStorage
    let byteOffset: Int
    /// Sizes in the new order; neighbours that are contiguous in the storage are one.
    private(set) var extents: [Int]
    /// In elements.
    private(set) var strides: [Int]

    /// The order the storage has.
    init(storage: ByteStorage, byteOffset: Int, _ shape: [Int]) {
        self.storage = storage
        self.byteOffset = byteOffset
        extents = [shape.reduce(1, *)]
        strides = [1]
    }

    private init(_ other: Reordering, _ axes: [(size: Int, stride: Int)]) {
        storage = other.storage
        byteOffset = other.byteOffset
        extents = []
        strides = []
        for axis in axes where axis.size != 1 {
            if let last = strides.last, last == axis.size * axis.stride {
                extents[extents.count - 1] *= axis.size
                strides[strides.count - 1] = axis.stride
            } else {
                extents.append(axis.size)
                strides.append(axis.stride)
            }
        }
    }

    /// Whether the order is the storage's own.
    var isPlain: Bool { strides.isEmpty || strides == [1] || extents.contains(0) }

    /// Whether both move elements in the same way.
    func hasOrder(of other: Reordering) -> Bool {
        extents == other.extents && strides == other.strides
    }

    /// The storage's elements in its own order.
    func source(of tensor: Tensor) -> Tensor {
        Tensor(
            elementType: tensor.elementType, shape: tensor.shape, storage: storage,
            byteOffset: byteOffset)
    }

    /// The order with the axes of `shape` permuted; nil where `shape` cuts across the axes here.
    func permuted(_ axes: [Int], of shape: [Int]) -> Reordering? {
        if shape.contains(0) { return Reordering(self, [(0, 1)]) }
        guard let parts = parts(of: shape) else { return nil }
        return Reordering(self, axes.flatMap { parts[$0] })
    }

    /// Each axis of `shape` as one or more strided axes.
    private func parts(of shape: [Int]) -> [[(size: Int, stride: Int)]]? {
        // Both lists from the end: what is left of each is consumed by the other.
        var rest = Array(zip(extents, strides)).map { (size: $0, stride: $1) }
        var parts: [[(size: Int, stride: Int)]] = []
        for size in shape.reversed() {
            var wanted = size
            var part: [(size: Int, stride: Int)] = []
            while wanted > 1 {
                guard let last = rest.popLast() else { return nil }
                if wanted % last.size == 0 {
                    part.append(last)
                    wanted /= last.size
                } else if last.size % wanted == 0 {
                    part.append((wanted, last.stride))
                    rest.append((last.size / wanted, last.stride * wanted))
                    wanted = 1
                } else {
                    return nil
                }
            }
            parts.append(part.reversed())
        }
        return parts.reversed()
    }
}

/// A part of every axis.
struct Box {
    var start: [Int]
    var size: [Int]

    init(whole extents: [Int]) {
        start = [Int](repeating: 0, count: extents.count)
        size = extents
    }
}

extension Reordering {
    /// Calls `body` with the runs of elements that are contiguous in the new order, each with its
    /// offset in bytes; several threads call it at once.
    func eachPiece<Failure: Error>(
        elementSize: Int,
        _ body: @Sendable (Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let step = boxSize(elements: Self.pieceBytes / elementSize)
        let counts = zip(extents, step).map { ($0 + $1 - 1) / $1 }
        try unsafe Pieces.each(
            of: counts.reduce(1, *), bufferBytes: step.reduce(elementSize, *)
        ) { number, buffer throws(Failure) in
            let box = box(number, counts, step)
            unsafe copy(box, to: buffer, elementSize: elementSize)
            try eachRun(of: box) { offset, position, count throws(Failure) in
                let bytes = UnsafeRawBufferPointer(buffer)
                let run = position * elementSize..<(position + count) * elementSize
                try unsafe body(
                    offset * elementSize, UnsafeRawBufferPointer(rebasing: bytes[run]))
            }
        }
    }

    /// Box `number` of `counts` along the axes, in row-major order; the last of an axis is smaller.
    private func box(_ number: Int, _ counts: [Int], _ step: [Int]) -> Box {
        var box = Box(whole: extents)
        var rest = number
        for axis in extents.indices.reversed() {
            box.start[axis] = rest % counts[axis] * step[axis]
            box.size[axis] = min(step[axis], extents[axis] - box.start[axis])
            rest /= counts[axis]
        }
        return box
    }

    /// A box of about `elements`: wide enough along the source's innermost axis to read whole cache
    /// lines, then as long as it can be along the last axes, which are contiguous when written.
    /// An axis is cut into parts of about one size.
    private func boxSize(elements: Int) -> [Int] {
        var size = [Int](repeating: 1, count: extents.count)
        var room = max(elements, 1)
        func grow(_ axis: Int, to limit: Int) {
            let most = max(size[axis], min(extents[axis], limit, size[axis] * room))
            let parts = (extents[axis] + most - 1) / most
            room = max(room * size[axis] / most, 1)
            size[axis] = (extents[axis] + parts - 1) / parts
        }
        if let inner = strides.indices.min(by: { strides[$0] < strides[$1] }) {
            grow(inner, to: 64)
        }
        for axis in extents.indices.reversed() { grow(axis, to: extents[axis]) }
        return size
    }

    /// The runs of a box that are contiguous in the new order: where they begin there, where in the
    /// box, and how long they are.
    private func eachRun<Failure: Error>(
        of box: Box, _ body: (Int, Int, Int) throws(Failure) -> Void
    ) throws(Failure) {
        var outer = extents.count
        var length = 1
        repeat {
            outer -= 1
            length *= box.size[outer]
        } while outer > 0 && box.size[outer] == extents[outer]
        var steps = [Int](repeating: 1, count: extents.count)
        for axis in stride(from: extents.count - 2, through: 0, by: -1) {
            steps[axis] = steps[axis + 1] * extents[axis + 1]
        }
        var index = [Int](repeating: 0, count: extents.count)
        var size = box.size
        for axis in outer..<extents.count { size[axis] = 1 }
        let ones = [Int](repeating: 1, count: extents.count)
        var position = 0
        repeat {
            var offset = 0
            for axis in extents.indices { offset += (box.start[axis] + index[axis]) * steps[axis] }
            try body(offset, position, length)
            position += length
        } while advance(&index, by: ones, in: size)
    }

    /// The next index in row-major order; false after the last.
    private func advance(_ index: inout [Int], by step: [Int], in extents: [Int]) -> Bool {
        for axis in extents.indices.reversed() {
            index[axis] += step[axis]
            if index[axis] < extents[axis] { return true }
            index[axis] = 0
        }
        return false
    }

    /// Writes the elements of a box to `buffer`, in row-major order of the box.
    func copy(_ box: Box, to buffer: UnsafeMutableRawBufferPointer, elementSize: Int) {
        var first = byteOffset
        for (start, step) in zip(box.start, strides) { first += start * step * elementSize }
        unsafe storage.withUnsafeBytes { bytes in
            let source = unsafe UnsafeRawBufferPointer(rebasing: bytes[first...])
            func copy<Word: FixedWidthInteger & SIMDScalar & BitwiseCopyable>(_: Word.Type) {
                unsafe copyPermuted(
                    source, to: buffer.assumingMemoryBound(to: Word.self), shape: box.size,
                    strides: strides)
            }
            switch elementSize {
            case 1: copy(UInt8.self)
            case 2: copy(UInt16.self)
            case 4: copy(UInt32.self)
            default: copy(UInt64.self)
            }
        }
    }
}
