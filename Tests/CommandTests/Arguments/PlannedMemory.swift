/// What a plan for one picture, with fast numerics, must take: by the rules of ARCHITECTURE.md,
/// written down a second time.
struct PlannedMemory {
    /// Bytes of activations at the peak.
    private(set) var activations = 0
    /// Bytes of weights that are rearranged or transformed.
    private(set) var prepared = 0

    init(_ network: PublishedNetwork) {
        let layers = network.layers
        var flow = [network.flow[0]]
        var place = 0
        while place < layers.count {
            let layer = layers[place]
            place += 1
            var bytes = layer.bytes
            if layer.isConv || layer.isDense {
                prepared += Self.preparedBytes(layer)
                while place < layers.count, Self.isFused(layers[place], behind: layer) {
                    bytes = layers[place].bytes
                    place += 1
                }
            }
            if bytes > 0 { flow.append(bytes) }
        }
        // Each value begins on a line of 64 bytes of its own.
        let lines = flow.map { Self.rounded($0, 64) }
        activations = zip(lines, lines.dropFirst()).map { $0 + $1 }.max() ?? 0
    }

    private enum Algorithm {
        /// Multiplications for a tile of outputs, by kernel.
        case winograd(positions: Int)
        case fewChannels, direct
    }

    private static func algorithm(_ layer: PublishedNetwork.Layer) -> Algorithm {
        guard case .conv(let width, let window, let groups, _) = layer.step else { return .direct }
        let channels = layer.input[0]
        if groups == 1, channels <= 16 {
            // Rows of fewer than six positions are no strips.
            return layer.output[2] >= 6 ? .fewChannels : .direct
        }
        guard groups == 1, window.stride == 1, channels >= 32, width >= 16 else { return .direct }
        if window.kernel == 5 { return .winograd(positions: 36) }
        guard window.kernel == 3 else { return .direct }
        // F(4×4) where its fewer tiles repay reading 36 numbers for 9, F(2×2) elsewhere.
        func tiles(_ side: Int) -> Int {
            let count = (layer.output[1] + side - 1) / side
            return count * count
        }
        let (large, small) = ((tiles(4) + 25) * 36, (tiles(2) + 25) * 16)
        return .winograd(positions: large <= small ? 36 : 16)
    }

    private static func preparedBytes(_ layer: PublishedNetwork.Layer) -> Int {
        guard case .conv(let width, let window, let groups, _) = layer.step else {
            // Dense weights of up to 512 KiB are panels of 16 outputs, others the file's own.
            let bytes = 4 * layer.products
            return bytes <= 512 << 10 ? 4 * rounded(layer.output[0], 16) * layer.input[0] : 0
        }
        let inputs = layer.input[0] / groups
        let square = window.kernel * window.kernel
        switch algorithm(layer) {
        case .winograd(let positions): return 4 * positions * rounded(width, 32) * inputs
        case .fewChannels: return 4 * square * rounded(width, width <= 8 ? 8 : 16) * inputs
        case .direct: return 4 * square * rounded(width / groups, 32) * groups * inputs
        }
    }

    /// Normalisations and ReLU go with the layer before them; pools of 2 × 2 with convolutions that
    /// make neighbouring rows together.
    private static func isFused(
        _ layer: PublishedNetwork.Layer, behind first: PublishedNetwork.Layer
    ) -> Bool {
        switch layer.step {
        case .batchNorm, .relu: return true
        case .pool(let window):
            if case .direct = algorithm(first) { return false }
            return window.kernel == 2
        default: return false
        }
    }

    private static func rounded(_ count: Int, _ unit: Int) -> Int {
        (count + unit - 1) / unit * unit
    }
}
