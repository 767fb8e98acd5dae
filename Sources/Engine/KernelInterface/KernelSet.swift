/// The inner loops of one instruction set, reached through function values.
///
/// Every set computes the same bits: each multiply-add is fused, sums run in the order a contract
/// states, and work is split by output only. Activations are channels-last ([height, width,
/// channel], channels contiguous), float32.
@safe
package struct KernelSet: Sendable {
    /// The name `FERRY_KERNELS` takes.
    package let name: String

    /// Output channels a convolution computes side by side: the width of a packed weight panel.
    package let panelWidth: Int

    /// Output positions a convolution computes side by side.
    package let tileRows: Int

    /// Rows of a product come in multiples of this.
    package let shortRows: Int

    package let convolve: @Sendable (ConvolutionTask, Range<Int>, Range<Int>) -> Void
    package let multiply: @Sendable (ProductTask, Range<Int>, Range<Int>) -> Void
    package let convolvePadded: @Sendable (PaddedConvolutionTask, Range<Int>) -> Void
    package let convolveByLane: @Sendable (PaddedConvolutionTask, Range<Int>) -> Void
    package let convolveAlongRows: @Sendable (PaddedConvolutionTask, Range<Int>) -> Void
    package let packImages: @Sendable (DenseTask, Range<Int>) -> Void
    package let dense: @Sendable (DenseTask, Range<Int>) -> Void
    package let denseVector: @Sendable (DenseTask, Range<Int>) -> Void
    package let densePanels: @Sendable (DensePanelTask, Range<Int>) -> Void
    package let pool: @Sendable (PoolTask, Range<Int>) -> Void
    package let normalizeAcrossChannels: @Sendable (LRNTask, Range<Int>) -> Void
    package let scaleChannels: @Sendable (ChannelTask, Range<Int>) -> Void
    package let divideChannels: @Sendable (ChannelTask, Range<Int>) -> Void
    package let applyFunction: @Sendable (FunctionTask, Range<Int>) -> Void
    package let clamp: @Sendable (ElementTask, Range<Int>) -> Void
    package let add: @Sendable (ElementTask, Range<Int>) -> Void
    package let transpose: @Sendable (TransposeTask, Range<Int>) -> Void
    package let winogradWeights: @Sendable (WinogradWeightTask, Int, Range<Int>) -> Void
    package let winogradInput: @Sendable (WinogradTask, Range<Int>) -> Void
    package let winogradOutput: @Sendable (WinogradTask, Range<Int>, Range<Int>) -> Void

    /// Runs `iterations` (a multiple of 1,024) × `probeFMAs` fused multiply-adds of 16 lanes; returns
    /// their sum.
    package let probeFMA: @Sendable (Int) -> Float
    /// Multiply-adds of 16 lanes in one iteration of `probeFMA`.
    package let probeFMAs: Int
    /// Reads every byte of a buffer (a multiple of 64 bytes); returns a sum of what it read.
    package let probeRead: @Sendable (UnsafeRawBufferPointer) -> Float

    package init(
        name: String, panelWidth: Int, tileRows: Int, shortRows: Int,
        convolve: @escaping @Sendable (ConvolutionTask, Range<Int>, Range<Int>) -> Void,
        multiply: @escaping @Sendable (ProductTask, Range<Int>, Range<Int>) -> Void,
        convolvePadded: @escaping @Sendable (PaddedConvolutionTask, Range<Int>) -> Void,
        convolveByLane: @escaping @Sendable (PaddedConvolutionTask, Range<Int>) -> Void,
        convolveAlongRows: @escaping @Sendable (PaddedConvolutionTask, Range<Int>) -> Void,
        packImages: @escaping @Sendable (DenseTask, Range<Int>) -> Void,
        dense: @escaping @Sendable (DenseTask, Range<Int>) -> Void,
        denseVector: @escaping @Sendable (DenseTask, Range<Int>) -> Void,
        densePanels: @escaping @Sendable (DensePanelTask, Range<Int>) -> Void,
        pool: @escaping @Sendable (PoolTask, Range<Int>) -> Void,
        normalizeAcrossChannels: @escaping @Sendable (LRNTask, Range<Int>) -> Void,
        scaleChannels: @escaping @Sendable (ChannelTask, Range<Int>) -> Void,
        divideChannels: @escaping @Sendable (ChannelTask, Range<Int>) -> Void,
        applyFunction: @escaping @Sendable (FunctionTask, Range<Int>) -> Void,
        clamp: @escaping @Sendable (ElementTask, Range<Int>) -> Void,
        add: @escaping @Sendable (ElementTask, Range<Int>) -> Void,
        transpose: @escaping @Sendable (TransposeTask, Range<Int>) -> Void,
        winogradWeights: @escaping @Sendable (WinogradWeightTask, Int, Range<Int>) -> Void,
        winogradInput: @escaping @Sendable (WinogradTask, Range<Int>) -> Void,
        winogradOutput: @escaping @Sendable (WinogradTask, Range<Int>, Range<Int>) -> Void,
        probeFMA: @escaping @Sendable (Int) -> Float, probeFMAs: Int,
        probeRead: @escaping @Sendable (UnsafeRawBufferPointer) -> Float
    ) {
        self.name = name
        self.panelWidth = panelWidth
        self.tileRows = tileRows
        self.shortRows = shortRows
        self.convolve = convolve
        self.multiply = multiply
        self.convolvePadded = convolvePadded
        self.convolveByLane = convolveByLane
        self.convolveAlongRows = convolveAlongRows
        self.packImages = packImages
        self.dense = dense
        self.denseVector = denseVector
        self.densePanels = densePanels
        self.pool = pool
        self.normalizeAcrossChannels = normalizeAcrossChannels
        self.scaleChannels = scaleChannels
        self.divideChannels = divideChannels
        self.applyFunction = applyFunction
        self.clamp = clamp
        self.add = add
        self.transpose = transpose
        self.winogradWeights = winogradWeights
        self.winogradInput = winogradInput
        self.winogradOutput = winogradOutput
        self.probeFMA = probeFMA
        self.probeFMAs = probeFMAs
        unsafe self.probeRead = probeRead
    }
}
