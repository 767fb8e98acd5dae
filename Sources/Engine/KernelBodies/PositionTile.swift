import KernelInterface

/// Positions of a tile, `PaddedConvolutionTask.positions`.
private var tilePositions: Int { 6 }

/// Whether four tiles of six positions are computed together: where 32 registers hold 16 lanes
/// each.
@inline(always) var hasFourTiles: Bool { tileVectors > 1 }

/// Sums of six output positions: a structure, so that they stay in registers without an
/// `InlineArray`, whose generic code only one file may use.
struct SixSums {
    var s0: Lanes
    var s1: Lanes
    var s2: Lanes
    var s3: Lanes
    var s4: Lanes
    var s5: Lanes

    @inline(always)
    init(repeating value: Lanes) {
        (s0, s1, s2, s3, s4, s5) = (value, value, value, value, value, value)
    }

    @inline(always)
    init(s0: Lanes, s1: Lanes, s2: Lanes, s3: Lanes, s4: Lanes, s5: Lanes) {
        (self.s0, self.s1, self.s2) = (s0, s1, s2)
        (self.s3, self.s4, self.s5) = (s3, s4, s5)
    }

    /// Adds the number of each position, `step` apart, times the weights of 16 outputs.
    @inline(always)
    mutating func addProducts(_ x: UnsafePointer<Float>, _ step: Int, _ weights: Lanes) {
        unsafe s0.addProduct(Lanes(repeating: x[0]), weights)
        unsafe s1.addProduct(Lanes(repeating: x[step]), weights)
        unsafe s2.addProduct(Lanes(repeating: x[2 &* step]), weights)
        unsafe s3.addProduct(Lanes(repeating: x[3 &* step]), weights)
        unsafe s4.addProduct(Lanes(repeating: x[4 &* step]), weights)
        unsafe s5.addProduct(Lanes(repeating: x[5 &* step]), weights)
    }

    /// Adds 16 numbers of each position times a weight each.
    @inline(always)
    mutating func addLaneProducts(_ x: UnsafePointer<Float>, _ step: Int, _ weights: Lanes) {
        unsafe s0.addProduct(load(x), weights)
        unsafe s1.addProduct(load(x + step), weights)
        unsafe s2.addProduct(load(x + 2 &* step), weights)
        unsafe s3.addProduct(load(x + 3 &* step), weights)
        unsafe s4.addProduct(load(x + 4 &* step), weights)
        unsafe s5.addProduct(load(x + 5 &* step), weights)
    }

    @inline(always)
    func put(at output: UnsafeMutablePointer<Float>, step: Int) {
        unsafe store(s0, to: output)
        unsafe store(s1, to: output + step)
        unsafe store(s2, to: output + 2 &* step)
        unsafe store(s3, to: output + 3 &* step)
        unsafe store(s4, to: output + 4 &* step)
        unsafe store(s5, to: output + 5 &* step)
    }

    /// Stores the first `lanes` outputs.
    @inline(never)
    func putFirst(_ lanes: Int, at output: UnsafeMutablePointer<Float>, step: Int) {
        unsafe storeFirst(lanes, of: s0, to: output)
        unsafe storeFirst(lanes, of: s1, to: output + step)
        unsafe storeFirst(lanes, of: s2, to: output + 2 * step)
        unsafe storeFirst(lanes, of: s3, to: output + 3 * step)
        unsafe storeFirst(lanes, of: s4, to: output + 4 * step)
        unsafe storeFirst(lanes, of: s5, to: output + 5 * step)
    }

    /// Adds the sums to totals in memory, or begins them.
    @inline(always)
    func addTo(_ totals: UnsafeMutablePointer<Float>, _ isFirst: Bool) {
        unsafe store(isFirst ? s0 : load(totals) + s0, to: totals)
        unsafe store(isFirst ? s1 : load(totals + 16) + s1, to: totals + 16)
        unsafe store(isFirst ? s2 : load(totals + 32) + s2, to: totals + 32)
        unsafe store(isFirst ? s3 : load(totals + 48) + s3, to: totals + 48)
        unsafe store(isFirst ? s4 : load(totals + 64) + s4, to: totals + 64)
        unsafe store(isFirst ? s5 : load(totals + 80) + s5, to: totals + 80)
    }
}

/// Walks over the tiles of some output rows; the last tile of a row overlaps the one before it.
@safe
struct TileCursor {
    private let task: PaddedConvolutionTask
    private let end: Int
    private var line: Int
    private var column = 0

    @inline(always)
    init(_ task: PaddedConvolutionTask, _ lines: Range<Int>) {
        self.task = task
        line = lines.lowerBound
        end = lines.upperBound
    }

    @inline(always)
    var isAtEnd: Bool { line == end }

    /// The next tile, or the next four: where there are fewer, the last several times; one alone
    /// where registers are few.
    @inline(always)
    mutating func nextTiles(_ count: Int) -> Tiles {
        let a = next()
        guard hasFourTiles, count == 4 else { return Tiles(a: a, b: a, c: a, d: a) }
        let b = isAtEnd ? a : next()
        let c = isAtEnd ? b : next()
        let d = isAtEnd ? c : next()
        return Tiles(a: a, b: b, c: c, d: d)
    }

    @inline(always)
    private mutating func next() -> Tile {
        let tile = unsafe Tile(
            input: task.input + (line * task.lineStride + column * task.positionStride),
            position: line * task.outputWidth + column)
        let following = column + tilePositions
        if following < task.outputWidth {
            column = min(following, task.outputWidth - tilePositions)
        } else {
            line += 1
            column = 0
        }
        return tile
    }
}

/// Six neighbouring output positions.
@safe
struct Tile {
    /// The first number under the first position's window.
    var input: UnsafePointer<Float>
    /// The index of the first.
    var position: Int

    @inline(always)
    func advanced(by count: Int) -> Tile {
        unsafe Tile(input: input + count, position: position)
    }
}

/// The tiles that are computed together; `a` alone where registers are few.
struct Tiles {
    var a: Tile
    var b: Tile
    var c: Tile
    var d: Tile

    @inline(always)
    func position(_ index: Int) -> Int {
        switch index {
        case 0: a.position
        case 1: b.position
        case 2: c.position
        default: d.position
        }
    }

    /// The same positions, `count` numbers further in the input.
    @inline(always)
    func advanced(by count: Int) -> Tiles {
        Tiles(
            a: a.advanced(by: count), b: b.advanced(by: count), c: c.advanced(by: count),
            d: d.advanced(by: count))
    }
}

/// Stores totals, clamped: of four tiles those of the outputs of `vector`, or of one tile those of
/// `vectorsAtOnce` vectors from there on.
///
/// - Parameter limit: whole vectors may be stored up to here even beyond the outputs, as what
///   follows is stored later.
@inline(always)
func storeTotals(
    _ tiles: Tiles, _ vector: Int, of task: PaddedConvolutionTask, vectorsAtOnce: Int,
    limit: UnsafeMutablePointer<Float>
) {
    let step = task.outputs
    let bounds = task.bounds
    for index in 0..<(vectorsAtOnce > 1 ? vectorsAtOnce : hasFourTiles ? 4 : 1) {
        let channel = (vector + index % vectorsAtOnce) * 16
        let position = tiles.position(index / vectorsAtOnce)
        let output = unsafe task.output + (position * step + channel)
        let total = unsafe task.totals + index * 96
        let sums = unsafe SixSums(
            s0: bounds.clamp(load(total)), s1: bounds.clamp(load(total + 16)),
            s2: bounds.clamp(load(total + 32)), s3: bounds.clamp(load(total + 48)),
            s4: bounds.clamp(load(total + 64)), s5: bounds.clamp(load(total + 80)))
        let lanes = step - channel
        if unsafe lanes >= 16 || output + (5 &* step &+ 16) <= limit {
            unsafe sums.put(at: output, step: step)
        } else {
            unsafe sums.putFirst(lanes, at: output, step: step)
        }
    }
}

/// Up to where a kernel may store whole vectors that exceed the outputs: nowhere when a pixel has
/// several, as they come in several passes.
@inline(always)
func storeLimit(
    _ task: PaddedConvolutionTask, _ lines: Range<Int>
) -> UnsafeMutablePointer<Float> {
    let count = lines.upperBound * task.outputWidth * task.outputs
    return unsafe task.output + (task.outputs <= 16 ? count : 0)
}
