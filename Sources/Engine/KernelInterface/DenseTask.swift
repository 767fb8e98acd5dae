/// y[b, o] = bias[o] + Σ_k W[o, k] · x[b, k].
///
/// Summed in chains over 1,024 of the depth. A chain is 16 partial sums, k modulo 16, of which the
/// first chain's are taken and the others' added one by one; in the end the 16 are joined pairwise,
/// and the bias is added. Weights of 16 bits are widened first, exactly.
///
/// Kernel arguments: the task and a range of outputs.
@safe
package struct DenseTask {
    /// What a weight is in memory.
    package enum WeightType: Sendable {
        case float32, float16, bfloat16

        /// Bytes of one weight.
        package var size: Int { self == .float32 ? 4 : 2 }
    }

    /// Outputs whose sums are in `sums` at once.
    package static var blockOutputs: Int { 32 }
    /// Images whose sums are in `sums` at once.
    package static var groupImages: Int { 64 }

    /// [batch, depth].
    package var input: UnsafePointer<Float>
    /// `packedCount` floats: the input in the order in which the kernel reads it.
    package var packed: UnsafeMutablePointer<Float>
    /// [outputs, depth], straight from a file: at any byte address.
    package var weights: UnsafeRawPointer
    package var weightType: WeightType
    /// [outputs], or nil for zeros.
    package var bias: UnsafePointer<Float>?
    /// [batch, outputs].
    package var output: UnsafeMutablePointer<Float>
    /// Scratch of the calling thread: `sumCount(batch:)` floats.
    package var sums: UnsafeMutablePointer<Float>
    package var batch: Int
    package var depth: Int
    package var outputs: Int
    package var bounds: Bounds

    package init(
        input: UnsafePointer<Float>, packed: UnsafeMutablePointer<Float>, weights: UnsafeRawPointer,
        weightType: WeightType,
        bias: UnsafePointer<Float>?, output: UnsafeMutablePointer<Float>,
        sums: UnsafeMutablePointer<Float>, batch: Int, depth: Int, outputs: Int, bounds: Bounds
    ) {
        unsafe self.input = input
        unsafe self.packed = packed
        unsafe self.weights = weights
        self.weightType = weightType
        unsafe self.bias = bias
        unsafe self.output = output
        unsafe self.sums = sums
        self.batch = batch
        self.depth = depth
        self.outputs = outputs
        self.bounds = bounds
    }

    /// Vectors of 16 in the depth that are whole: what `packImages` counts.
    package static func steps(depth: Int) -> Int { depth / 16 }

    /// Floats of `packed`.
    package static func packedCount(batch: Int, depth: Int) -> Int {
        batch * steps(depth: depth) * 16
    }

    /// Floats of `sums`: 16 for each output of a block and image of a group.
    package static func sumCount(batch: Int) -> Int {
        blockOutputs * min(batch, groupImages) * 16
    }
}
