/// AlexNet as published: two towers, which are convolutions of two groups, and local response
/// normalisation; pools overlap.
///
/// The paper says pictures of 224 × 224 and first maps of 55 × 55, which a kernel of 11 and a
/// stride of 4 make of 227 without padding, as here and in Caffe. (224 with a pad of 2, as
/// torchvision has it, gives 55 too, but sees other pixels at the border.) Dropout is left out.
///
/// Source: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
/// Neural Networks", 2012; names and CaffeNet's order from Caffe's models.
enum AlexNet2012 {
    /// Convolution, ReLU, normalisation, pool; the paper's constants.
    static let network = network("alexnet_2012", .published, poolsFirst: false)
    /// Caffe's reference network: pool before normalisation, Caffe's constants.
    static let caffe = network("caffenet", .caffe, poolsFirst: true)

    private static func network(
        _ name: String, _ response: ResponseSpec, poolsFirst: Bool
    ) -> Architecture {
        /// What follows the first two convolutions.
        func reduction(_ number: Int) -> [LayerSpec] {
            let norm = LayerSpec.localResponse("norm\(number)", response)
            let pool = LayerSpec.pool("pool\(number)", .max, kernel: 3, stride: 2)
            return [.activation("relu\(number)", .relu)]
                + (poolsFirst ? [pool, norm] : [norm, pool])
        }
        return Architecture(
            name: name, side: 227, channels: 3,
            layers: [.conv(LayerNames("conv1"), width: 96, kernel: 11, stride: 4)]
                + reduction(1)
                + [.conv(LayerNames("conv2"), width: 256, kernel: 5, pad: 2, groups: 2)]
                + reduction(2)
                + [
                    .conv(LayerNames("conv3"), width: 384, kernel: 3, pad: 1),
                    .activation("relu3", .relu),
                    .conv(LayerNames("conv4"), width: 384, kernel: 3, pad: 1, groups: 2),
                    .activation("relu4", .relu),
                    .conv(LayerNames("conv5"), width: 256, kernel: 3, pad: 1, groups: 2),
                    .activation("relu5", .relu),
                    .pool("pool5", .max, kernel: 3, stride: 2),
                    .flatten("flatten"),
                    .dense(LayerNames("fc6"), width: 4096),
                    .activation("relu6", .relu),
                    .dense(LayerNames("fc7"), width: 4096),
                    .activation("relu7", .relu),
                    .dense(LayerNames("fc8"), width: 1000),
                ],
            endsInSoftmaxInKeras: true, preprocess: "caffe", preprocessInKeras: "caffe")
    }
}
