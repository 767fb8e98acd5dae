import CPrefetch
import KernelInterface

/// Weight rows computed side by side.
private var tileOutputs: Int { 4 }

/// Depth of a chain of partial sums.
@inline(always) var denseChainDepth: Int { 1024 }

/// 16 partial sums. The array of a type of this file's own is specialised here alone, and stays in
/// registers.
private struct PartialSums {
    var lanes = Lanes.zero
}

private typealias RowSums = InlineArray<6, PartialSums>

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

/// A tile of 4 outputs and a few images over one chain of the depth.
@safe
private struct DenseTile {
    var steps: Int
    var row: UnsafeRawPointer
    var rowBytes: Int
    /// Bytes from the first row of weights to the others.
    var secondRow: Int
    var thirdRow: Int
    var fourthRow: Int
    var input: UnsafePointer<Float>
    /// [output][image][16], outputs `stride` apart.
    var sums: UnsafeMutablePointer<Float>
    var stride: Int
    /// Whether the chain is the first, whose sums are not added to others.
    var isFirst: Bool
    var readsAhead: Bool
    /// What to ask the memory for meanwhile.
    var ahead: UnsafeRawPointer
    var otherAhead: UnsafeRawPointer
}

@inline(never)
private func denseFloat32(_ tile: DenseTile, _ width: Int) {
    unsafe denseAnyTile(tile, width, 4, loadFloats)
}

@inline(never)
private func denseFloat16(_ tile: DenseTile, _ width: Int) {
    unsafe denseAnyTile(tile, width, 2, loadHalves)
}

@inline(never)
private func denseBFloat16(_ tile: DenseTile, _ width: Int) {
    unsafe denseAnyTile(tile, width, 2, loadUpperHalves)
}

@inline(always)
func loadFloats(_ address: UnsafeRawPointer) -> Lanes {
    unsafe address.loadUnaligned(as: Lanes.self)
}

@inline(always)
func loadHalves(_ address: UnsafeRawPointer) -> Lanes {
    let halves = unsafe address.loadUnaligned(as: SIMD16<Float16>.self)
    var value = Lanes.zero
    for lane in 0..<16 { value[lane] = Float(halves[lane]) }
    return value
}

/// bfloat16 is the upper half of a float32.
@inline(always)
func loadUpperHalves(_ address: UnsafeRawPointer) -> Lanes {
    let halves = unsafe address.loadUnaligned(as: SIMD16<UInt16>.self)
    var bits = SIMD16<UInt32>.zero
    for lane in 0..<16 { bits[lane] = UInt32(halves[lane]) }
    return unsafe unsafeBitCast(bits &<< 16, to: Lanes.self)
}

/// A tile of one of the widths there are.
///
/// - Parameters:
///   - size: bytes of a weight.
///   - load: 16 weights from a byte address.
@inline(always)
private func denseAnyTile(
    _ tile: DenseTile, _ width: Int, _ size: Int, _ load: (UnsafeRawPointer) -> Lanes
) {
    if denseImages >= 6 && width == 6 {
        unsafe sumTile(tile, size, 6, eachOfSix, load)
    } else if denseImages >= 4 && width == 4 {
        unsafe sumTile(tile, size, 4, eachOfFour, load)
    } else if denseImages >= 2 && width == 2 {
        unsafe sumTile(tile, size, 2, eachOfTwo, load)
    } else {
        unsafe sumTile(tile, size, 1, eachOfOne, load)
    }
}

/// Adds a chain to the sums of 4 outputs and `images` images.
@inline(always)
private func sumTile(
    _ tile: DenseTile, _ size: Int, _ images: Int, _ eachImage: ((Int) -> Void) -> Void,
    _ load: (UnsafeRawPointer) -> Lanes
) {
    var x = unsafe tile.input
    let (row0, row1) = unsafe (tile.row, tile.row + tile.secondRow)
    let (row2, row3) = unsafe (tile.row + tile.thirdRow, tile.row + tile.fourthRow)
    let (ahead, otherAhead) = unsafe (tile.ahead, tile.otherAhead)
    let (target, stride) = unsafe (tile.sums, tile.stride)
    var isFirst = tile.isFirst
    var offset = 0
    let end = tile.steps &* 16 &* size
    while offset < end {
        var (sums0, sums1) = (RowSums(repeating: PartialSums()), RowSums(repeating: PartialSums()))
        var (sums2, sums3) = (RowSums(repeating: PartialSums()), RowSums(repeating: PartialSums()))
        let chainEnd = min(end, offset &+ denseChainDepth &* size)
        while offset < chainEnd {
            if tile.readsAhead {
                unsafe ferry_prefetch(ahead + offset)
                unsafe ferry_prefetch(otherAhead + offset)
            } else if size < 4 {
                // Rows of narrow weights end before the processor's own reading ahead has begun.
                unsafe ferry_prefetch(ahead + offset)
                unsafe ferry_prefetch(ahead + (offset &+ tile.rowBytes))
                unsafe ferry_prefetch(ahead + (offset &+ 2 &* tile.rowBytes))
                unsafe ferry_prefetch(ahead + (offset &+ 3 &* tile.rowBytes))
            }
            let weights0 = unsafe load(row0 + offset)
            let weights1 = unsafe load(row1 + offset)
            let weights2 = unsafe load(row2 + offset)
            let weights3 = unsafe load(row3 + offset)
            eachImage { i in
                let value = unsafe UnsafeRawPointer(x + i &* 16).loadUnaligned(as: Lanes.self)
                sums0[i].lanes.addProduct(value, weights0)
                sums1[i].lanes.addProduct(value, weights1)
                sums2[i].lanes.addProduct(value, weights2)
                sums3[i].lanes.addProduct(value, weights3)
            }
            unsafe x += images &* 16
            offset &+= 16 &* size
        }
        eachImage { i in
            unsafe addSums(sums0[i], to: target + i &* 16, isFirst)
            unsafe addSums(sums1[i], to: target + (stride &+ i &* 16), isFirst)
            unsafe addSums(sums2[i], to: target + (2 &* stride &+ i &* 16), isFirst)
            unsafe addSums(sums3[i], to: target + (3 &* stride &+ i &* 16), isFirst)
        }
        isFirst = false
    }
}

@inline(always)
private func addSums(_ chain: PartialSums, to sums: UnsafeMutablePointer<Float>, _ isFirst: Bool) {
    unsafe store(isFirst ? chain.lanes : load(sums) + chain.lanes, to: sums)
}

@inline(always)
private func eachOfOne(_ body: (Int) -> Void) {
    body(0)
}

@inline(always)
private func eachOfTwo(_ body: (Int) -> Void) {
    body(0)
    body(1)
}

@inline(always)
private func eachOfFour(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
}

@inline(always)
private func eachOfSix(_ body: (Int) -> Void) {
    body(0)
    body(1)
    body(2)
    body(3)
    body(4)
    body(5)
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
