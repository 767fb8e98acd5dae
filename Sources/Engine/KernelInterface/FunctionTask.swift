/// Element by element: y = f(x), computed in float64 and rounded once.
///
/// Every product, sum and quotient is rounded by itself, none is fused: the bits are the same with
/// and without an instruction for both. Results lie within 0.5001 units in the last place of f(x);
/// NaN gives NaN, and tanh keeps the sign of zero.
///
/// Kernel arguments: the task and a range of elements.
@safe
package struct FunctionTask {
    package enum Function: Hashable, Sendable {
        /// tanh x.
        case tanh
        /// 1 / (1 + e^(−x)).
        case sigmoid
    }

    package var function: Function
    package var input: UnsafePointer<Float>
    /// May be the input.
    package var output: UnsafeMutablePointer<Float>

    package init(
        function: Function, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) {
        self.function = function
        unsafe self.input = input
        unsafe self.output = output
    }
}
