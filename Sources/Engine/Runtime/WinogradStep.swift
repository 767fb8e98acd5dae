import IR
import KernelInterface
import Tensors

/// A convolution of stride 1 by Winograd's minimal filtering, block of tiles by block of tiles:
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
    /// Tiles of a block, a multiple of the kernels' `shortRows`.
    let blockTiles: Int
    /// Transformed inputs and products of one block.
    var numbers = Value(buffer: 0, elementType: .float32, shape: [], layout: .rowMajor)

    private let tilesPerImage: Int

    init(
        summary: StepSummary, weights: WinogradWeights, window: [SpatialWindow.Axis],
        bounds: Bounds, pools: Bool, kernels: KernelSet, input: Value, output: Value
    ) {
        self.summary = summary
        self.weights = weights
        (vertical, horizontal) = (window[0], window[1])
        self.bounds = bounds
        self.pools = pools
        self.input = input
        self.output = output
        tilesPerImage = weights.form.tiles(height: window[0].output, width: window[1].output)
        let tiles = input.shape[0] * tilesPerImage
        let perTile = weights.form.positions * (weights.depth + weights.paddedOutputs) * 4
        // What the caches hold, but many enough that reading the weights anew is worth it.
        let fitting = max(96, Self.blockBytes / perTile)
        let blocks = (tiles + fitting - 1) / fitting
        let step = kernels.shortRows
        blockTiles = ((tiles + blocks - 1) / blocks + step - 1) / step * step
    }

    private static var blockBytes: Int { 4 << 20 }

    /// Floats from one position's numbers to the next: a cache line more than they need, or all
    /// positions of a tile would fall into the same sets of the first-level cache.
    private var transformedStride: Int { blockTiles * weights.depth + 16 }
    private var productsStride: Int { blockTiles * weights.paddedOutputs + 16 }

    /// Floats of one block's transformed inputs and products.
    var blockFloats: Int { weights.form.positions * (transformedStride + productsStride) }

    func run(_ memory: Memory) {
        let total = input.shape[0] * tilesPerImage
        for first in stride(from: 0, to: total, by: blockTiles) {
            run(first..<min(first + blockTiles, total), memory)
        }
    }

    /// One block by all threads.
    private func run(_ block: Range<Int>, _ memory: Memory) {
        let pool = memory.pool
        let pieces = min(block.count, pool.threadCount * 4)
        func piece(_ index: Int) -> Range<Int> {
            let start = block.lowerBound
            return start + block.count * index / pieces..<start + block.count * (index + 1) / pieces
        }
        pool.run(count: pieces) { index, thread in
            forPictures(piece(index)) { image, tiles in
                memory.kernels.winogradInput(task(memory, image, block, thread), tiles)
            }
        }
        // Units of work enough to share evenly.
        let positions = weights.form.positions
        let chunks = min(weights.panels, 1 + 16 * pool.threadCount / positions)
        pool.run(count: positions * chunks) { unit, _ in
            let chunk = unit % chunks
            multiply(
                block.count, unit / chunks,
                weights.panels * chunk / chunks..<weights.panels * (chunk + 1) / chunks, memory)
        }
        pool.run(count: pieces) { index, thread in
            forPictures(piece(index)) { image, tiles in
                memory.kernels.winogradOutput(task(memory, image, block, thread), tiles)
            }
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

    /// Multiplies all tiles of a block with some panels' weights at one position.
    private func multiply(
        _ tiles: Int, _ position: Int, _ panels: Range<Int>, _ memory: Memory
    ) {
        let step = memory.kernels.shortRows
        unsafe weights.weights.withFloats { packed in
            let task = unsafe ProductTask(
                input: memory.floats(numbers) + position * transformedStride,
                weights: packed + position * weights.panels * weights.panelSize,
                output: products(memory) + position * productsStride,
                depth: weights.depth, outputStride: weights.paddedOutputs)
            memory.kernels.multiply(task, 0..<(tiles + step - 1) / step * step, panels)
        }
    }

    private func products(_ memory: Memory) -> UnsafeMutablePointer<Float> {
        unsafe memory.floats(numbers) + weights.form.positions * transformedStride
    }

    private func task(
        _ memory: Memory, _ image: Int, _ block: Range<Int>, _ thread: Int
    ) -> WinogradTask {
        let outputs = output.shape[1]
        let size = output.shape[2] * output.shape[3] * outputs
        return unsafe WinogradTask(
            tileSize: weights.form.tileSize, side: weights.form.side,
            input: memory.floats(input)
                + image * vertical.input * horizontal.input * weights.depth,
            inputHeight: vertical.input, inputWidth: horizontal.input,
            channels: weights.depth, padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            transformed: memory.floats(numbers), transformedStride: transformedStride,
            products: products(memory), productsStride: productsStride,
            productsTileStride: weights.paddedOutputs, scratch: memory.scratch(thread: thread),
            zeros: memory.zeros,
            firstTile: block.lowerBound - image * tilesPerImage,
            bias: weights.bias.floatPointer,
            output: memory.floats(output) + image * size, outputHeight: vertical.output,
            outputWidth: horizontal.output, outputs: outputs, bounds: bounds, pools: pools)
    }
}
