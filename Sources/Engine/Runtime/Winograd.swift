import IR
import KernelInterface
import Tensors

/// 3×3 weights transformed for F(m×m, 3×3): [(m+2)²][panel][depth][panelWidth].
struct WinogradWeights: Sendable {
    /// m.
    let tileSize: Int
    let weights: Tensor
    /// [panel][panelWidth].
    let bias: Tensor
    let depth: Int
    let panels: Int

    /// (m+2)².
    var positions: Int { (tileSize + 2) * (tileSize + 2) }
    /// Floats of one panel at one position.
    var panelSize: Int { depth * panelWidth }
    let panelWidth: Int
    /// Outputs rounded up to whole panels.
    var paddedOutputs: Int { panels * panelWidth }

    /// G g Gᵀ in float64, rounded once.
    ///
    /// - Parameters:
    ///   - weight: [M, C, 3, 3] float32.
    ///   - bias: [M] float32, or nil for zeros.
    init(
        weight: Tensor, bias: Tensor?, folding scale: ChannelScale?, tileSize: Int,
        panelWidth: Int, pool: WorkPool
    ) {
        let outputs = weight.shape[0]
        let depth = weight.shape[1]
        let side = tileSize + 2
        let panels = (outputs + panelWidth - 1) / panelWidth
        self.tileSize = tileSize
        self.depth = depth
        self.panels = panels
        self.panelWidth = panelWidth
        let factors = scale?.factors
        let size = depth * panelWidth
        let matrix = winogradMatrix(tileSize: tileSize)
        weights = unsafe Tensor(.float32, shape: [side * side * panels * size]) {
            (packed: UnsafeMutableBufferPointer<Float>) in
            guard let base = packed.baseAddress else { return }
            unsafe weight.withUnsafeBytes { source in
                // A panel's sixteenth of the depth is a unit of work.
                pool.run(count: panels * 16) { index, _ in
                    let (panel, part) = (index / 16, index % 16)
                    for channel in depth * part / 16..<depth * (part + 1) / 16 {
                        unsafe transformChannel(
                            source, base + (panel * size + channel * panelWidth),
                            first: panel * panelWidth, channel: channel, outputs: outputs,
                            depth: depth, panelWidth: panelWidth, matrix: matrix,
                            positionStride: panels * size, factors: factors)
                    }
                }
            }
        }
        self.bias = PackedConvolution.packedBias(
            bias, outputs: outputs, group: 1, scale: scale, panelWidth: panelWidth)
    }
}

/// G: (m+2) rows of 3, for the points of `WinogradTask`.
private func winogradMatrix(tileSize: Int) -> [[Double]] {
    let points: [Double] = tileSize == 4 ? [0, 0.75, -0.75, 1.5, -1.5] : [0, 1, -1]
    let rows = points.map { point in
        let divisor = points.filter { $0 != point }.reduce(1) { $0 * (point - $1) }
        return [1 / divisor, point / divisor, point * point / divisor]
    }
    return rows + [[0, 0, 1]]
}

/// Transforms the kernels of one input channel for one panel of outputs.
private func transformChannel(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutablePointer<Float>, first: Int,
    channel: Int, outputs: Int, depth: Int, panelWidth: Int, matrix: [[Double]],
    positionStride: Int, factors: [Double]?
) {
    let side = matrix.count
    for lane in 0..<panelWidth {
        let output = first + lane
        guard output < outputs else {
            for position in 0..<side * side {
                unsafe target[position * positionStride + lane] = 0
            }
            continue
        }
        let factor = factors?[output] ?? 1
        var g = InlineArray<9, Double>(repeating: 0)
        for tap in 0..<9 {
            let offset = ((output * depth + channel) * 9 + tap) * 4
            g[tap] = unsafe Double(source.loadUnaligned(fromByteOffset: offset, as: Float.self))
            g[tap] *= factor
        }
        for i in 0..<side {
            let (u, v, w) = (matrix[i][0], matrix[i][1], matrix[i][2])
            let left = u * g[0] + v * g[3] + w * g[6]
            let middle = u * g[1] + v * g[4] + w * g[7]
            let right = u * g[2] + v * g[5] + w * g[8]
            for j in 0..<side {
                let value = matrix[j][0] * left + matrix[j][1] * middle + matrix[j][2] * right
                let position = i * side + j
                unsafe target[position * positionStride + lane] = Float(value)
            }
        }
    }
}

/// A 3×3 convolution of stride 1 by Winograd's minimal filtering, block of tiles by block of tiles:
/// inputs are transformed, then multiplied position by position, then transformed into outputs.
struct WinogradStep: Step {
    var summary: StepSummary
    let weights: WinogradWeights
    let vertical: SpatialWindow.Axis
    let horizontal: SpatialWindow.Axis
    let bounds: Bounds
    /// Whether a 2×2 max-pool is computed as well.
    let pools: Bool
    let input: Value
    let output: Value
    let blockTiles: Int
    /// Of one block: transformed inputs and products.
    var transformed = Value(buffer: 0, elementType: .float32, shape: [], layout: .rowMajor)
    var products = Value(buffer: 0, elementType: .float32, shape: [], layout: .rowMajor)

    private let tilesPerImage: Int
    /// Panels whose weights at one position stay in the second-level cache.
    private let panelChunk: Int

    init(
        summary: StepSummary, weights: WinogradWeights, window: [SpatialWindow.Axis],
        bounds: Bounds, pools: Bool, input: Value, output: Value
    ) {
        self.summary = summary
        self.weights = weights
        (vertical, horizontal) = (window[0], window[1])
        self.bounds = bounds
        self.pools = pools
        self.input = input
        self.output = output
        let size = weights.tileSize
        let across = (window[1].output + size - 1) / size
        tilesPerImage = across * ((window[0].output + size - 1) / size)
        panelChunk = max(1, min(weights.panels, (256 << 10) / (weights.panelSize * 4)))
        let total = input.shape[0] * tilesPerImage
        let floats = weights.positions * (weights.depth + weights.paddedOutputs)
        // What the caches hold, but many enough that reading the weights anew is worth it.
        let fitting = max(96, (Self.blockBytes / 4) / floats)
        let blocks = (total + fitting - 1) / fitting
        blockTiles = (total + blocks - 1) / blocks
    }

    private static var blockBytes: Int { 4 << 20 }

    /// Floats from one position's numbers to the next: a cache line more than they need, or all
    /// positions of a tile would fall into the same sets of the first-level cache.
    var transformedStride: Int { blockTiles * weights.depth + 16 }
    var productsStride: Int { blockTiles * weights.paddedOutputs + 16 }

    func scratchByteCount(_ kernels: KernelSet) -> Int {
        max(
            WinogradTask.scratchByteCount,
            kernels.tileRows * 8 + kernels.tileRows * kernels.panelWidth * 4)
    }

    func run(_ memory: Memory) {
        let total = input.shape[0] * tilesPerImage
        let chunks = (weights.panels + panelChunk - 1) / panelChunk
        for first in stride(from: 0, to: total, by: blockTiles) {
            let block = first..<min(first + blockTiles, total)
            forPieces(of: block, memory.pool) { tiles, thread in
                forPictures(tiles) { image, local in
                    memory.kernels.winogradInput(task(memory, image, block, thread), local)
                }
            }
            memory.pool.run(count: weights.positions * chunks) { unit, thread in
                multiply(unit / chunks, chunk: unit % chunks, block.count, thread, memory)
            }
            forPieces(of: block, memory.pool) { tiles, thread in
                forPictures(tiles) { image, local in
                    memory.kernels.winogradOutput(task(memory, image, block, thread), local)
                }
            }
        }
    }

    private func forPieces(
        of block: Range<Int>, _ pool: WorkPool, _ body: (_ tiles: Range<Int>, _ thread: Int) -> Void
    ) {
        let pieces = min(block.count, pool.threadCount * 4)
        pool.run(count: pieces) { piece, thread in
            let start = block.lowerBound + block.count * piece / pieces
            body(start..<block.lowerBound + block.count * (piece + 1) / pieces, thread)
        }
    }

    /// Calls `body` with each picture's share of a range of all pictures' tiles.
    private func forPictures(
        _ tiles: Range<Int>, _ body: (_ image: Int, _ local: Range<Int>) -> Void
    ) {
        var tile = tiles.lowerBound
        while tile < tiles.upperBound {
            let image = tile / tilesPerImage
            let end = min(tiles.upperBound, (image + 1) * tilesPerImage)
            body(image, tile - image * tilesPerImage..<end - image * tilesPerImage)
            tile = end
        }
    }

    /// Multiplies all tiles of a block with some panels' weights at one position: a convolution of
    /// one tap over a row of tiles.
    private func multiply(
        _ position: Int, chunk: Int, _ tiles: Int, _ thread: Int, _ memory: Memory
    ) {
        let depth = weights.depth
        unsafe weights.weights.withFloats { packed in
            let task = unsafe ConvolutionTask(
                input: memory.floats(transformed) + position * transformedStride,
                weights: packed + position * weights.panels * weights.panelSize,
                bias: memory.zeros, output: memory.floats(products) + position * productsStride,
                zeros: memory.zeros,
                rows: memory.scratch(thread: thread)
                    .assumingMemoryBound(to: UnsafePointer<Float>.self),
                depth: depth, inputHeight: 1, inputWidth: tiles, inputPixelStride: depth,
                inputRowStride: tiles * depth, kernelHeight: 1, kernelWidth: 1, strideHeight: 1,
                strideWidth: 1, dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0,
                outputWidth: tiles, outputPixelStride: weights.paddedOutputs,
                outputs: weights.paddedOutputs, bounds: .none)
            memory.kernels.convolve(
                task, 0..<tiles,
                chunk * panelChunk..<min((chunk + 1) * panelChunk, weights.panels))
        }
    }

    private func task(
        _ memory: Memory, _ image: Int, _ block: Range<Int>, _ thread: Int
    ) -> WinogradTask {
        let outputs = output.shape[1]
        let size = output.shape[2] * output.shape[3] * outputs
        return unsafe WinogradTask(
            tileSize: weights.tileSize,
            input: memory.floats(input)
                + image * vertical.input * horizontal.input * weights.depth,
            inputHeight: vertical.input, inputWidth: horizontal.input,
            channels: weights.depth, padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            transformed: memory.floats(transformed), transformedStride: transformedStride,
            products: memory.floats(products), productsStride: productsStride,
            productsTileStride: weights.paddedOutputs, scratch: memory.scratch(thread: thread),
            zeros: memory.zeros,
            firstTile: block.lowerBound - image * tilesPerImage, bias: weights.bias.floatPointer,
            output: memory.floats(output) + image * size, outputHeight: vertical.output,
            outputWidth: horizontal.output, outputs: outputs, bounds: bounds, pools: pools)
    }
}
