/// AlexNet as torchvision has it: one tower, no local response normalisation.
///
/// Dropout (`classifier.0`, `.3`) and the adaptive pool, the identity at 224 × 224, are left out.
///
/// Source: Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
enum AlexNet {
    static let network = Architecture(
        name: "alexnet", side: 224, channels: 3,
        layers: [
            .conv(names(0, "conv1"), width: 64, kernel: 11, stride: 4, pad: 2),
            .activation("features.1", .relu),
            .pool("features.2", .max, kernel: 3, stride: 2),
            .conv(names(3, "conv2"), width: 192, kernel: 5, stride: 1, pad: 2),
            .activation("features.4", .relu),
            .pool("features.5", .max, kernel: 3, stride: 2),
            .conv(names(6, "conv3"), width: 384, kernel: 3, stride: 1, pad: 1),
            .activation("features.7", .relu),
            .conv(names(8, "conv4"), width: 256, kernel: 3, stride: 1, pad: 1),
            .activation("features.9", .relu),
            .conv(names(10, "conv5"), width: 256, kernel: 3, stride: 1, pad: 1),
            .activation("features.11", .relu),
            .pool("features.12", .max, kernel: 3, stride: 2),
            .flatten("flatten"),
            .dense(LayerNames("classifier.1", keras: "fc6"), width: 4096),
            .activation("classifier.2", .relu),
            .dense(LayerNames("classifier.4", keras: "fc7"), width: 4096),
            .activation("classifier.5", .relu),
            .dense(LayerNames("classifier.6", keras: "fc8"), width: 1000),
        ],
        endsInSoftmaxInKeras: true, preprocess: "torchvision", preprocessInKeras: "keras-caffe")

    private static func names(_ index: Int, _ keras: String) -> LayerNames {
        LayerNames("features.\(index)", keras: keras)
    }
}
