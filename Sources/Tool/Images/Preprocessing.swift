package import Tensors

/// How a picture becomes a network's input, as the networks' training did it.
///
/// Networks with one input channel are given grey values (`Picture.grey()`) instead, scaled as the
/// same ecosystem scales handwritten digits; see `tensor(of:channels:height:width:)`.
package enum Preprocessing: String, CaseIterable, Sendable {
    /// torchvision: short side to 8/7 of the input's longer side (224 → 256; bilinear), centre
    /// crop, `(v/255 − mean) / std`, RGB.
    case torchvision
    /// Keras `load_img` and `preprocess_input` of VGG: stretched to the input's size (nearest),
    /// BGR, `v − mean`.
    case kerasCaffe = "keras-caffe"
    /// Keras mode "tf": stretched to the input's size (nearest), RGB, `v/127.5 − 1`.
    case kerasTF = "keras-tf"
    /// Caffe's AlexNet and CaffeNet: stretched to 256 × 256, or the input's size where that is larger
    /// (bilinear), centre crop, BGR, `v − mean`, the mean over each channel of Caffe's mean image.
    case caffe
    /// LeNet-5's of 1998, for grey digits as MNIST's files have them (ink 255): framed by two pixels
    /// of paper, `v/255 · 1.275 − 0.1`, so that paper is −0.1 and ink 1.175.
    case lenet5Original = "lenet5-1998"
    /// Keras `load_img` and `img_to_array` alone: stretched to the input's size (nearest), RGB,
    /// 0…255, for networks that scale their input themselves.
    case none

    /// The longest side an input may have: any real network's, and small enough to allocate.
    package static let maximumSide = 8192

    /// The input of a network: float32 [1, `channels`, `height`, `width`].
    ///
    /// With one channel the picture is made grey and stretched (bilinear) to the input's size, and
    /// values are `v/255` (torchvision, MNIST's `ToTensor`), `v/127.5 − 1` (keras-tf), `v·2⁻⁸`
    /// (caffe, its LeNet's `scale: 0.00390625`) or `v` (none); `keras-caffe` has no such form. A
    /// 28×28 digit for a 32×32 input, LeNet-5's original size, is framed by 2 black pixels instead;
    /// `lenet5-1998` frames every picture, stretching it to what is inside.
    ///
    /// - Throws: `PictureError` when the recipe has no such input.
    package func tensor(
        of picture: Picture, channels: Int, height: Int, width: Int
    ) throws(PictureError) -> Tensor {
        try tensor(
            of: picture, views: [PictureView(shortSide: nil, part: .center)], channels: channels,
            size: (width, height))
    }

    /// Several views as one input: float32 [views, `channels`, height, width].
    ///
    /// A view's picture is rescaled with the recipe's filter, to the view's short side or as the
    /// recipe does it; then mirrored; then cropped. Caffe mirrors what it has cropped. With one
    /// channel there is one view, of the whole picture.
    ///
    /// - Parameters:
    ///   - views: of one size, parts or all `whole` at one scale; at least one.
    ///   - size: of the network's input and of parts; nil where the network takes any.
    /// - Throws: `PictureError` when the recipe has no such input, or the picture no such part.
    package func tensor(
        of picture: Picture, views: [PictureView], channels: Int, size: (width: Int, height: Int)?
    ) throws(PictureError) -> Tensor {
        if let size {
            guard 1...Self.maximumSide ~= size.height, 1...Self.maximumSide ~= size.width else {
                throw error(
                    expected: "input sides of 1…\(Self.maximumSide)",
                    found: "\(size.height)×\(size.width)")
            }
        }
        let planes = try planes(channels: channels)
        var rescaled: [PictureView: Picture] = [:]
        var values: [Float] = []
        var last = picture
        for view in views {
            var base = view
            base.part = .whole
            if rescaled[base] == nil {
                rescaled[base] =
                    channels == 1
                    ? try fitted(picture.grey(), to: size, or: view.shortSide)
                    : try self.rescaled(picture, for: view, size)
            }
            guard let whole = rescaled[base] else { continue }
            last = try whole.part(
                view.part, of: size ?? (whole.width, whole.height), roundsDown: self == .caffe)
            if view.isMirrored, self == .caffe { last = last.flippedHorizontally() }
            if values.isEmpty {
                values.reserveCapacity(views.count * channels * last.width * last.height)
            }
            last.append(planes, to: &values)
        }
        return Tensor(values, shape: [views.count, channels, last.height, last.width])
    }

    func error(expected: String, found: String) -> PictureError {
        PictureError(
            file: "", format: "", place: "preprocessing \(rawValue)", expected: expected,
            found: found)
    }
}

/// Geometry.
extension Preprocessing {
    /// How the recipe's own loader resizes.
    private var filter: ResamplingFilter {
        switch self {
        case .torchvision, .caffe, .lenet5Original: .bilinear
        case .kerasCaffe, .kerasTF, .none: .nearest
        }
    }

    /// Whether parts are taken from a picture that the recipe stretches to a square by itself.
    package var cropsStretched: Bool { self == .caffe }

    /// The short side from which inputs of `side` are cropped: 8/7 of it, 256 for 224.
    package static func shortSide(for side: Int) -> Int {
        Int((Double(side * 256) / 224).rounded())
    }

    /// The picture from which a view's part is taken.
    private func rescaled(
        _ picture: Picture, for view: PictureView, _ size: (width: Int, height: Int)?
    ) throws(PictureError) -> Picture {
        var result = picture
        if let short = view.shortSide {
            result = try picture.withShortSide(short, filter: filter)
        } else if let size {
            switch self {
            case .torchvision:
                let short = Self.shortSide(for: max(size.width, size.height))
                result = try picture.withShortSide(short)
            case .lenet5Original: throw error(expected: "an input of 1 channel", found: "3")
            case .kerasCaffe, .kerasTF, .none: result = picture.resized(to: size, filter: filter)
            case .caffe:
                let stretched = (width: max(256, size.width), height: max(256, size.height))
                result = picture.resized(to: stretched, filter: filter)
            }
        }
        if view.isOfSquare {
            let side = min(result.width, result.height)
            result = result.centerCropped(width: side, height: side)
        }
        return view.isMirrored && self != .caffe ? result.flippedHorizontally() : result
    }

    /// A grey picture for an input of `size`, or of any size, with its short side at `short`.
    private func fitted(
        _ grey: Picture, to size: (width: Int, height: Int)?, or short: Int?
    ) throws(PictureError) -> Picture {
        guard let size else {
            guard let short else { return grey }
            return try grey.withShortSide(short)
        }
        if (grey.width, grey.height) == size { return grey }
        let isOriginalDigit = grey.width == 28 && grey.height == 28 && size == (32, 32)
        guard isOriginalDigit || self == .lenet5Original, size.width > 4, size.height > 4 else {
            return grey.resized(to: size, filter: .bilinear)
        }
        return grey.resized(to: (size.width - 4, size.height - 4), filter: .bilinear)
            .padded(left: 2, top: 2, right: 2, bottom: 2)
    }
}
