/// Mistakes of converters that Ferry knows by sight.
///
/// A is the network that is judged, B the reference. Tensors are compared in canonical layout:
/// kernels [out, in/group, height, width], dense matrices [out, in] with inputs in CHW order.
/// Raw values are stable: scripts read them.
package enum Cause: String, Codable, CaseIterable, Sendable {
    // MARK: The same elements in another order

    /// A convolution's kernel has height and width exchanged.
    case kernelHeightWidthSwapped
    /// A convolution's kernel has input and output channels exchanged (also of equal number).
    case kernelInOutSwapped
    /// A kernel in a third order of axes, or its bytes in one order under another's shape (HWIO
    /// bytes taken for OIHW and the like).
    case kernelLayout
    /// A kernel is turned by 180°: convolution for cross-correlation.
    case kernelFlipped
    /// A kernel is mirrored along one axis only.
    case kernelMirrored
    /// A dense matrix is [in, out] where [out, in] belongs, or its bytes are.
    case denseTransposed
    /// A dense layer's inputs count in HWC order where CHW belongs, the other way round, or were
    /// reordered twice.
    case flattenOrder
    /// A depthwise kernel counts channels as multiplier·in + channel instead of in·multiplier.
    case depthwiseOrder
    /// The first layer's input channels are in opposite order: BGR for RGB.
    case inputChannelsReversed
    /// A layer's input channels (a dense layer's columns) are in another order.
    case inputChannelsPermuted
    /// A layer's output channels (rows, a bias' elements) are in another order.
    case outputChannelsPermuted
    /// The groups of a grouped convolution, or halves of a layer, changed places.
    case groupsExchanged
    /// The same elements in an order that none of the others explains.
    case elementsReordered
    /// Two tensors of the network changed places; told once for each.
    case tensorsExchanged
    /// A tensor holds what another tensor of the reference does, and not in exchange.
    case tensorFromElsewhere
    /// Every element stands some places before or after its own: data read at a wrong offset.
    case elementsShifted
    /// Elements were read in the wrong byte order.
    case bytesSwapped

    // MARK: Other elements

    /// All elements are zero (of weights and statistics; a bias has `biasMissing`).
    case zeroed
    /// All elements are one number that is not 0: a counter read as a tensor, an initial value.
    case constant
    /// A bias is absent or all zero where the reference has one.
    case biasMissing
    /// From some element to the end there are zeros: data cut off.
    case tailZeroed
    /// All elements are a constant times the reference's: 1/255, 2, 1 − p of a dropout.
    case scaled
    /// All elements have the other sign.
    case negated
    /// All elements are the reference's plus a constant.
    case offset
    /// Each output channel is the reference's times a factor of its own.
    case channelsScaled
    /// Elements are the reference's rounded to float16, in a wider type.
    case roundedToFloat16
    /// Elements are the reference's rounded to bfloat16, in a wider type.
    case roundedToBFloat16
    /// Elements are the reference's cut off after bfloat16's bits, in any type.
    case truncatedToBFloat16
    /// Elements are the reference's but for magnitudes that were clamped, flushed or became infinite
    /// in float16.
    case clampedToFloat16
    /// The bits of 16-bit floats were taken for whole numbers.
    case bitsAsNumbers
    /// Elements are the reference's rounded to a few decimals.
    case roundedToDecimals
    /// Elements are the reference's rounded to the steps of an 8-bit integer and back.
    case quantized
    /// One bit of one element differs.
    case bitFlipped
    /// One element differs, by more than a bit.
    case elementChanged
    /// A few elements differ.
    case elementsChanged
    /// There are NaNs or infinities where the reference has numbers.
    case nonFinite

    // MARK: Batch normalisation

    /// Scale, shift, mean and variance stand in each other's places.
    case statisticsPermuted
    /// The standard deviation, √variance, is stored as the variance; or the variance is such that ε
    /// is added to the deviation.
    case varianceIsDeviation
    /// 1/√variance (with or without ε) is stored as the variance.
    case varianceIsInverseDeviation
    /// Mean and variance are both the reference's times one factor: Caffe's third blob.
    case statisticsScaled
    /// The scale is 1 everywhere: MXNet's fix_gamma, or a scale not read.
    case scaleIgnored
    /// The shift is 0 everywhere.
    case shiftIgnored
    /// Mean 0 and variance 1 everywhere: statistics not carried over.
    case statisticsReset
    /// ε differs.
    case normalizationEpsilon
    /// Momentum differs, which does not matter at inference.
    case normalizationMomentum
    /// A normalisation was folded into a layer's weights and is applied again.
    case normalizationTwice
    /// A normalisation was folded into a layer's weights with another ε, without its mean or shift,
    /// or with the deviation taken wrongly.
    case normalizationFolding
    /// A normalisation is neither there nor folded.
    case normalizationMissing
    /// There is a normalisation that the reference has neither folded nor unfolded.
    case normalizationExtra
    /// A normalisation is computed with the batch's own statistics.
    case normalizationTraining

    // MARK: Windows

    /// The same padding in all, on the other side: SAME_UPPER, SAME_LOWER, symmetric.
    case padsOnWrongSide
    /// The same pads in another order of sides.
    case padsReordered
    /// Pads are dropped.
    case padsMissing
    /// There are pads where the reference has none.
    case padsExtra
    /// Pads of other sizes.
    case pads
    case strides
    /// Strides of height and width are exchanged, as pads or dilations with them.
    case windowAxesSwapped
    /// Dilations are ignored: 1 everywhere.
    case dilationsIgnored
    case dilations
    /// A grouped convolution is computed without groups.
    case groupIgnored
    case group
    case kernelShape
    /// A pool rounds its output size up in one network and down in the other.
    case ceilMode
    /// An average counts the padding in one network only.
    case countIncludePad
    /// Maximum for average, or the other way round.
    case poolingKind
    /// A pool over the whole plane for one over a window, or the other way round.
    case poolingGlobal

    // MARK: Local response normalisation

    /// alpha is taken n times too large or too small: divided by the size, or not.
    case lrnAlphaDivision
    case lrnAlpha
    /// Another number of channels; the radius for the size among others.
    case lrnSize
    case lrnBeta
    case lrnBias

    // MARK: Activations

    case activationMissing
    case activationExtra
    /// Another function.
    case activationKind
    /// A bound is lost, added or different: ReLU for ReLU6.
    case activationBound
    /// Another slope for negative values: leaky ReLU, PReLU, ELU.
    case activationSlope
    /// Other constants: hard sigmoid's .2·x + .5 for x/6 + .5, SELU's.
    case activationConstants
    /// GELU by tanh for GELU by erf, or the other way round.
    case geluApproximation
    case softmaxMissing
    /// A softmax that the reference does not have: applied twice, or added.
    case softmaxExtra
    case softmaxAxis

    // MARK: Other operators

    case gemmAlpha
    case gemmBeta
    case gemmTranspose
    /// Another mapping from output to input coordinates: half_pixel, align_corners, asymmetric.
    case resizeCoordinates
    /// Nearest, linear or cubic.
    case resizeMode
    /// Another rounding of nearest.
    case resizeRounding
    /// Another scale or size.
    case resizeScale
    case resizeAntialias
    case flattenAxis
    case reshapeShape
    /// The graph takes one size of batch only.
    case batchFixed
    /// constant, reflect, edge.
    case padMode
    /// The constant that padding is filled with.
    case padValue
    /// The amounts of an explicit Pad.
    case padAmount
    /// The same inputs in another order: of Concat, Sub, Div.
    case operandOrder
    /// The axis of Concat, Split, Gather or a reduction.
    case axis
    case transposePermutation
    /// A transpose that only one network has.
    case transposeMissing
    case transposeExtra
    /// A product with a constant is missing, extra or has another constant: dropout's 1 − p, /255.
    case constantFactor
    /// A sum with a constant is missing, extra or has another constant: means not subtracted.
    case constantOffset
    /// An operator reads another layer's output.
    case wiring
    /// Layers stand in another order: local response normalisation and pool.
    case layersReordered
    case layerMissing
    case layerExtra
    /// Another operator.
    case operatorKind
    /// An attribute differs that none of the others names.
    case attribute
    /// A layer has another number of channels, inputs or outputs.
    case tensorShape
    /// The network's input is declared with another size.
    case inputSize
    /// Another value is the network's output.
    case output
    /// Pictures are to be prepared in another way.
    case preprocessing
    /// A tensor is on one side only, and none of the others says why.
    case tensorMissing
    case tensorExtra

    /// Different, and none of the others.
    case unknown
}
