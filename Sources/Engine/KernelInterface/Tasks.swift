/// The range results are clamped to, fused into the kernel that makes them. NaN stays NaN.
package struct Bounds: Hashable, Sendable {
    package var lower: Float
    package var upper: Float

    package init(lower: Float, upper: Float) {
        self.lower = lower
        self.upper = upper
    }

    package static let none = Bounds(lower: -.infinity, upper: .infinity)
    package static let relu = Bounds(lower: 0, upper: .infinity)
}

/// One image's convolution, by group: y[o, m] = bias[m] + Σ_{tap, c} W[m, tap, c] · x[o, tap, c],
/// summed tap by tap (rows of the kernel first), channel by channel within a tap, in
/// chains of at most 128 products: whole taps, or a part of one tap's channels. The first begins
/// with the bias, the others are added to it one by one.
///
/// Kernel arguments: the task, a range of output positions (row-major), and a range of panels.
@safe
package struct ConvolutionTask {
    /// The group's first input channel of the first pixel.
    package var input: UnsafePointer<Float>
    /// [panel][tap][depth][panelWidth], zeros where a panel exceeds the outputs.
    package var weights: UnsafePointer<Float>
    /// [panels × panelWidth].
    package var bias: UnsafePointer<Float>
    /// The group's first output channel of the first position.
    package var output: UnsafeMutablePointer<Float>
    /// At least `depth` zeros, read in place of pixels in the padding.
    package var zeros: UnsafePointer<Float>
    /// Scratch of the calling thread: taps × tileRows pointers, then 2 × tileRows × panelWidth
    /// floats.
    package var rows: UnsafeMutablePointer<UnsafePointer<Float>>
    /// Numbers summed for each tap.
    package var depth: Int
    package var inputHeight: Int
    package var inputWidth: Int
    /// Floats from one pixel to the next, and from one row to the next.
    package var inputPixelStride: Int
    package var inputRowStride: Int
    package var kernelHeight: Int
    package var kernelWidth: Int
    package var strideHeight: Int
    package var strideWidth: Int
    package var dilationHeight: Int
    package var dilationWidth: Int
    package var padTop: Int
    package var padLeft: Int
    package var outputWidth: Int
    package var outputPixelStride: Int
    /// Output channels of the group.
    package var outputs: Int
    package var bounds: Bounds

    package init(
        input: UnsafePointer<Float>, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, zeros: UnsafePointer<Float>,
        rows: UnsafeMutablePointer<UnsafePointer<Float>>, depth: Int, inputHeight: Int,
        inputWidth: Int, inputPixelStride: Int, inputRowStride: Int, kernelHeight: Int,
        kernelWidth: Int, strideHeight: Int, strideWidth: Int, dilationHeight: Int,
        dilationWidth: Int, padTop: Int, padLeft: Int, outputWidth: Int, outputPixelStride: Int,
        outputs: Int, bounds: Bounds
    ) {
        unsafe self.input = input
        unsafe self.weights = weights
        unsafe self.bias = bias
        unsafe self.output = output
        unsafe self.zeros = zeros
        unsafe self.rows = rows
        self.depth = depth
        self.inputHeight = inputHeight
        self.inputWidth = inputWidth
        self.inputPixelStride = inputPixelStride
        self.inputRowStride = inputRowStride
        self.kernelHeight = kernelHeight
        self.kernelWidth = kernelWidth
        self.strideHeight = strideHeight
        self.strideWidth = strideWidth
        self.dilationHeight = dilationHeight
        self.dilationWidth = dilationWidth
        self.padTop = padTop
        self.padLeft = padLeft
        self.outputWidth = outputWidth
        self.outputPixelStride = outputPixelStride
        self.outputs = outputs
        self.bounds = bounds
    }
}

/// One image's pooling window by window.
///
/// Kernel arguments: the task and a range of output rows.
@safe
package struct PoolTask {
    package enum Kind: Sendable {
        /// The largest; cells in the padding never win.
        case maximum
        /// Σ of the cells inside the input ÷ their number.
        case average
        /// Σ ÷ the number of cells inside the padded input.
        case averageWithPadding
    }

    package var kind: Kind
    /// [height, width, channels].
    package var input: UnsafePointer<Float>
    /// [output height, output width, channels].
    package var output: UnsafeMutablePointer<Float>
    package var channels: Int
    package var vertical: PoolAxis
    package var horizontal: PoolAxis

    package init(
        kind: Kind, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        channels: Int, vertical: PoolAxis, horizontal: PoolAxis
    ) {
        self.kind = kind
        unsafe self.input = input
        unsafe self.output = output
        self.channels = channels
        self.vertical = vertical
        self.horizontal = horizontal
    }
}

/// How a pool's window slides over one axis.
package struct PoolAxis: Hashable, Sendable {
    package var input: Int
    package var kernel: Int
    package var stride: Int
    package var dilation: Int
    package var padBegin: Int
    package var padEnd: Int
    package var output: Int

    package init(
        input: Int, kernel: Int, stride: Int, dilation: Int, padBegin: Int, padEnd: Int,
        output: Int
    ) {
        self.input = input
        self.kernel = kernel
        self.stride = stride
        self.dilation = dilation
        self.padBegin = padBegin
        self.padEnd = padEnd
        self.output = output
    }
}

/// y[c] = x[c] / (bias + scale · Σ x[j]²)^¾ over j from c−before to c+after, clipped.
///
/// Kernel arguments: the task and a range of pixels.
@safe
package struct LRNTask {
    /// [pixels, channels].
    package var input: UnsafePointer<Float>
    package var output: UnsafeMutablePointer<Float>
    package var channels: Int
    package var before: Int
    package var after: Int
    /// LRN's alpha ÷ size.
    package var scale: Float
    package var bias: Float

    package init(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, channels: Int,
        before: Int, after: Int, scale: Float, bias: Float
    ) {
        unsafe self.input = input
        unsafe self.output = output
        self.channels = channels
        self.before = before
        self.after = after
        self.scale = scale
        self.bias = bias
    }
}

/// `scaleChannels`: y[p, c] = x[p, c] · scale[c] + shift[c], one rounding, clamped.
/// `divideChannels`: y[p, c] = (x[p, c] + shift[c]) / scale[c], each rounded, clamped.
///
/// A shift of −0 changes no number, zeros included.
///
/// Kernel arguments: the task and a range of pixels.
@safe
package struct ChannelTask {
    package var input: UnsafePointer<Float>
    /// May be the input.
    package var output: UnsafeMutablePointer<Float>
    package var scale: UnsafePointer<Float>
    package var shift: UnsafePointer<Float>
    package var channels: Int
    package var bounds: Bounds

    package init(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        scale: UnsafePointer<Float>, shift: UnsafePointer<Float>, channels: Int, bounds: Bounds
    ) {
        unsafe self.input = input
        unsafe self.output = output
        unsafe self.scale = scale
        unsafe self.shift = shift
        self.channels = channels
        self.bounds = bounds
    }
}

/// Element by element: y = clamp(x) or y = clamp(x + other).
///
/// Kernel arguments: the task and a range of elements.
@safe
package struct ElementTask {
    package var input: UnsafePointer<Float>
    /// The second operand of `add`; unused by `clamp`.
    package var other: UnsafePointer<Float>
    /// May be the input.
    package var output: UnsafeMutablePointer<Float>
    package var bounds: Bounds

    package init(
        input: UnsafePointer<Float>, other: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>, bounds: Bounds
    ) {
        unsafe self.input = input
        unsafe self.other = other
        unsafe self.output = output
        self.bounds = bounds
    }
}

/// output[column, row] = input[row, column], for matrices whose rows lie at given strides.
///
/// Kernel arguments: the task and a range of columns of the input.
@safe
package struct TransposeTask {
    package var input: UnsafePointer<Float>
    package var output: UnsafeMutablePointer<Float>
    package var rows: Int
    /// Floats from one row to the next, in the input and in the output.
    package var inputStride: Int
    package var outputStride: Int

    package init(
        input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, rows: Int,
        inputStride: Int, outputStride: Int
    ) {
        unsafe self.input = input
        unsafe self.output = output
        self.rows = rows
        self.inputStride = inputStride
        self.outputStride = outputStride
    }
}
