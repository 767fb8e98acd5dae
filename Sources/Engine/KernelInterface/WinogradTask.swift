/// One picture's convolution of stride 1 by Winograd's minimal filtering F(m×m, r×r):
/// y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A over tiles of m×m outputs, d being the s×s inputs under one, with
/// s = m + r − 1.
///
/// `winogradInput` makes Bᵀ d B of a range of tiles; `multiply` makes the products with the
/// weights, one for each of the s² positions; `winogradOutput` makes the rest.
/// Tiles are counted row by row. There are kernels for F(4, 3) and F(2, 5), whose s is 6 and whose
/// points are 0, ±3/4, ±3/2, ∞ (more exact than 0, ±1, ±2, ∞), and for F(2, 3),
/// whose s is 4 and whose points are 0, ±1, ∞.
///
/// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (arXiv 1509.09308).
@safe
package struct WinogradTask {
    /// m: outputs of a tile along each axis.
    package var tileSize: Int
    /// s: inputs under a tile along each axis, 4 or 6.
    package var side: Int
    /// [height, width, channels], channels a multiple of 16.
    package var input: UnsafePointer<Float>
    package var inputHeight: Int
    package var inputWidth: Int
    package var channels: Int
    package var padTop: Int
    package var padLeft: Int
    /// [s², tiles of the range from `firstTile`, channels], each position in the layout of
    /// `ProductTask.input`.
    package var transformed: UnsafeMutablePointer<Float>
    /// Floats from one of the s² positions to the next.
    package var transformedStride: Int
    /// [s², tiles of the range, outputs rounded up to whole panels].
    package var products: UnsafePointer<Float>
    package var productsStride: Int
    /// Floats from one tile's products to the next's.
    package var productsTileStride: Int
    /// `scratchByteCount` bytes of the calling thread.
    package var scratch: UnsafeMutableRawPointer
    /// At least `channels` zeros, read in place of pixels outside the picture.
    package var zeros: UnsafePointer<Float>
    /// Where in `transformed` or `products` the first tile of a range lies.
    package var firstTile: Int
    /// [outputs rounded up to whole panels].
    package var bias: UnsafePointer<Float>
    /// [height, width, outputs].
    package var output: UnsafeMutablePointer<Float>
    package var outputHeight: Int
    package var outputWidth: Int
    package var outputs: Int
    package var bounds: Bounds
    /// Whether a max-pool of 2×2 windows and stride 2 follows: the output has half the height and
    /// width then, rounded down.
    package var pools: Bool

    /// Room for two tiles' 36 pixel addresses, 36 vectors between two passes and 16 outputs.
    package static let scratchByteCount = 36 * (2 * 8 + 64) + 16 * 64

    package init(
        tileSize: Int, side: Int, input: UnsafePointer<Float>, inputHeight: Int, inputWidth: Int,
        channels: Int, padTop: Int, padLeft: Int, transformed: UnsafeMutablePointer<Float>,
        transformedStride: Int, products: UnsafePointer<Float>, productsStride: Int,
        productsTileStride: Int, scratch: UnsafeMutableRawPointer, zeros: UnsafePointer<Float>,
        firstTile: Int, bias: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        outputHeight: Int, outputWidth: Int, outputs: Int,
        bounds: Bounds, pools: Bool
    ) {
        self.tileSize = tileSize
        self.side = side
        unsafe self.input = input
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.channels = channels
        self.padTop = padTop
        self.padLeft = padLeft
        unsafe self.transformed = transformed
        self.transformedStride = transformedStride
        unsafe self.products = products
        self.productsStride = productsStride
        self.productsTileStride = productsTileStride
        unsafe self.scratch = scratch
        unsafe self.zeros = zeros
        self.firstTile = firstTile
        unsafe self.bias = bias
        unsafe self.output = output
        self.outputHeight = outputHeight
        self.outputWidth = outputWidth
        self.outputs = outputs
        self.bounds = bounds
        self.pools = pools
    }
}
