/// What causes say to people.
extension Cause {
    /// Whether outputs stay the same all the same.
    package var isHarmless: Bool { self == .normalizationMomentum }

    /// What to do about it, as a sentence; nil where the finding says all there is to say.
    package var advice: String? {
        switch self {
        case .kernelHeightWidthSwapped, .kernelInOutSwapped, .kernelLayout:
            "Convert with the axis order of both frameworks: Keras keeps HWIO, ONNX, PyTorch and Caffe "
                + "OIHW."
        case .kernelFlipped, .kernelMirrored:
            "Kernels of Theano are turned by 180°, those of other backends are not: turn once, or "
                + "not at all (--keras-kernels)."
        case .denseTransposed:
            "Keras keeps dense matrices [in, out], PyTorch and Caffe [out, in]; for ONNX's Gemm see "
                + "transB. Square ones give no shape error."
        case .flattenOrder:
            "Permute the first dense layer's inputs once, by the shape before the flatten: Keras "
                + "counts H·W·C, ONNX, PyTorch and Caffe C·H·W."
        case .depthwiseOrder:
            "Output c·multiplier + m of a depthwise kernel belongs to input channel c."
        case .inputChannelsReversed:
            "Swap the first layer's input channels, or feed the other order of colours; not both."
        case .groupsExchanged:
            "Join the groups' kernels in the order in which the file lists them."
        case .inputChannelsPermuted, .outputChannelsPermuted, .elementsReordered:
            "Carry the layer over again, without reordering."
        case .tensorsExchanged, .tensorFromElsewhere:
            "Match tensors by layer and role, not by position or alphabet (conv10 sorts before conv2)."
        case .elementsShifted:
            "Check the data's offset and what stands before it: headers, alignment, skipped tensors."
        case .bytesSwapped:
            "ONNX and safetensors are little-endian; HDF5, NumPy and .pth say theirs in the file."
        case .zeroed, .constant, .biasMissing, .tensorMissing, .statisticsReset, .scaleIgnored,
            .shiftIgnored:
            "The tensor was not carried over: map its name in the source to its place here."
        case .tailZeroed:
            "The file was cut off or is not complete: fetch or convert it again, and compare sizes."
        case .scaled, .offset, .negated, .constantFactor, .constantOffset:
            "A scaling was applied twice, to the wrong side, or not at all: preprocessing (1/255), "
                + "dropout (1 − p), or a regulariser's factor."
        case .channelsScaled:
            "A scale of each channel was worked in, as when a normalisation is folded: see whether it "
                + "is still applied after it."
        case .roundedToFloat16, .roundedToBFloat16, .clampedToFloat16, .quantized,
            .roundedToDecimals:
            "Precision was lost on the way; convert from the original where that is not wanted."
        case .truncatedToBFloat16: "Round to nearest, ties to even, instead of cutting off."
        case .bitsAsNumbers: "The integers are bit patterns of 16-bit floats: reinterpret them."
        case .bitFlipped, .elementChanged, .elementsChanged:
            "The file is damaged or was edited: compare checksums and fetch it again."
        case .nonFinite: "See where numbers overflowed: float16 holds no more than 65504."
        default: structuralAdvice
        }
    }

    private var structuralAdvice: String? {
        switch self {
        case .statisticsPermuted:
            "Keras lists gamma, beta, mean, variance; Caffe mean, variance, factor, and a Scale "
                + "layer: match by name."
        case .varianceIsDeviation, .varianceIsInverseDeviation:
            "Store the variance itself: square it (and its inverse)."
        case .statisticsScaled: "Divide Caffe's mean and variance by the third blob."
        case .normalizationEpsilon:
            "Carry ε over: Keras 1e-3, PyTorch, ONNX and Caffe 1e-5 where nothing is said."
        case .normalizationTwice: "Drop the normalisation, or keep the weights as they were before."
        case .normalizationFolding:
            "Fold with scale/√(variance + ε), and the bias as (bias − mean)·factor + shift."
        case .padsOnWrongSide, .padsReordered, .padsMissing, .padsExtra, .pads:
            "ONNX's pads are all begins, then all ends: [top, left, bottom, right]; TensorFlow's SAME "
                + "pads the end first."
        case .ceilMode: "Caffe rounds up, others down unless told."
        case .countIncludePad: "Caffe and PyTorch count padding, TensorFlow and ONNX do not."
        case .lrnAlphaDivision:
            "ONNX, PyTorch and Caffe divide alpha by the size, TensorFlow and the paper do not."
        case .lrnSize: "size = 2·radius + 1."
        case .activationBound: "Carry the bound over: ReLU6 is Clip(0, 6)."
        case .activationSlope:
            "Write the slope down: .01 in PyTorch and ONNX, .3 or .2 in Keras where nothing is said."
        case .activationConstants:
            "Hard sigmoid is .2·x + .5 in ONNX and Keras 2, x/6 + .5 in PyTorch and Keras 3."
        case .softmaxMissing, .softmaxExtra:
            "Keras and Caffe networks end in softmax, torchvision's do not: compare like with like."
        case .layersReordered: "AlexNet normalises before the pool, CaffeNet after it."
        case .batchFixed: "Export with an open batch axis, and flatten by −1."
        case .unknown: "No known mistake explains it; other weights, or several mistakes at once."
        default: nil
        }
    }
}
