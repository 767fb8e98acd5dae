import Foundation
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
    let schedule: Schedule
    /// What all threads fill together: transformed inputs and products of one block.
    var shared: Value?

    private let tilesPerImage: Int

    /// Who computes what.
    struct Schedule {
        /// Tiles of a block, a multiple of the kernels' `shortRows`.
        let blockTiles: Int
        /// Whether each thread computes blocks of its own, which stay in its second-level cache;
        /// otherwise all threads share a block, and its weights are read once.
        let isPrivate: Bool

        init(_ weights: WinogradWeights, tiles: Int, kernels: KernelSet) {
            let perTile = weights.form.positions * (weights.depth + weights.paddedOutputs) * 4
            let weightBytes = weights.weights.byteCount
            func env(_ n: String, _ d: Int) -> Int { ProcessInfo.processInfo.environment[n].flatMap(Int.init) ?? d }
            let own = env("FERRY_PB", 768 << 10) / perTile / kernels.tileRows * kernels.tileRows
            isPrivate = own > 0 && weightBytes <= env("FERRY_PW", 4 << 20) && tiles >= 16 * own
            if isPrivate {
                blockTiles = own
            } else {
                // What the caches hold, but many enough that reading the weights anew is worth it.
                let fitting = max(96, env("FERRY_SB", 4 << 20) / perTile)
                let blocks = (tiles + fitting - 1) / fitting
                let step = kernels.shortRows
                blockTiles = ((tiles + blocks - 1) / blocks + step - 1) / step * step
            }
        }
    }

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
        schedule = Schedule(
            weights, tiles: input.shape[0] * tilesPerImage, kernels: kernels)
    }

    /// Floats from one position's numbers to the next: a cache line more than they need, or all
    /// positions of a tile would fall into the same sets of the first-level cache.
    private var transformedStride: Int { schedule.blockTiles * weights.depth + 16 }
    private var productsStride: Int { schedule.blockTiles * weights.paddedOutputs + 16 }

    /// Floats of one block's transformed inputs and products.
    var blockFloats: Int { weights.form.positions * (transformedStride + productsStride) }

    var scratchByteCount: Int {
        WinogradTask.scratchByteCount + (schedule.isPrivate ? blockFloats * 4 : 0)
    }

    func run(_ memory: Memory) {
        let total = input.shape[0] * tilesPerImage
        let size = schedule.blockTiles
        if let shared {
            for first in stride(from: 0, to: total, by: size) {
                let block = unsafe Block(
                    tiles: first..<min(first + size, total), numbers: memory.floats(shared))
                runTogether(block, memory)
            }
        } else {
            memory.pool.run(count: (total + size - 1) / size) { index, thread in
                let own = unsafe memory.scratch(thread: thread) + WinogradTask.scratchByteCount
                let block = unsafe Block(
                    tiles: index * size..<min((index + 1) * size, total),
                    numbers: own.assumingMemoryBound(to: Float.self))
                transformInputs(block, block.tiles, thread, memory)
                for position in 0..<weights.form.positions {
                    multiply(block, position, 0..<weights.panels, memory)
                }
                transformOutputs(block, block.tiles, thread, memory)
            }
        }
    }

    /// One block by all threads.
    private func runTogether(_ block: Block, _ memory: Memory) {
        let pool = memory.pool
        let pieces = min(block.tiles.count, pool.threadCount * 4)
        func piece(_ index: Int) -> Range<Int> {
            let (start, count) = (block.tiles.lowerBound, block.tiles.count)
            return start + count * index / pieces..<start + count * (index + 1) / pieces
        }
        pool.run(count: pieces) { transformInputs(block, piece($0), $1, memory) }
        // Units of work enough to share evenly.
        let positions = weights.form.positions
        let chunks = min(weights.panels, 1 + 16 * pool.threadCount / positions)
        pool.run(count: positions * chunks) { unit, _ in
            let chunk = unit % chunks
            multiply(
                block, unit / chunks,
                weights.panels * chunk / chunks..<weights.panels * (chunk + 1) / chunks, memory)
        }
        pool.run(count: pieces) { transformOutputs(block, piece($0), $1, memory) }
    }

    private func transformInputs(
        _ block: Block, _ tiles: Range<Int>, _ thread: Int, _ memory: Memory
    ) {
        forPictures(tiles) { image, local in
            memory.kernels.winogradInput(task(memory, image, block, thread), local)
        }
    }

    private func transformOutputs(
        _ block: Block, _ tiles: Range<Int>, _ thread: Int, _ memory: Memory
    ) {
        forPictures(tiles) { image, local in
            memory.kernels.winogradOutput(task(memory, image, block, thread), local)
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
        _ block: Block, _ position: Int, _ panels: Range<Int>, _ memory: Memory
    ) {
        let step = memory.kernels.shortRows
        let rows = (block.tiles.count + step - 1) / step * step
        unsafe weights.weights.withFloats { packed in
            let task = unsafe ProductTask(
                input: block.numbers + position * transformedStride,
                weights: packed + position * weights.panels * weights.panelSize,
                output: products(of: block) + position * productsStride,
                depth: weights.depth, outputStride: weights.paddedOutputs)
            memory.kernels.multiply(task, 0..<rows, panels)
        }
    }

    private func products(of block: Block) -> UnsafeMutablePointer<Float> {
        unsafe block.numbers + weights.form.positions * transformedStride
    }

    private func task(
        _ memory: Memory, _ image: Int, _ block: Block, _ thread: Int
    ) -> WinogradTask {
        let outputs = output.shape[1]
        let size = output.shape[2] * output.shape[3] * outputs
        return unsafe WinogradTask(
            tileSize: weights.form.tileSize, side: weights.form.side,
            input: memory.floats(input)
                + image * vertical.input * horizontal.input * weights.depth,
            inputHeight: vertical.input, inputWidth: horizontal.input,
            channels: weights.depth, padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            transformed: block.numbers, transformedStride: transformedStride,
            products: products(of: block), productsStride: productsStride,
            productsTileStride: weights.paddedOutputs, scratch: memory.scratch(thread: thread),
            zeros: memory.zeros,
            firstTile: block.tiles.lowerBound - image * tilesPerImage,
            bias: weights.bias.floatPointer,
            output: memory.floats(output) + image * size, outputHeight: vertical.output,
            outputWidth: horizontal.output, outputs: outputs, bounds: bounds, pools: pools)
    }
}

/// Some tiles of all pictures', and their numbers: transformed inputs, then products.
@safe
private struct Block {
    let tiles: Range<Int>
    let numbers: UnsafeMutablePointer<Float>
}
