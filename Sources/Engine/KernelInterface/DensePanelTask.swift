/// A dense layer whose weights stay in the second-level cache:
/// y[b, o] = bias[o] + Σ_k W[o, k] · x[b, k].
///
/// Summed in order, in chains over 128 of the depth: the first begins with the bias, the others are
/// added to it one by one, as those of `ConvolutionTask` are.
///
/// Kernel arguments: the task and a range of panels.
@safe
package struct DensePanelTask {
    /// [batch, depth].
    package var input: UnsafePointer<Float>
    /// [panel][depth][vector][16], zeros beyond the outputs: read from end to end.
    package var weights: UnsafePointer<Float>
    /// [panel][vector][16].
    package var bias: UnsafePointer<Float>
    /// [batch, outputs].
    package var output: UnsafeMutablePointer<Float>
    /// Scratch of the calling thread: `sumCount` floats.
    package var sums: UnsafeMutablePointer<Float>
    package var batch: Int
    package var depth: Int
    package var outputs: Int
    package var bounds: Bounds
    /// Vectors of a panel, at most `vectorLimit`.
    package var vectors: Int

    /// As many sums as a kernel keeps in registers.
    package static var vectorLimit: Int { 8 }
    /// Four vectors of four images are the most that are summed at once.
    package static var sumCount: Int { 16 * 16 }

    package init(
        input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, batch: Int,
        depth: Int, outputs: Int, bounds: Bounds, vectors: Int
    ) {
        unsafe self.input = input
        unsafe self.weights = weights
        unsafe self.bias = bias
        unsafe self.output = output
        unsafe self.sums = sums
        self.batch = batch
        self.depth = depth
        self.outputs = outputs
        self.bounds = bounds
        self.vectors = vectors
    }
}
