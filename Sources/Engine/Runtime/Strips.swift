import IR

/// How a convolution's input reaches kernels that know no padding: strip by strip of output rows,
/// each thread copies the rows of pixels under a strip, with their padding, into its scratch.
struct Strips: Sendable {
    /// How the rows of the input become those of a strip.
    enum Pixels: Sendable {
        /// They are: the input has no padding, and its numbers are as the kernel reads them.
        case inPlace(Layout)
        /// As they are: of planes, each channel's row for itself.
        case copied(Layout)
        /// For each number of a group, that of every output channel's own group:
        /// [depth][lanes rounded up to whole vectors].
        case byLane(depth: Int, outputsPerGroup: Int)
    }

    let vertical: SpatialWindow.Axis
    let horizontal: SpatialWindow.Axis
    let channels: Int
    let pixels: Pixels
    /// Where each number of a pixel comes from, when it is not simply the pixel.
    private let sources: [Int32]
    /// Floats of one pixel in all, and pixels of one row, of a strip.
    let pixelSize: Int
    let width: Int
    /// Floats from one pixel to the next, from one number of a pixel to the next, and from one row
    /// to the next, of a strip.
    let pixelStride: Int
    let numberStride: Int
    let rowStride: Int

    /// Output rows that belong together: a strip has a multiple of them.
    private(set) var lineStep = 1
    /// Floats of each output row that stay in the scratch beside the strip.
    private(set) var keptLineSize = 0

    /// Bytes of a strip that stay in the second-level cache.
    private static var cachedByteCount: Int { 256 << 10 }
    /// Bytes beyond which a strip of one output row is refused.
    private static var byteCountLimit: Int { 4 << 20 }

    /// - Returns: nil when windows are so wide or high that a thread would copy too much.
    init?(_ window: [SpatialWindow.Axis], channels: Int, pixels: Pixels) {
        (vertical, horizontal) = (window[0], window[1])
        self.channels = channels
        var pixels = pixels
        if window.allSatisfy({ $0.padBegin == 0 && $0.reach <= $0.input }) {
            switch pixels {
            case .copied(let layout): pixels = .inPlace(layout)
            case .byLane(depth: 1, outputsPerGroup: 1) where channels % 16 == 0:
                pixels = .inPlace(.channelsLast)
            default: break
            }
        }
        self.pixels = pixels
        var sources: [Int32] = []
        switch pixels {
        case .inPlace(let layout):
            (pixelSize, width) = (channels, horizontal.input)
            let isPlanar = layout == .rowMajor
            pixelStride = isPlanar ? 1 : channels
            numberStride = isPlanar ? vertical.input * width : 1
            rowStride = pixelStride * width
            self.sources = []
            return
        case .copied(let layout):
            (pixelSize, width) = (channels, horizontal.reach)
            pixelStride = layout == .rowMajor ? 1 : channels
            numberStride = layout == .rowMajor ? width : 1
        case .byLane(let depth, let outputsPerGroup):
            let lanes = channels / depth * outputsPerGroup
            let laneStride = (lanes + 15) & ~15
            (pixelSize, width) = (depth * laneStride, horizontal.reach)
            (pixelStride, numberStride) = (pixelSize, laneStride)
            guard pixelSize < 1 << 20 else { return nil }
            let isCopy = pixelSize == channels
            // Lanes beyond the outputs read what they may; they are not stored.
            sources = (0..<(isCopy ? 0 : pixelSize)).map { index in
                let lane = min(index % laneStride, lanes - 1)
                return Int32(lane / outputsPerGroup * depth + index / laneStride)
            }
        }
        self.sources = sources
        // Beyond any limit each, so that their product cannot overflow.
        guard window.allSatisfy({ $0.padBegin < $0.extent && $0.reach < 1 << 24 }),
            pixelSize < 1 << 20,
            width * pixelSize * 4 <= Self.byteCountLimit / vertical.extent
        else { return nil }
        rowStride = width * pixelSize
    }

    /// The layout to read the input in.
    var layout: Layout {
        switch pixels {
        case .inPlace(let layout), .copied(let layout): layout
        case .byLane: .channelsLast
        }
    }

    /// The same strips for a reader that keeps its output rows, `size` floats each, in the scratch
    /// and goes through them by twos.
    func keepingPairs(ofLines size: Int) -> Strips {
        var strips = self
        strips.lineStep = 2
        strips.keptLineSize = size
        return strips
    }

    /// Scratch of each thread for its strip, and for the output rows it keeps.
    var scratchByteCount: Int { stripByteCount + fittingLines * keptLineSize * 4 }

    private var stripByteCount: Int {
        if case .inPlace = pixels { return 0 }
        return aligned(stripRows(of: fittingLines) * rowStride * 4)
    }

    /// Rows of pixels under some output rows.
    private func stripRows(of lines: Int) -> Int { (lines - 1) * vertical.stride + vertical.extent }

    /// Output rows whose strip stays in the cache, at least `lineStep`.
    private var fittingLines: Int {
        var lines = vertical.output
        if case .inPlace = pixels {
        } else {
            let room = Self.cachedByteCount / 4 - (vertical.extent - vertical.stride) * rowStride
            lines = min(lines, room / (vertical.stride * rowStride + keptLineSize))
        }
        if keptLineSize > 0 { lines = min(lines, Self.cachedByteCount / 4 / keptLineSize) }
        return max(lines, 1).roundedUp(to: lineStep)
    }

    /// Calls `body` for strips that cover all pictures: with a picture's index, some of its output
    /// rows, the first number under the first of them, and the thread's scratch behind its strip.
    ///
    /// - Parameter operations: of the whole convolution; a small one is not split.
    func forEach(
        of input: Value, operations: Int, in memory: Memory,
        _ body: (
            _ image: Int, _ lines: Range<Int>, _ pixels: UnsafePointer<Float>,
            _ scratch: UnsafeMutablePointer<Float>
        ) -> Void
    ) {
        let images = input.shape[0]
        let splits = memory.pool.splits(operations: operations)
        let wanted = splits ? (4 * memory.pool.threadCount + images - 1) / images : 1
        let total = vertical.output / lineStep * lineStep
        let even = ((total + wanted - 1) / wanted).roundedUp(to: lineStep)
        let lines = min(fittingLines, even)
        let strips = (total + lines - 1) / lines
        let source = unsafe UnsafePointer(memory.floats(input))
        let imageSize = channels * vertical.input * horizontal.input
        memory.pool.run(count: images * strips, operations: operations) { index, thread in
            let image = index / strips
            let first = index % strips * lines
            let range = first..<min(first + lines, total)
            let picture = unsafe source + image * imageSize
            let strip = unsafe memory.scratch(thread: thread)
                .assumingMemoryBound(to: Float.self)
            let rest = unsafe strip + stripByteCount / 4
            if case .inPlace = pixels {
                unsafe body(image, range, picture + first * vertical.stride * rowStride, rest)
                return
            }
            unsafe copyRows(under: range, of: picture, to: strip)
            unsafe body(image, range, strip, rest)
        }
    }

    private func copyRows(
        under lines: Range<Int>, of picture: UnsafePointer<Float>,
        to strip: UnsafeMutablePointer<Float>
    ) {
        let first = lines.lowerBound * vertical.stride - vertical.padBegin
        let rows = stripRows(of: lines.count)
        let count = min(horizontal.input, width - horizontal.padBegin)
        if count < width || first < 0 || first + rows > vertical.input {
            unsafe strip.update(repeating: 0, count: rows * rowStride)
        }
        for y in max(0, first)..<min(first + rows, vertical.input) {
            let target =
                unsafe strip + ((y - first) * rowStride + horizontal.padBegin * pixelStride)
            if layout == .rowMajor {
                for channel in 0..<channels {
                    let plane = channel * vertical.input + y
                    unsafe (target + channel * numberStride).update(
                        from: picture + plane * horizontal.input, count: count)
                }
            } else {
                unsafe copyRow(picture + y * horizontal.input * channels, count, to: target)
            }
        }
    }

    /// Copies the first `count` pixels of a channels-last row.
    private func copyRow(
        _ source: UnsafePointer<Float>, _ count: Int, to target: UnsafeMutablePointer<Float>
    ) {
        guard !sources.isEmpty else {
            unsafe target.update(from: source, count: count * channels)
            return
        }
        unsafe sources.withUnsafeBufferPointer { sources in
            for x in 0..<count {
                let pixel = unsafe source + x * channels
                let target = unsafe target + x * pixelSize
                for index in 0..<pixelSize {
                    unsafe target[index] = pixel[Int(sources[index])]
                }
            }
        }
    }
}

extension Int {
    fileprivate func roundedUp(to step: Int) -> Int { (self + step - 1) / step * step }
}

extension SpatialWindow.Axis {
    /// Cells from the first window's first to the last window's last.
    fileprivate var reach: Int { (output - 1) * stride + extent }
}
