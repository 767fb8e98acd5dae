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
    private static let maximumSide = 8192

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
        guard 1...Self.maximumSide ~= height, 1...Self.maximumSide ~= width else {
            throw error(
                expected: "input sides of 1…\(Self.maximumSide)", found: "\(height)×\(width)")
        }
        let size = (width: width, height: height)
        switch channels {
        case 3: return try colorTensor(of: try framed(picture, to: size))
        case 1: return try greyTensor(of: picture, size)
        default: throw error(expected: "an input of 1 or 3 channels", found: "\(channels)")
        }
    }

    private func error(expected: String, found: String) -> PictureError {
        PictureError(
            file: "", format: "", place: "preprocessing \(rawValue)", expected: expected,
            found: found)
    }
}

/// Geometry.
extension Preprocessing {
    private func framed(
        _ picture: Picture, to size: (width: Int, height: Int)
    ) throws(PictureError) -> Picture {
        switch self {
        case .torchvision:
            let short = (Double(max(size.width, size.height) * 256) / 224).rounded()
            return try picture.withShortSide(Int(short))
                .centerCropped(width: size.width, height: size.height)
        case .lenet5Original: throw error(expected: "an input of 1 channel", found: "3")
        case .kerasCaffe, .kerasTF, .none:
            return picture.resized(to: size, filter: .nearest)
        case .caffe:
            let stretched = (width: max(256, size.width), height: max(256, size.height))
            // Caffe rounds the offset down.
            return picture.resized(to: stretched, filter: .bilinear).cropped(
                left: (stretched.width - size.width) / 2,
                top: (stretched.height - size.height) / 2, width: size.width, height: size.height)
        }
    }

    private func fitted(_ grey: Picture, to size: (width: Int, height: Int)) -> Picture {
        if (grey.width, grey.height) == size { return grey }
        let isOriginalDigit = grey.width == 28 && grey.height == 28 && size == (32, 32)
        guard isOriginalDigit || self == .lenet5Original, size.width > 4, size.height > 4 else {
            return grey.resized(to: size, filter: .bilinear)
        }
        return grey.resized(to: (size.width - 4, size.height - 4), filter: .bilinear)
            .padded(left: 2, top: 2, right: 2, bottom: 2)
    }

    private func greyTensor(
        of picture: Picture, _ size: (width: Int, height: Int)
    ) throws(PictureError) -> Tensor {
        let fitted = fitted(picture.grey(), to: size)
        switch self {
        case .torchvision: return fitted.tensor([(0, { $0 / 255 })])
        case .kerasTF: return fitted.tensor([(0, { $0 / 127.5 - 1 })])
        case .caffe: return fitted.tensor([(0, { $0 * 0x1p-8 })])
        case .lenet5Original: return fitted.tensor([(0, { $0 / 255 * 1.275 - 0.1 })])
        case .none: return fitted.tensor([(0, { $0 })])
        case .kerasCaffe: throw error(expected: "an input of 3 channels", found: "1")
        }
    }
}

/// Values.
extension Preprocessing {
    private func colorTensor(of picture: Picture) throws(PictureError) -> Tensor {
        switch self {
        case .lenet5Original: throw error(expected: "an input of 1 channel", found: "3")
        case .torchvision:
            picture.tensor([
                (0, { ($0 / 255 - 0.485) / 0.229 }),
                (1, { ($0 / 255 - 0.456) / 0.224 }),
                (2, { ($0 / 255 - 0.406) / 0.225 }),
            ])
        case .kerasCaffe:
            picture.tensor([(2, { $0 - 103.939 }), (1, { $0 - 116.779 }), (0, { $0 - 123.68 })])
        case .kerasTF:
            picture.tensor((0..<3).map { channel in (channel, { $0 / 127.5 - 1 }) })
        case .caffe:
            picture.tensor([
                (2, { $0 - 104.00699 }), (1, { $0 - 116.66877 }), (0, { $0 - 122.67892 }),
            ])
        case .none: picture.tensor((0..<3).map { channel in (channel, { $0 }) })
        }
    }
}

extension Picture {
    /// Float32 [1, planes, height, width]; a plane is a channel (0 red, 1 green, 2 blue) through a
    /// function, in float32 throughout.
    fileprivate func tensor(_ planes: [(channel: Int, value: (Float) -> Float)]) -> Tensor {
        var values: [Float] = []
        values.reserveCapacity(planes.count * width * height)
        for plane in planes {
            let table = (0..<256).map { plane.value(Float($0)) }
            for sample in stride(from: plane.channel, to: samples.count, by: 3) {
                values.append(table[Int(samples[sample])])
            }
        }
        return Tensor(values, shape: [1, planes.count, height, width])
    }
}
