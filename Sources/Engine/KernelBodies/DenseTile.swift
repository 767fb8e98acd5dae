import CPrefetch

/// 16 partial sums. The array of a type of this file's own is specialised here alone, and stays in
/// registers.
private struct PartialSums {
    var lanes = Lanes.zero
}

private typealias RowSums = InlineArray<6, PartialSums>

/// A tile of 4 outputs and a few images over one chain of the depth.
@safe
struct DenseTile {
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
func denseFloat32(_ tile: DenseTile, _ width: Int) {
    unsafe denseAnyTile(tile, width, 4, loadFloats)
}

@inline(never)
func denseFloat16(_ tile: DenseTile, _ width: Int) {
    unsafe denseAnyTile(tile, width, 2, loadHalves)
}

@inline(never)
func denseBFloat16(_ tile: DenseTile, _ width: Int) {
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
