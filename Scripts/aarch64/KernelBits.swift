import KernelInterface

// Runs the kernels of the set it is compiled with on seeded numbers and reports a hash of every
// result's bits. Built without an operating system, once for each instruction set, by
// `check-aarch64.sh`: equal hashes mean equal bits.

typealias Report = @convention(c) (UnsafePointer<UInt8>, UInt64) -> Void

/// Calls `report` with the name of each case and the hash of what the kernels computed.
///
/// - Parameter memory: 16 MiB of zeros that start on a cache line.
@_cdecl("ferry_kernel_bits")
func ferryKernelBits(memory: UnsafeMutableRawPointer, report: Report) {
    var bench = Bench(memory: memory, report: report)
    bench.convolutions()
    bench.paddedConvolutions()
    bench.winograd()
    bench.denseLayers()
    bench.pools()
    bench.pointwise()
}

private struct Bench {
    let memory: UnsafeMutableRawPointer
    let report: Report
    var used = 0
    var state: UInt64 = 0

    init(memory: UnsafeMutableRawPointer, report: Report) {
        self.memory = memory
        self.report = report
    }

    mutating func start(_ seed: UInt64) {
        used = 0
        state = seed
    }

    /// Room for numbers, at a byte address `offset` beyond a cache line.
    mutating func room(_ count: Int, offset: Int = 0) -> UnsafeMutableRawPointer {
        let place = memory + (used + offset)
        used = (used + offset + count * 4 + 127) & ~63
        return place
    }

    mutating func zeros(_ count: Int) -> UnsafeMutablePointer<Float> {
        let place = room(count).assumingMemoryBound(to: Float.self)
        for index in 0..<count { place[index] = 0 }
        return place
    }

    /// Seeded numbers in −1 ..< 1, by SplitMix64.
    mutating func number() -> Float {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float((z ^ (z >> 31)) >> 40) * 0x1p-23 - 1
    }

    mutating func numbers(_ count: Int) -> UnsafeMutablePointer<Float> {
        let place = room(count).assumingMemoryBound(to: Float.self)
        for index in 0..<count { place[index] = number() }
        return place
    }

    /// FNV-1a over the bit patterns.
    func finish(_ name: StaticString, _ values: UnsafePointer<Float>, _ count: Int) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<count {
            hash = (hash ^ UInt64(values[index].bitPattern)) &* 0x100_0000_01B3
        }
        report(name.utf8Start, hash)
    }

    // MARK: Kernels

    mutating func convolutions() {
        convolution("convolution 3x3, pad 1, 33 to 50", channels: 33, outputs: 50, kernel: 3)
        convolution(
            "convolution 3x3, dilation 2, stride 2, ReLU", channels: 16, outputs: 64, kernel: 3,
            stride: 2, dilation: 2, bounds: .relu)
        convolution("convolution 5x5, 3 to 6", channels: 3, outputs: 6, kernel: 5)
        convolution("convolution 1x1, 128 to 32", channels: 128, outputs: 32, kernel: 1)
    }

    mutating func convolution(
        _ name: StaticString, channels: Int, outputs: Int, kernel: Int, stride: Int = 1,
        dilation: Int = 1, bounds: Bounds = .none
    ) {
        start(UInt64(channels * 1000 + outputs))
        let (height, width, pad) = (15, 13, kernel / 2 * dilation)
        let reach = (kernel - 1) * dilation + 1
        let outputHeight = (height + 2 * pad - reach) / stride + 1
        let outputWidth = (width + 2 * pad - reach) / stride + 1
        let taps = kernel * kernel
        let panels = (outputs + panelWidth - 1) / panelWidth
        let input = numbers(height * width * channels)
        let plain = numbers(outputs * taps * channels)
        let biases = numbers(outputs)
        let weights = zeros(panels * taps * channels * panelWidth)
        let bias = zeros(panels * panelWidth)
        for output in 0..<outputs {
            let panel = weights + output / panelWidth * taps * channels * panelWidth
            for k in 0..<taps * channels {
                panel[k * panelWidth + output % panelWidth] = plain[output * taps * channels + k]
            }
            bias[output] = biases[output]
        }
        let result = zeros(outputHeight * outputWidth * outputs)
        let scratch = room(2 * taps * tileRows + 2 * tileRows * panelWidth)
        let task = ConvolutionTask(
            input: input, weights: weights, bias: bias, output: result, zeros: zeros(channels),
            rows: scratch.assumingMemoryBound(to: UnsafePointer<Float>.self), depth: channels,
            inputHeight: height, inputWidth: width, inputPixelStride: channels,
            inputRowStride: width * channels, kernelHeight: kernel, kernelWidth: kernel,
            strideHeight: stride, strideWidth: stride, dilationHeight: dilation,
            dilationWidth: dilation, padTop: pad, padLeft: pad, outputWidth: outputWidth,
            outputPixelStride: outputs, outputs: outputs, bounds: bounds)
        convolve(task, 0..<outputHeight * outputWidth, 0..<panels)
        finish(name, result, outputHeight * outputWidth * outputs)
    }

    mutating func winograd() {
        winogradTiles("Winograd F(4x4, 3x3)", tileSize: 4, side: 6, pools: false)
        winogradTiles("Winograd F(2x2, 3x3), pooled", tileSize: 2, side: 4, pools: true)
        winogradTiles("Winograd F(2x2, 5x5)", tileSize: 2, side: 6, pools: false)
        winogradKernels("kernels of F(4x4, 3x3)", side: 6, size: 3)
        winogradKernels("kernels of F(2x2, 3x3)", side: 4, size: 3)
        winogradKernels("kernels of F(2x2, 5x5)", side: 6, size: 5)
    }

    /// The kernels' own transform, with a matrix of any numbers.
    mutating func winogradKernels(_ name: StaticString, side: Int, size: Int) {
        start(UInt64(side * 8 + size))
        let (outputs, depth) = (37, 5)
        let panels = (outputs + panelWidth - 1) / panelWidth
        let padded = panels * panelWidth
        let packed = zeros(side * side * padded * depth)
        let doubles = room(2 * (outputs + side * size)).assumingMemoryBound(to: Double.self)
        for index in 0..<outputs + side * size { doubles[index] = Double(number()) }
        let task = WinogradWeightTask(
            weights: UnsafeRawPointer(numbers(outputs * depth * size * size)), factors: doubles,
            matrix: doubles + outputs, packed: packed, side: side, kernelSize: size,
            outputs: outputs, depth: depth, panels: panels)
        for panel in 0..<panels { winogradWeights(task, panel, 0..<depth) }
        // As panels differ between the sets, the result by outputs.
        let result = zeros(side * side * depth * outputs)
        for position in 0..<side * side {
            for channel in 0..<depth {
                for output in 0..<outputs {
                    let panel = (position * panels + output / panelWidth) * depth + channel
                    result[(position * depth + channel) * outputs + output] =
                        packed[panel * panelWidth + output % panelWidth]
                }
            }
        }
        finish(name, result, side * side * depth * outputs)
    }

    /// Both transforms and the products between them.
    mutating func winogradTiles(_ name: StaticString, tileSize: Int, side: Int, pools: Bool) {
        start(UInt64(tileSize + side))
        let (height, width, channels, outputs) = (15, 13, 32, 23)
        let across = (width + tileSize - 1) / tileSize
        let tiles = across * ((height + tileSize - 1) / tileSize)
        let rows = (tiles + shortRows - 1) / shortRows * shortRows
        let positions = side * side
        let padded = (outputs + panelWidth - 1) / panelWidth * panelWidth
        let transformed = zeros(positions * rows * channels)
        let products = zeros(positions * rows * padded)
        let result = zeros(height * width * outputs)
        let bias = zeros(padded)
        let task = WinogradTask(
            tileSize: tileSize, side: side, input: numbers(height * width * channels),
            inputHeight: height,
            inputWidth: width, channels: channels, padTop: 1, padLeft: 1,
            transformed: transformed, transformedStride: rows * channels,
            products: products, productsStride: rows * padded,
            productsTileStride: padded, scratch: room(WinogradTask.scratchByteCount),
            zeros: zeros(channels), firstTile: 0, bias: bias, output: result,
            outputHeight: height, outputWidth: width, outputs: outputs, bounds: .relu,
            pools: pools)
        for output in 0..<outputs { bias[output] = number() }
        winogradInput(task, 0..<tiles)
        let sums = zeros(positions * tiles * outputs)
        for position in 0..<positions {
            let weights = zeros(channels * padded)
            for k in 0..<channels {
                for output in 0..<outputs {
                    let panel = weights + output / panelWidth * channels * panelWidth
                    panel[k * panelWidth + output % panelWidth] = number()
                }
            }
            let product = products + position * rows * padded
            multiply(
                ProductTask(
                    input: transformed + position * rows * channels, weights: weights,
                    output: product, depth: channels, outputStride: padded),
                0..<rows, 0..<padded / panelWidth)
            for tile in 0..<tiles {
                for output in 0..<outputs {
                    sums[(position * tiles + tile) * outputs + output] =
                        product[tile * padded + output]
                }
            }
        }
        finish(name, sums, positions * tiles * outputs)
        winogradOutput(task, 0..<tiles, 0..<outputs)
        finish(name, result, (pools ? height / 2 * (width / 2) : height * width) * outputs)
    }

    mutating func denseLayers() {
        denseLayer("dense 256 to 10", depth: 256, outputs: 10, batch: 1, offset: 0)
        denseLayer(
            "dense 1301 to 19, odd address", depth: 1301, outputs: 19, batch: 1, offset: 3)
        denseLayer(
            "dense 301 to 19, batch 6, odd address", depth: 301, outputs: 19, batch: 6, offset: 3)
        panelLayer("dense panels, 300 to 84", depth: 300, outputs: 84, batch: 1, vectors: 6)
        panelLayer(
            "dense panels, 150 to 170, batch 6", depth: 150, outputs: 170, batch: 6, vectors: 8)
    }

    mutating func panelLayer(
        _ name: StaticString, depth: Int, outputs: Int, batch: Int, vectors: Int
    ) {
        start(UInt64(depth + outputs))
        let panels = (outputs + vectors * 16 - 1) / (vectors * 16)
        let result = zeros(batch * outputs)
        let task = DensePanelTask(
            input: numbers(batch * depth), weights: numbers(panels * depth * vectors * 16),
            bias: numbers(panels * vectors * 16), output: result,
            sums: zeros(DensePanelTask.sumCount), batch: batch, depth: depth, outputs: outputs,
            bounds: .relu, vectors: vectors)
        densePanels(task, 0..<panels)
        finish(name, result, batch * outputs)
    }

    mutating func denseLayer(
        _ name: StaticString, depth: Int, outputs: Int, batch: Int, offset: Int
    ) {
        start(UInt64(depth))
        let input = numbers(batch * depth)
        let weights = room(outputs * depth, offset: offset)
        for index in 0..<outputs * depth {
            weights.storeBytes(of: number(), toByteOffset: index * 4, as: Float.self)
        }
        let result = zeros(batch * outputs)
        let task = DenseTask(
            input: input, packed: zeros(max(1, DenseTask.packedCount(batch: batch, depth: depth))),
            weights: weights, weightType: .float32, bias: numbers(outputs), output: result,
            sums: zeros(DenseTask.sumCount(batch: batch)), batch: batch, depth: depth,
            outputs: outputs, bounds: .none)
        packImages(task, 0..<DenseTask.steps(depth: depth))
        if batch == 1 { denseVector(task, 0..<outputs) } else { dense(task, 0..<outputs) }
        finish(name, result, batch * outputs)
    }

    mutating func paddedConvolutions() {
        padded("few channels, 3 to 70", channels: 3, outputs: 70, chain: 126, convolvePadded)
        padded("few outputs, 2 to 5", channels: 2, outputs: 5, chain: 128, convolveAlongRows)
        padded(
            "few outputs, 2 to 5, pooled", channels: 2, outputs: 5, chain: 128, pools: true,
            convolveAlongRows)
        padded("by lane, 37", channels: 48, outputs: 37, depth: 1, chain: 7, convolveByLane)
    }

    /// 5×5 kernels over 12 rows of 21 columns; numbers of `depth` channels are summed.
    mutating func padded(
        _ name: StaticString, channels: Int, outputs: Int, depth: Int? = nil, chain: Int,
        pools: Bool = false, _ kernel: (PaddedConvolutionTask, Range<Int>) -> Void
    ) {
        start(UInt64(channels * 1000 + outputs))
        let (width, lines, columns) = (21, 8, 17)
        let products = 25 * (depth ?? channels)
        let input = numbers(12 * width * channels)
        let weights = numbers((outputs + 15) / 16 * products * 16)
        let bias = numbers((outputs + 15) & ~15)
        let offsets = room(products * 2).assumingMemoryBound(to: Int.self)
        let isPlanar = outputs <= 8
        let pixel = isPlanar ? 1 : channels
        for product in 0..<products {
            let (tap, k) = (product / (products / 25), product % (products / 25))
            offsets[product] =
                tap / 5 * width * channels + tap % 5 * pixel + k * (isPlanar ? width : 1)
        }
        let result = zeros(lines * columns * outputs)
        var task = PaddedConvolutionTask(
            input: input, offsets: offsets, products: products, chain: chain, weights: weights,
            bias: bias, output: result, outputs: outputs, outputWidth: columns,
            positionStride: pixel, lineStride: width * channels, bounds: .relu,
            totals: zeros(PaddedConvolutionTask.totalsCount))
        task.pools = pools
        let step = pools ? 2 : 1
        task.planeStride = lines / step * (columns / step)
        kernel(task, 0..<lines / step)
        finish(name, result, lines / step * (columns / step) * outputs)
    }

    mutating func pools() {
        pooling("maximum pool with a NaN", .maximum)
        pooling("average pool", .average)
        pooling("average pool with padding", .averageWithPadding)
    }

    mutating func pooling(_ name: StaticString, _ kind: PoolTask.Kind) {
        start(7)
        let channels = 37
        let input = numbers(12 * 10 * channels)
        if kind == .maximum { input[500] = .nan }
        let result = zeros(6 * 5 * channels)
        func axis(_ size: Int) -> PoolAxis {
            PoolAxis(
                input: size, kernel: 3, stride: 2, dilation: 1, padBegin: 1, padEnd: 1,
                output: size / 2)
        }
        let task = PoolTask(
            kind: kind, input: input, output: result, channels: channels, vertical: axis(12),
            horizontal: axis(10))
        pool(task, 0..<6)
        // A NaN's payload is no result; that there is one is.
        for index in 0..<6 * 5 * channels where result[index].isNaN { result[index] = .nan }
        finish(name, result, 6 * 5 * channels)
    }

    /// Of numbers in −12 ..< 12, beyond which tanh is ±1.
    mutating func functions(_ result: UnsafeMutablePointer<Float>, _ count: Int) {
        let input = numbers(count)
        for index in 0..<count { input[index] *= 12 }
        let functions: [2 of FunctionTask.Function] = [.tanh, .sigmoid]
        for index in 0..<2 {
            let task = FunctionTask(function: functions[index], input: input, output: result)
            applyFunction(task, 0..<count)
            finish(index == 0 ? "tanh" : "sigmoid", result, count)
        }
    }

    mutating func pointwise() {
        start(11)
        let (pixels, channels) = (9, 45)
        let count = pixels * channels
        let (input, other, result) = (numbers(count), numbers(count), zeros(count))
        let lrn = LRNTask(
            input: input, output: result, channels: channels, before: 2, after: 2,
            scale: 1e-4 / 5, bias: 2)
        normalizeAcrossChannels(lrn, 0..<pixels)
        finish("response normalisation", result, count)
        let scaled = ChannelTask(
            input: input, output: result, scale: numbers(channels), shift: numbers(channels),
            channels: channels, bounds: .relu)
        scaleChannels(scaled, 0..<pixels)
        finish("channel scale", result, count)
        divideChannels(scaled, 0..<pixels)
        finish("channel quotient", result, count)
        functions(result, count)
        let bounds = Bounds(lower: -0.25, upper: 0.5)
        let element = ElementTask(input: input, other: other, output: result, bounds: bounds)
        clamp(element, 0..<count)
        finish("clamp", result, count)
        add(element, 0..<count)
        finish("add", result, count)
        let turned = TransposeTask(
            input: input, output: result, rows: pixels, inputStride: channels,
            outputStride: pixels)
        transpose(turned, 0..<channels)
        finish("transpose", result, count)
    }
}
