/// One picture's 3×3 convolution of stride 1 by Winograd's minimal filtering F(m×m, 3×3):
/// y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A over tiles of m×m outputs, d being the (m+2)×(m+2) inputs under one.
///
/// `winogradInput` makes Bᵀ d B of a range of tiles; products with the weights are plain
/// convolutions of one tap, one for each of the (m+2)² positions; `winogradOutput` makes the rest.
/// Tiles are counted row by row. m = 4 uses the points 0, ±3/4, ±3/2, ∞, which leave a tenth of the
/// error of 0, ±1, ±2, ∞; m = 2 uses 0, ±1, ∞.
///
/// Source: Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (arXiv 1509.09308).
@safe
package struct WinogradTask {
    /// m: outputs of a tile, 2 or 4.
    package var tileSize: Int
    /// [height, width, channels], channels a multiple of 16.
    package var input: UnsafePointer<Float>
    package var inputHeight: Int
    package var inputWidth: Int
    package var channels: Int
    package var padTop: Int
    package var padLeft: Int
    /// [(m+2)², tiles of the range from `firstTile`, channels].
    package var transformed: UnsafeMutablePointer<Float>
    /// Floats from one of the (m+2)² positions to the next.
    package var transformedStride: Int
    /// [(m+2)², tiles of the range, outputs rounded up to whole panels].
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

    /// Room for a tile's 36 pixel addresses, 36 vectors between two passes and 16 outputs.
    package static let scratchByteCount = 36 * (8 + 64) + 16 * 64

    package init(
        tileSize: Int, input: UnsafePointer<Float>, inputHeight: Int, inputWidth: Int,
        channels: Int, padTop: Int, padLeft: Int, transformed: UnsafeMutablePointer<Float>,
        transformedStride: Int, products: UnsafePointer<Float>, productsStride: Int,
        productsTileStride: Int, scratch: UnsafeMutableRawPointer, zeros: UnsafePointer<Float>,
        firstTile: Int, bias: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        outputHeight: Int, outputWidth: Int, outputs: Int,
        bounds: Bounds, pools: Bool
    ) {
        self.tileSize = tileSize
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
