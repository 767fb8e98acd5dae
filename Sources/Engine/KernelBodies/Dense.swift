import CPrefetch
import KernelInterface

/// Weight rows computed side by side.
private var tileOutputs: Int { 4 }

/// Depth of a chain of partial sums.
@inline(always) var denseChainDepth: Int { 1024 }

/// Computes the outputs `outputs` for every image of a batch of several.
///
/// Goes through the outputs by blocks whose sums fit the scratch, and through the depth by chains: a
/// chain of all images stays in the second-level cache while the block's rows pass by.
@inline(never)
func dense(_ task: DenseTask, _ outputs: Range<Int>) {
    let whole = task.depth & ~15
    for group in 0..<groupCount(task) {
        let images = images(task, group)
        // The rows of a single tile need no others beside them, and are read from end to end.
        let isSingle = tileImages(images.count) == images.count
        let count = isSingle ? tileOutputs : DenseTask.blockOutputs
        let span = isSingle ? whole : denseChainDepth
        for first in stride(from: outputs.lowerBound, to: outputs.upperBound, by: count) {
            let rows = first..<min(first + count, outputs.upperBound)
            for start in stride(from: 0, to: whole, by: max(span, 1)) {
                let block = DenseBlock(
                    outputs: rows, images: images, depth: start..<min(start + span, whole),
                    readsAhead: !isSingle)
                for output in stride(from: first, to: rows.upperBound, by: tileOutputs) {
                    denseTiles(task, block, output)
                }
            }
            joinSums(task, rows, images)
        }
    }
}

/// Some outputs of some images, over one chain of the depth or, for a single tile, all of it.
private struct DenseBlock {
    var outputs: Range<Int>
    var images: Range<Int>
    var depth: Range<Int>
    var readsAhead: Bool
}

@inline(always)
private func groupCount(_ task: DenseTask) -> Int {
    (task.batch + DenseTask.groupImages - 1) / DenseTask.groupImages
}

@inline(always)
private func images(_ task: DenseTask, _ group: Int) -> Range<Int> {
    let groups = groupCount(task)
    return task.batch * group / groups..<task.batch * (group + 1) / groups
}

/// Images of the next tile when `left` are left.
@inline(always)
private func tileImages(_ left: Int) -> Int {
    if denseImages >= 6 && (left == 6 || left >= 9) { return 6 }
    if denseImages >= 4 && left >= 4 { return 4 }
    return denseImages >= 2 && left >= 2 ? 2 : 1
}

/// Adds a chain to the sums of a tile's outputs and all images of the block.
@inline(always)
private func denseTiles(_ task: DenseTask, _ block: DenseBlock, _ output: Int) {
    let rowBytes = task.depth * task.weightType.size
    let chainStart = block.depth.lowerBound * task.weightType.size
    let count = block.outputs.upperBound - output
    let row = unsafe task.weights + (output * rowBytes + chainStart)
    // Meanwhile the tiles ask for the rows that come next: one each, or two where tiles are few.
    let next =
        unsafe count > tileOutputs || !block.readsAhead
        ? row + tileOutputs * rowBytes
        : task.weights
            + (block.outputs.lowerBound * rowBytes + block.depth.upperBound
                * task.weightType.size)
    if !block.readsAhead { unsafe prefetchStarts(next, rowBytes) }
    let isShared = block.images.count > 4 * denseImages
    let stride = block.images.count * 16
    var image = block.images.lowerBound
    var number = 0
    while image < block.images.upperBound {
        let width = tileImages(block.images.upperBound - image)
        let first = image - block.images.lowerBound
        let ahead = unsafe next + (isShared ? min(number, 3) : (number & 1) * 2) * rowBytes
        let tile = unsafe DenseTile(
            steps: block.depth.count / 16, row: row, rowBytes: rowBytes,
            // Rows beyond the last output repeat it.
            secondRow: count > 1 ? rowBytes : 0, thirdRow: min(count - 1, 2) * rowBytes,
            fourthRow: min(count - 1, 3) * rowBytes,
            input: packedTile(
                task, block.images, block.depth.lowerBound, first),
            sums: task.sums + ((output - block.outputs.lowerBound) * stride + first * 16),
            stride: stride, isFirst: block.depth.lowerBound == 0, readsAhead: block.readsAhead,
            ahead: ahead,
            otherAhead: ahead + (isShared ? 0 : rowBytes))
        switch task.weightType {
        case .float32: denseFloat32(tile, width)
        case .float16: denseFloat16(tile, width)
        case .bfloat16: denseBFloat16(tile, width)
        }
        image += width
        number += 1
    }
}

/// Asks for the beginnings of the next rows, where the processor does not see a stream yet.
@inline(always)
func prefetchStarts(_ rows: UnsafeRawPointer, _ rowBytes: Int) {
    for row in 0..<tileOutputs {
        for line in 0..<8 { unsafe ferry_prefetch(rows + (row * rowBytes + line * 64)) }
    }
}

/// Adds what the depth has beyond whole vectors to a block's sums, joins them, and stores the outputs.
@inline(always)
private func joinSums(_ task: DenseTask, _ outputs: Range<Int>, _ images: Range<Int>) {
    let (whole, rest) = (task.depth & ~15, task.depth & 15)
    var sums = unsafe task.sums
    for output in outputs {
        let row = unsafe task.weights + (output * task.depth + whole) * task.weightType.size
        let tail = unsafe firstWeights(rest, at: row, task.weightType)
        for image in images {
            var lanes = whole > 0 ? unsafe load(sums) : .zero
            if rest > 0 {
                let x = unsafe task.input + (image * task.depth + whole)
                unsafe lanes.addProduct(loadFirst(rest, of: x), tail)
            }
            var value = sum(lanes)
            if let bias = unsafe task.bias { unsafe value += bias[output] }
            unsafe task.output[image * task.outputs + output] = task.bounds.clamp(value)
            unsafe sums += 16
        }
    }
}

/// `count` weights, zeros after them.
@inline(always)
func firstWeights(
    _ count: Int, at first: UnsafeRawPointer, _ type: DenseTask.WeightType
) -> Lanes {
    var address = unsafe first
    var value = Lanes.zero
    for lane in 0..<count {
        switch type {
        case .float32: value[lane] = unsafe address.loadUnaligned(as: Float.self)
        case .float16: value[lane] = unsafe Float(address.loadUnaligned(as: Float16.self))
        case .bfloat16:
            let bits = unsafe UInt32(address.loadUnaligned(as: UInt16.self)) << 16
            value[lane] = Float(bitPattern: bits)
        }
        unsafe address += type.size
    }
    return value
}

/// Where the packed input of a tile begins: [group][chain][tile][16 of the depth][image][16].
@inline(always)
private func packedTile(
    _ task: DenseTask, _ images: Range<Int>, _ start: Int, _ first: Int
) -> UnsafeMutablePointer<Float> {
    let whole = task.depth & ~15
    return unsafe task.packed
        + (images.lowerBound * whole + start * images.count + first
            * min(denseChainDepth, whole - start))
}

/// Writes the vectors `steps` of 16 of every image where tiles read them.
@inline(never)
func packImages(_ task: DenseTask, _ steps: Range<Int>) {
    for group in 0..<groupCount(task) {
        let images = images(task, group)
        var first = images.lowerBound
        while first < images.upperBound {
            let width = tileImages(images.upperBound - first)
            for image in first..<first + width {
                let x = unsafe task.input + image * task.depth
                for k in stride(from: steps.lowerBound * 16, to: steps.upperBound * 16, by: 16) {
                    let start = k / denseChainDepth * denseChainDepth
                    let target = unsafe packedTile(task, images, start, first - images.lowerBound)
                    unsafe store(
                        load(x + k), to: target + ((k - start) * width + (image - first) * 16))
                }
            }
            first += width
        }
    }
}
