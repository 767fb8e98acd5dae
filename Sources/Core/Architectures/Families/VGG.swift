/// The VGG networks A, A-LRN, B, C, D and E; A, B, D and E also with batch normalisation.
///
/// Convolutions are 3 × 3 with pad 1, in C the third of a block 1 × 1; pools are 2 × 2; dropout and
/// the adaptive pool, the identity at 224 × 224, are left out. A-LRN normalises behind the first
/// ReLU, with the constants of 2012. Layers are numbered as in torchvision, which has no C and no
/// A-LRN: C's numbers are D's, and A-LRN's tensors are called as A's.
///
/// Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
/// Recognition", 2014, table 1.
enum VGG {
    static let networks: [Architecture] = torchvision.flatMap(\.plainAndNormalized) + others

    private static let torchvision = [
        Configuration("vgg11", [1, 1, 2, 2, 2]), Configuration("vgg13", [2, 2, 2, 2, 2]),
        Configuration("vgg16", [2, 2, 3, 3, 3]), Configuration("vgg19", [2, 2, 4, 4, 4]),
    ]
    private static let others = [
        Configuration("vgg11_lrn", [1, 1, 2, 2, 2], twin: "vgg11").network,
        Configuration("vgg16_c", [2, 2, 3, 3, 3], narrowThirds: true).network,
    ]

    fileprivate struct Configuration {
        let name: String
        /// Convolutions in each of the five blocks.
        let depths: [Int]
        var isNormalized = false
        /// The network without local response normalisation, for the one with it.
        let twin: String?
        /// Whether a block's third convolution is 1 × 1.
        let narrowThirds: Bool

        init(_ name: String, _ depths: [Int], twin: String? = nil, narrowThirds: Bool = false) {
            self.name = name
            self.depths = depths
            self.twin = twin
            self.narrowThirds = narrowThirds
        }
    }
}

extension VGG.Configuration {
    var plainAndNormalized: [Architecture] {
        var normalized = self
        normalized.isNormalized = true
        return [network, normalized.network]
    }

    var network: Architecture {
        let hasTwin = twin == nil && !narrowThirds && !isNormalized
        return Architecture(
            name: isNormalized ? "\(name)_bn" : name, side: 224, channels: 3,
            layers: features + Self.head, endsInSoftmaxInKeras: true, preprocess: "torchvision",
            preprocessInKeras: "keras-caffe", normalizedTwin: hasTwin ? "\(name)_bn" : nil,
            sharesTensorsOf: twin)
    }

    private var features: [LayerSpec] {
        var layers: [LayerSpec] = []
        /// The layer's place in torchvision's `features`, where every kind of layer counts.
        var index = 0
        func add(_ make: (String) -> LayerSpec) {
            layers.append(make("features.\(index)"))
            index += 1
        }
        for (block, (depth, width)) in zip(depths, [64, 128, 256, 512, 512]).enumerated() {
            for place in 1...depth {
                let keras = "block\(block + 1)_conv\(place)"
                let kernel = narrowThirds && place == 3 ? 1 : 3
                add {
                    .conv(
                        LayerNames($0, keras: keras, caffe: "conv\(block + 1)_\(place)"),
                        width: width, kernel: kernel, pad: kernel / 2)
                }
                if isNormalized { add { .batchNorm(LayerNames($0, keras: "\(keras)_bn")) } }
                add { .activation($0, .relu) }
            }
            if twin != nil, block == 0 {
                layers.append(.localResponse("features.lrn", .published))
            }
            add { .pool($0, .max, kernel: 2, stride: 2) }
        }
        return layers
    }

    private static let head: [LayerSpec] = [
        .flatten("flatten"),
        .dense(LayerNames("classifier.0", keras: "fc1", caffe: "fc6"), width: 4096),
        .activation("classifier.1", .relu),
        .dense(LayerNames("classifier.3", keras: "fc2", caffe: "fc7"), width: 4096),
        .activation("classifier.4", .relu),
        .dense(LayerNames("classifier.6", keras: "predictions", caffe: "fc8"), width: 1000),
    ]
}
