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
    /// Tiles of a block, a multiple of the kernels' `shortRows`.
    let blockTiles: Int
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
        let tiles = input.shape[0] * tilesPerImage
        let share = (tiles + threads - 1) / threads
        let perTile = weights.form.positions * (weights.depth + weights.paddedOutputs) * 4
        // Each block reads all weights anew, and moves its numbers through the caches beyond the
        // second level the more, the larger it is: the best size grows like the weights' root.
        let wanted = Int(Self.blockGrowth * Double(weights.byteCount).squareRoot())
        let blocks = (share * perTile + wanted - 1) / wanted
        let step = kernels.shortRows
        blockTiles = ((share + blocks - 1) / blocks + step - 1) / step * step
    }

    /// Bytes of a block for each root of a byte of weights; measured.
    private static var blockGrowth: Double { 1536 }

    /// Floats from one position's numbers to the next: a cache line more than they need, or all
    /// positions of a tile would fall into the same sets of the first-level cache.
    private var transformedStride: Int { blockTiles * weights.depth + 16 }
    private var productsStride: Int { blockTiles * weights.paddedOutputs + 16 }

    /// Floats of one block's transformed inputs and products.
    var blockFloats: Int { weights.form.positions * (transformedStride + productsStride) }

    var scratchByteCount: Int { WinogradTask.scratchByteCount + blockFloats * 4 }

    func run(_ memory: Memory) {
        let total = input.shape[0] * tilesPerImage
        let blocks = (total + blockTiles - 1) / blockTiles
        memory.pool.run(count: blocks) { index, thread in
            run(index * blockTiles..<min((index + 1) * blockTiles, total), thread, memory)
        }
    }

    private func run(_ block: Range<Int>, _ thread: Int, _ memory: Memory) {
        forPictures(block) { image, tiles in
            memory.kernels.winogradInput(task(memory, image, block, thread), tiles)
        }
        let step = memory.kernels.shortRows
        let rows = (block.count + step - 1) / step * step
        let numbers = unsafe numbers(memory, thread)
        unsafe weights.weights.withFloats { packed in
            for position in 0..<weights.form.positions {
                let task = unsafe ProductTask(
                    input: numbers + position * transformedStride,
                    weights: packed + position * weights.panels * weights.panelSize,
                    output: products(numbers) + position * productsStride,
                    depth: weights.depth, outputStride: weights.paddedOutputs)
                memory.kernels.multiply(task, 0..<rows, 0..<weights.panels)
            }
        }
        forPictures(block) { image, tiles in
            memory.kernels.winogradOutput(task(memory, image, block, thread), tiles)
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

    /// A thread's block: transformed inputs, then products.
    private func numbers(_ memory: Memory, _ thread: Int) -> UnsafeMutablePointer<Float> {
        unsafe (memory.scratch(thread: thread) + WinogradTask.scratchByteCount)
            .assumingMemoryBound(to: Float.self)
    }

    private func products(_ numbers: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
        unsafe numbers + weights.form.positions * transformedStride
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
            transformed: numbers(memory, thread), transformedStride: transformedStride,
            products: products(numbers(memory, thread)), productsStride: productsStride,
            productsTileStride: weights.paddedOutputs, scratch: memory.scratch(thread: thread),
            zeros: memory.zeros,
            firstTile: block.lowerBound - image * tilesPerImage,
            bias: weights.bias.floatPointer,
            output: memory.floats(output) + image * size, outputHeight: vertical.output,
            outputWidth: horizontal.output, outputs: outputs, bounds: bounds, pools: pools)
    }
}
