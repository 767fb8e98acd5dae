/// y[r, m] = Σ_k x[r, k] · W[k, m], in chains of at most 128 products that are added one by one.
///
/// Kernel arguments: the task, a range of rows whose length is a multiple of `shortRows`, and a
/// range of panels.
@safe
package struct ProductTask {
    /// [group of `shortRows` rows][block of 16 of the depth][row of the group][16].
    package var input: UnsafePointer<Float>
    /// [panel][depth][panelWidth].
    package var weights: UnsafePointer<Float>
    /// [rows, panels × panelWidth or more].
    package var output: UnsafeMutablePointer<Float>
    /// A multiple of 16.
    package var depth: Int
    /// Floats from one row of the output to the next.
    package var outputStride: Int

    package init(
        input: UnsafePointer<Float>, weights: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, depth: Int, outputStride: Int
    ) {
        unsafe self.input = input
        unsafe self.weights = weights
        unsafe self.output = output
        self.depth = depth
        self.outputStride = outputStride
    }
}
