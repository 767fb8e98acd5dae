/// A convolution of few products over pixels that carry their padding:
/// y[o, m] = bias[m] + Σ_p W[m, p] · x[o, offsets[p]].
///
/// `convolvePadded` multiplies each number under a window with the weights of all outputs;
/// `convolveByLane` takes it from the output's own lane, as a depthwise convolution does:
/// y[o, m] = bias[m] + Σ_p W[m, p] · x[o, offsets[p] + m]. `convolveAlongRows` is `convolvePadded`
/// for at most 8 outputs in rows of at least 16, `positionStride` being 1 and all products one
/// chain; weights and biases are then [product][8] and [8], the output [output][position]. Products are added in order, in chains
/// of `chain`: the first begins with the bias, the others are added to it one by one. In the order
/// and the chains of `ConvolutionTask`, a convolution has the same bits.
///
/// Kernel arguments: the task and a range of output rows.
@safe
package struct PaddedConvolutionTask {
    /// The first number under the first window.
    package var input: UnsafePointer<Float>
    /// How far each product's number lies behind the first under its window, in floats.
    package var offsets: UnsafePointer<Int>
    package var products: Int
    package var chain: Int
    /// [vector][product][16], zeros where a vector exceeds the outputs.
    package var weights: UnsafePointer<Float>
    /// [vector][16].
    package var bias: UnsafePointer<Float>
    /// [position][outputs]; for `convolveAlongRows` the first output's first position.
    package var output: UnsafeMutablePointer<Float>
    package var outputs: Int
    /// At least 6.
    package var outputWidth: Int
    /// Floats from one output's window to the next, and from one output row's to the next.
    package var positionStride: Int
    package var lineStride: Int
    package var bounds: Bounds
    /// Scratch of the calling thread: `totalsCount` floats.
    package var totals: UnsafeMutablePointer<Float>
    /// Floats from one output's positions to the next output's, for `convolveAlongRows` alone.
    package var planeStride = 0
    /// Whether a max-pool of 2×2 windows and stride 2 follows, for `convolveAlongRows` alone: its
    /// lines are then those of the pool.
    package var pools = false

    package init(
        input: UnsafePointer<Float>, offsets: UnsafePointer<Int>, products: Int, chain: Int,
        weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, outputs: Int, outputWidth: Int, positionStride: Int,
        lineStride: Int, bounds: Bounds, totals: UnsafeMutablePointer<Float>
    ) {
        unsafe self.input = input
        unsafe self.offsets = offsets
        self.products = products
        self.chain = chain
        unsafe self.weights = weights
        unsafe self.bias = bias
        unsafe self.output = output
        self.outputs = outputs
        self.outputWidth = outputWidth
        self.positionStride = positionStride
        self.lineStride = lineStride
        self.bounds = bounds
        unsafe self.totals = totals
    }

    /// Positions that kernels compute side by side, all of one row.
    package static let positions = 6
    /// Sums of two lines, of eight outputs at 32 positions each.
    package static let totalsCount = 2 * 8 * 32
}
