import IR
import KernelInterface
import Tensors

/// A convolution of stride 1 by Winograd's minimal filtering, block of tiles by block of tiles:
/// inputs are transformed, then multiplied position by position, then transformed into outputs.
///
/// A thread has blocks of its own, so that nothing but weights passes between caches: processors
/// that share no cache are several times slower at handing numbers over.
struct WinogradStep: Step {
    var summary: StepSummary
    var weights: WinogradWeights
    let vertical: SpatialWindow.Axis
    let horizontal: SpatialWindow.Axis
    let bounds: Bounds
    /// Whether a 2×2 max-pool is computed as well.
    let pools: Bool
    let input: Value
    let output: Value
    private let blocks: TileBlocks
    private let tilesPerImage: Int

    init(
        summary: StepSummary, weights: WinogradWeights, window: [SpatialWindow.Axis],
        bounds: Bounds, pools: Bool, threads: Int, kernels: KernelSet, input: Value,
        output: Value
    ) {
        self.summary = summary
        self.weights = weights
        (vertical, horizontal) = (window[0], window[1])
        self.bounds = bounds
        self.pools = pools
        self.input = input
        self.output = output
        tilesPerImage = weights.form.tiles(height: window[0].output, width: window[1].output)
        // Each block reads all weights anew, and moves its numbers through the caches beyond the
        // second level the more, the larger it is: the best size grows like the weights' root.
        let blockBytes = Int(Self.blockGrowth * Double(weights.byteCount).squareRoot())
        let perTile = weights.form.positions * (weights.depth + weights.paddedOutputs) * 4
        blocks = TileBlocks(
            tiles: input.shape[0] * tilesPerImage, threads: threads, panels: weights.panels,
            groupTiles: kernels.shortRows, tileRows: kernels.tileRows,
            wanted: blockBytes / perTile)
    }

    /// Bytes of a block for each root of a byte of weights; measured.
    private static var blockGrowth: Double { 1536 }

    /// Floats from one position's numbers to the next: a cache line more than they need, or all
    /// positions of a tile would fall into the same sets of the first-level cache.
    private var transformedStride: Int { blocks.capacity * weights.depth + 16 }
    private var productsStride: Int { blocks.capacity * weights.paddedOutputs + 16 }

    /// Floats of one block's transformed inputs and products.
    var blockFloats: Int { weights.form.positions * (transformedStride + productsStride) }

    var scratchByteCount: Int { WinogradTask.scratchByteCount + blockFloats * 4 }

    func run(_ memory: Memory) {
        memory.pool.run(count: blocks.count) { index, thread in
            run(blocks[index], thread, memory)
        }
    }

    private func run(_ block: TileBlocks.Block, _ thread: Int, _ memory: Memory) {
        let parts = [block.own, block.shared]
        for part in parts {
            forPictures(part, thread, memory) { memory.kernels.winogradInput($0, $1) }
        }
        let numbers = unsafe numbers(memory, thread)
        let (own, shared) = (0..<block.own.rows.upperBound, block.shared.panels)
        unsafe weights.weights.withFloats { packed in
            for position in 0..<weights.form.positions {
                let task = unsafe ProductTask(
                    input: numbers + position * transformedStride,
                    weights: packed + position * weights.panels * weights.panelSize,
                    output: products(numbers) + position * productsStride,
                    depth: weights.depth, outputStride: weights.paddedOutputs)
                memory.kernels.multiply(task, own, 0..<shared.lowerBound)
                memory.kernels.multiply(task, 0..<block.shared.rows.upperBound, shared)
                memory.kernels.multiply(task, own, shared.upperBound..<weights.panels)
            }
        }
        for part in parts {
            let first = part.panels.lowerBound * weights.panelWidth
            let end = min(part.panels.upperBound * weights.panelWidth, output.shape[1])
            forPictures(part, thread, memory) { task, tiles in
                memory.kernels.winogradOutput(task, tiles, min(first, end)..<end)
            }
        }
    }

    /// Calls `body` with each picture's share of a part.
    private func forPictures(
        _ part: TileBlocks.Part, _ thread: Int, _ memory: Memory,
        _ body: (_ task: WinogradTask, _ tiles: Range<Int>) -> Void
    ) {
        var tile = part.tiles.lowerBound
        while tile < part.tiles.upperBound {
            let image = tile / tilesPerImage
            let first = image * tilesPerImage
            let end = min(part.tiles.upperBound, first + tilesPerImage)
            let firstTile = part.tiles.lowerBound - first - part.rows.lowerBound
            body(task(memory, image, firstTile, thread), tile - first..<end - first)
            tile = end
        }
    }

    /// A thread's block: transformed inputs, then products.
    private func numbers(_ memory: Memory, _ thread: Int) -> UnsafeMutablePointer<Float> {
        unsafe (memory.scratch(thread: thread) + WinogradTask.scratchByteCount)
            .assumingMemoryBound(to: Float.self)
    }

    private func products(_ numbers: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
        unsafe numbers + weights.form.positions * transformedStride
    }

    private func task(
        _ memory: Memory, _ image: Int, _ firstTile: Int, _ thread: Int
    ) -> WinogradTask {
        let outputs = output.shape[1]
        let size = output.shape[2] * output.shape[3] * outputs
        return unsafe WinogradTask(
            tileSize: weights.form.tileSize, side: weights.form.side,
            input: memory.floats(input)
                + image * vertical.input * horizontal.input * weights.depth,
            inputHeight: vertical.input, inputWidth: horizontal.input,
            channels: weights.depth, padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            transformed: numbers(memory, thread), transformedStride: transformedStride,
            products: products(numbers(memory, thread)), productsStride: productsStride,
            productsTileStride: weights.paddedOutputs, scratch: memory.scratch(thread: thread),
            zeros: memory.zeros,
            firstTile: firstTile, bias: weights.bias.floatPointer,
            output: memory.floats(output) + image * size, outputHeight: vertical.output,
            outputWidth: horizontal.output, outputs: outputs, bounds: bounds, pools: pools)
    }
}
