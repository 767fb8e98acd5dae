/// The VGG networks A, B, D and E, plain and with batch normalisation, as torchvision has them.
///
/// Every convolution is 3 × 3 with pad 1, every pool 2 × 2; dropout and the adaptive pool, the
/// identity at 224 × 224, are left out.
///
/// Source: Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
/// Recognition", 2014, table 1.
enum VGG {
    static let networks: [Architecture] = [
        ("vgg11", [1, 1, 2, 2, 2]), ("vgg13", [2, 2, 2, 2, 2]),
        ("vgg16", [2, 2, 3, 3, 3]), ("vgg19", [2, 2, 4, 4, 4]),
    ].flatMap { name, depths in
        [network(name, depths, isNormalized: false), network(name, depths, isNormalized: true)]
    }

    /// - Parameter depths: convolutions in each of the five blocks.
    private static func network(
        _ name: String, _ depths: [Int], isNormalized: Bool
    ) -> Architecture {
        var layers: [LayerSpec] = []
        /// The layer's place in torchvision's `features`, where every kind of layer counts.
        var nextName: String { "features.\(layers.count)" }
        for (block, (depth, width)) in zip(depths, [64, 128, 256, 512, 512]).enumerated() {
            for place in 1...depth {
                let keras = "block\(block + 1)_conv\(place)"
                let names = LayerNames(
                    nextName, keras: keras, caffe: "conv\(block + 1)_\(place)")
                layers.append(.conv(names, width: width, kernel: 3, stride: 1, pad: 1))
                if isNormalized {
                    layers.append(.batchNorm(LayerNames(nextName, keras: "\(keras)_bn")))
                }
                layers.append(.activation(nextName, .relu))
            }
            layers.append(.pool(nextName, .max, kernel: 2, stride: 2))
        }
        layers += [
            .flatten("flatten"),
            .dense(LayerNames("classifier.0", keras: "fc1", caffe: "fc6"), width: 4096),
            .activation("classifier.1", .relu),
            .dense(LayerNames("classifier.3", keras: "fc2", caffe: "fc7"), width: 4096),
            .activation("classifier.4", .relu),
            .dense(
                LayerNames("classifier.6", keras: "predictions", caffe: "fc8"), width: 1000),
        ]
        return Architecture(
            name: isNormalized ? "\(name)_bn" : name, side: 224, channels: 3, layers: layers,
            endsInSoftmaxInKeras: true, preprocess: "torchvision",
            preprocessInKeras: "keras-caffe", normalizedTwin: isNormalized ? nil : "\(name)_bn")
    }
}
