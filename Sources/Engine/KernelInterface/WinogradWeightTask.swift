/// A layer's kernels for Winograd's filtering: G g Gᵀ in float64, rounded once.
///
/// Every sum of r products begins with zero and runs in order, each product and each sum rounded:
/// the bits are those of plain loops. There are kernels for the forms of `WinogradTask`.
///
/// Kernel arguments: the task, a panel, and a range of input channels.
@safe
package struct WinogradWeightTask {
    /// [outputs, depth, r, r], straight from a file: at any byte address.
    package var weights: UnsafeRawPointer
    /// [outputs], what each output's kernels are multiplied by first; nil for ones.
    package var factors: UnsafePointer<Double>?
    /// G: [s, r].
    package var matrix: UnsafePointer<Double>
    /// [s²][panel][depth][panel's outputs].
    package var packed: UnsafeMutablePointer<Float>
    /// s = m + r − 1.
    package var side: Int
    /// r.
    package var kernelSize: Int
    package var outputs: Int
    package var depth: Int
    package var panels: Int

    package init(
        weights: UnsafeRawPointer, factors: UnsafePointer<Double>?,
        matrix: UnsafePointer<Double>, packed: UnsafeMutablePointer<Float>, side: Int,
        kernelSize: Int, outputs: Int, depth: Int, panels: Int
    ) {
        unsafe self.weights = weights
        unsafe self.factors = factors
        unsafe self.matrix = matrix
        unsafe self.packed = packed
        self.side = side
        self.kernelSize = kernelSize
        self.outputs = outputs
        self.depth = depth
        self.panels = panels
    }
}
