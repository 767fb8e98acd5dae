import Tensors

/// How a plan keeps an activation.
enum Layout: Hashable, Sendable {
    /// As the graph describes it: NCHW for pictures.
    case rowMajor
    /// NHWC: all channels of a pixel side by side. Only for float32 values of rank 4.
    case channelsLast

    /// A shape's sizes in the order in which they lie in memory.
    func sizes(of shape: [Int]) -> [Int] {
        self == .rowMajor ? shape : [shape[0], shape[2], shape[3], shape[1]]
    }

    /// Where an axis of a shape is among `sizes(of:)`.
    func position(ofAxis axis: Int) -> Int {
        self == .rowMajor ? axis : [0, 3, 1, 2][axis]
    }
}

/// An activation in the arena.
struct Value: Sendable {
    /// Index of the buffer that holds it; several values may share one.
    var buffer: Int
    var elementType: ElementType
    /// The graph's shape (NCHW), whatever the layout.
    var shape: [Int]
    var layout: Layout

    var elementCount: Int { shape.reduce(1, *) }
    var byteCount: Int { elementCount * elementType.size }
}

/// A part of the arena that one or more values live in.
package struct Buffer: Sendable {
    package var byteCount: Int
    /// The first and last step that touch it; −1 and `Int.max` reach beyond the steps.
    package var firstStep: Int
    package var lastStep: Int

    package init(byteCount: Int, firstStep: Int, lastStep: Int) {
        self.byteCount = byteCount
        self.firstStep = firstStep
        self.lastStep = lastStep
    }
}

/// Places buffers so that those alive at the same time never overlap.
///
/// Largest first, each at the lowest offset free during its life.
package func placeBuffers(_ buffers: [Buffer]) -> (offsets: [Int], byteCount: Int) {
    let order = buffers.indices.sorted {
        (buffers[$0].byteCount, buffers[$1].firstStep, $1)
            > (buffers[$1].byteCount, buffers[$0].firstStep, $0)
    }
    var offsets = [Int](repeating: 0, count: buffers.count)
    /// By offset.
    var placed: [Int] = []
    var end = 0
    for index in order {
        let buffer = buffers[index]
        var offset = 0
        for other in placed {
            let isAlive =
                buffers[other].firstStep <= buffer.lastStep
                && buffer.firstStep <= buffers[other].lastStep
            guard isAlive else { continue }
            if offset + buffer.byteCount <= offsets[other] { break }
            offset = max(offset, offsets[other] + aligned(buffers[other].byteCount))
        }
        offsets[index] = offset
        placed.insert(index, at: firstIndex(in: placed) { offsets[$0] > offset })
        end = max(end, offset + aligned(buffer.byteCount))
    }
    return (offsets, end)
}

/// Bytes of the buffers alive during each of `steps` steps.
func liveBytes(of buffers: [Buffer], steps: Int) -> [Int] {
    guard steps > 0 else { return [] }
    var changes = [Int](repeating: 0, count: steps + 1)
    for buffer in buffers {
        changes[max(buffer.firstStep, 0)] += buffer.byteCount
        changes[min(buffer.lastStep, steps - 1) + 1] -= buffer.byteCount
    }
    var bytes = 0
    return changes.dropLast().map {
        bytes += $0
        return bytes
    }
}

/// The first position of sorted `items` from which on `isBehind` holds.
private func firstIndex(in items: [Int], where isBehind: (Int) -> Bool) -> Int {
    var (low, high) = (0, items.count)
    while low < high {
        let middle = (low + high) / 2
        if isBehind(items[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
}

/// `count` rounded up to whole cache lines.
func aligned(_ count: Int) -> Int { (count + 63) & ~63 }
