/// A channel of an input: the picture's channel (0 red, 1 green, 2 blue), and what becomes of each
/// of its values, in float32 throughout.
typealias InputPlane = (channel: Int, value: (Float) -> Float)

/// Values.
extension Preprocessing {
    /// The channels of an input, in its order.
    ///
    /// - Throws: `PictureError` when the recipe has no input of so many channels.
    func planes(channels: Int) throws(PictureError) -> [InputPlane] {
        switch channels {
        case 3: return try colorPlanes
        case 1: return [(0, try greyValue)]
        default: throw error(expected: "an input of 1 or 3 channels", found: "\(channels)")
        }
    }

    private var colorPlanes: [InputPlane] {
        get throws(PictureError) {
            switch self {
            case .lenet5Original: throw error(expected: "an input of 1 channel", found: "3")
            case .torchvision:
                return [
                    (0, { ($0 / 255 - 0.485) / 0.229 }), (1, { ($0 / 255 - 0.456) / 0.224 }),
                    (2, { ($0 / 255 - 0.406) / 0.225 }),
                ]
            case .kerasCaffe:
                return [(2, { $0 - 103.939 }), (1, { $0 - 116.779 }), (0, { $0 - 123.68 })]
            case .kerasTF: return (0..<3).map { channel in (channel, { $0 / 127.5 - 1 }) }
            case .caffe:
                return [(2, { $0 - 104.00699 }), (1, { $0 - 116.66877 }), (0, { $0 - 122.67892 })]
            case .none: return (0..<3).map { channel in (channel, { $0 }) }
            }
        }
    }

    private var greyValue: (Float) -> Float {
        get throws(PictureError) {
            switch self {
            case .torchvision: return { $0 / 255 }
            case .kerasTF: return { $0 / 127.5 - 1 }
            case .caffe: return { $0 * 0x1p-8 }
            case .lenet5Original: return { $0 / 255 * 1.275 - 0.1 }
            case .none: return { $0 }
            case .kerasCaffe: throw error(expected: "an input of 3 channels", found: "1")
            }
        }
    }
}

extension Picture {
    /// Appends the planes' values, [planes, height, width].
    func append(_ planes: [InputPlane], to values: inout [Float]) {
        for plane in planes {
            let table = (0..<256).map { plane.value(Float($0)) }
            for sample in stride(from: plane.channel, to: samples.count, by: 3) {
                values.append(table[Int(samples[sample])])
            }
        }
    }
}
