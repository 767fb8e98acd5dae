import Tensors

/// Keras' axis orders against the canonical ones; every pair is exact and inverse.
enum KerasLayout {
    /// Kernel [kh, kw, in/groups, out] → [out, in/groups, kh, kw].
    static func canonicalKernel(_ tensor: Tensor) -> Tensor { tensor.permuted([3, 2, 0, 1]) }

    /// Kernel [out, in/groups, kh, kw] → [kh, kw, in/groups, out].
    static func kernel(_ tensor: Tensor) -> Tensor { tensor.permuted([2, 3, 1, 0]) }

    /// Depthwise kernel [kh, kw, in, multiples] → [in·multiples, 1, kh, kw].
    static func canonicalDepthwise(_ tensor: Tensor) -> Tensor {
        let shape = tensor.shape
        return tensor.permuted([2, 3, 0, 1]).reshaped([shape[2] * shape[3], 1, shape[0], shape[1]])
    }

    /// Depthwise kernel [in·multiples, 1, kh, kw] → [kh, kw, in, multiples], `channels` being in.
    static func depthwise(_ tensor: Tensor, channels: Int) -> Tensor {
        let shape = tensor.shape
        return tensor.reshaped([channels, shape[0] / channels, shape[2], shape[3]])
            .permuted([2, 3, 0, 1])
    }

    /// Dense matrix [in, out] → [out, in]. With `picture` [C, H, W], the inputs are a flattened
    /// picture in HWC order and become CHW: (h·W + w)·C + c → (c·H + h)·W + w.
    static func canonicalDense(_ tensor: Tensor, picture: [Int]? = nil) -> Tensor {
        guard let picture else { return tensor.permuted([1, 0]) }
        let outputs = tensor.shape[1]
        return tensor.reshaped([picture[1] * picture[2], picture[0], outputs])
            .permuted([2, 1, 0]).reshaped([outputs, tensor.shape[0]])
    }

    /// Dense matrix [out, in] → [in, out], CHW inputs becoming HWC for a `picture` [C, H, W].
    static func dense(_ tensor: Tensor, picture: [Int]? = nil) -> Tensor {
        guard let picture else { return tensor.permuted([1, 0]) }
        let outputs = tensor.shape[0]
        return tensor.reshaped([outputs, picture[0], picture[1] * picture[2]])
            .permuted([2, 1, 0]).reshaped([tensor.shape[1], outputs])
    }

    /// Slopes beside a picture [C, H, W], of sizes or 1 → [H, W, C].
    static func slopes(_ tensor: Tensor) -> Tensor {
        let ones = [Int](repeating: 1, count: max(0, 3 - tensor.rank))
        return tensor.reshaped(ones + tensor.shape).permuted([1, 2, 0])
    }

    /// A vector over a flattened `picture` [C, H, W], CHW → HWC.
    static func vector(_ tensor: Tensor, picture: [Int]?) -> Tensor {
        guard let picture, picture.reduce(1, *) == tensor.elementCount else { return tensor }
        return tensor.reshaped(picture).permuted([1, 2, 0]).reshaped(tensor.shape)
    }
}
