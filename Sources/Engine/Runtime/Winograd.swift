import IR
import KernelInterface
import Tensors

/// 3×3 weights transformed for F(m×m, 3×3): [panel][(m+2)²][depth][panelWidth].
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
    /// Floats of one panel.
    var panelSize: Int { positions * depth * panelWidth }
    let panelWidth: Int

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
        let size = side * side * depth * panelWidth
        let matrix = winogradMatrix(tileSize: tileSize)
        weights = unsafe Tensor(.float32, shape: [panels * size]) {
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
                            factors: factors)
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
    factors: [Double]?
) {
    let side = matrix.count
    for lane in 0..<panelWidth {
        let output = first + lane
        guard output < outputs else {
            for position in 0..<side * side {
                unsafe target[position * depth * panelWidth + lane] = 0
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
                unsafe target[position * depth * panelWidth + lane] = Float(value)
            }
        }
    }
}

/// A 3×3 convolution of stride 1 by Winograd's minimal filtering.
struct WinogradStep: Step {
    var summary: StepSummary
    let weights: WinogradWeights
    let vertical: SpatialWindow.Axis
    let horizontal: SpatialWindow.Axis
    let bounds: Bounds
    /// Whether a 2×2 max-pool is computed as well.
    let pools: Bool
    var input = Value(buffer: 0, elementType: .float32, shape: [], layout: .channelsLast)
    var output = Value(buffer: 0, elementType: .float32, shape: [], layout: .channelsLast)
    /// Transformed inputs of `blockTiles` tiles.
    var transformed = Value(buffer: 0, elementType: .float32, shape: [], layout: .rowMajor)
    var blockTiles = 0

    var tilesAcross: Int { (horizontal.output + weights.tileSize - 1) / weights.tileSize }
    var tilesDown: Int { (vertical.output + weights.tileSize - 1) / weights.tileSize }
    private var tilesPerImage: Int { tilesAcross * tilesDown }
    /// Tiles whose products one thread holds at a time, in its second-level cache.
    private static var groupTiles: Int { 48 }

    /// How many tiles are transformed before their products are made: all of them where the
    /// weights are large, so that they are read once; else what the caches hold.
    static func blockTiles(total: Int, depth: Int, positions: Int) -> Int {
        let fitting = max(96, (4 << 20) / (positions * depth * 4))
        return total <= fitting * 3 / 2 ? total : (fitting + 47) / 48 * 48
    }

    func scratchByteCount(_ kernels: KernelSet) -> Int {
        let products = weights.positions * Self.groupTiles * kernels.panelWidth * 4
        return aligned(products) + kernels.tileRows * 8
            + kernels.tileRows * kernels.panelWidth * 4
    }

    func run(_ memory: Memory) {
        let total = input.shape[0] * tilesPerImage
        for first in stride(from: 0, to: total, by: blockTiles) {
            let block = first..<min(first + blockTiles, total)
            let pieces = min(block.count, memory.pool.threadCount * 4)
            memory.pool.run(count: pieces) { piece, _ in
                transform(
                    block.lowerBound + block.count * piece / pieces..<block.lowerBound + block.count
                        * (piece + 1) / pieces, of: block, memory)
            }
            let groups = (block.count + Self.groupTiles - 1) / Self.groupTiles
            memory.pool.run(count: groups * weights.panels) { unit, thread in
                let start = block.lowerBound + unit % groups * Self.groupTiles
                multiply(
                    start..<min(start + Self.groupTiles, block.upperBound), of: block,
                    panel: unit / groups, thread: thread, memory)
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

    private func transform(_ tiles: Range<Int>, of block: Range<Int>, _ memory: Memory) {
        forPictures(tiles) { image, local in
            let first = block.lowerBound - image * tilesPerImage
            let task = unsafe task(
                memory, image: image, firstTile: first, products: memory.zeros,
                panel: 0, bias: memory.zeros)
            memory.kernels.winogradInput(task, local)
        }
    }

    private func multiply(
        _ tiles: Range<Int>, of block: Range<Int>, panel: Int, thread: Int, _ memory: Memory
    ) {
        let kernels = memory.kernels
        let scratch = unsafe memory.scratch(thread: thread)
        let products = unsafe scratch.assumingMemoryBound(to: Float.self)
        let productsSize = weights.positions * Self.groupTiles * kernels.panelWidth * 4
        let rows = unsafe (scratch + aligned(productsSize))
            .assumingMemoryBound(to: UnsafePointer<Float>.self)
        let depth = weights.depth
        let inputs =
            unsafe memory.floats(transformed) + (tiles.lowerBound - block.lowerBound) * depth
        unsafe weights.weights.withFloats { packed in
            let panelWeights = unsafe packed + panel * weights.panelSize
            for position in 0..<weights.positions {
                let task = unsafe ConvolutionTask(
                    input: inputs + position * blockTiles * depth,
                    weights: panelWeights + position * depth * kernels.panelWidth,
                    bias: memory.zeros,
                    output: products + position * Self.groupTiles * kernels.panelWidth,
                    zeros: memory.zeros, rows: rows, depth: depth, inputHeight: 1,
                    inputWidth: tiles.count, inputPixelStride: depth,
                    inputRowStride: tiles.count * depth, kernelHeight: 1, kernelWidth: 1,
                    strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1,
                    padTop: 0, padLeft: 0, outputWidth: tiles.count,
                    outputPixelStride: kernels.panelWidth, outputs: kernels.panelWidth,
                    bounds: .none)
                kernels.convolve(task, 0..<tiles.count, 0..<1)
            }
        }
        unsafe weights.bias.withFloats { bias in
            forPictures(tiles) { image, local in
                let task = unsafe task(
                    memory, image: image, firstTile: tiles.lowerBound - image * tilesPerImage,
                    products: products, panel: panel, bias: bias + panel * kernels.panelWidth)
                kernels.winogradOutput(task, local)
            }
        }
    }

    private func task(
        _ memory: Memory, image: Int, firstTile: Int, products: UnsafePointer<Float>, panel: Int,
        bias: UnsafePointer<Float>
    ) -> WinogradTask {
        let outputs = output.shape[1]
        let size = output.shape[2] * output.shape[3] * outputs
        return unsafe WinogradTask(
            tileSize: weights.tileSize,
            input: memory.floats(input) + image * vertical.input * horizontal.input * weights.depth,
            inputHeight: vertical.input, inputWidth: horizontal.input, channels: weights.depth,
            padTop: vertical.padBegin, padLeft: horizontal.padBegin,
            transformed: memory.floats(transformed),
            transformedStride: blockTiles * weights.depth, products: products,
            productsStride: Self.groupTiles * memory.kernels.panelWidth, firstTile: firstTile,
            bias: bias,
            output: memory.floats(output)
                + (image * size + panel * memory.kernels.panelWidth),
            outputHeight: vertical.output, outputWidth: horizontal.output,
            outputPixelStride: outputs,
            outputs: min(memory.kernels.panelWidth, outputs - panel * memory.kernels.panelWidth),
            bounds: bounds, pools: pools)
    }
}
