/// LeNet-5 in its modern form: full second convolution, pools without parameters, linear output.
///
/// Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
/// Recognition", 1998; the form that frameworks' tutorials share.
enum LeNet5 {
    /// ReLU and max pooling.
    static let relu = network("lenet5", .relu, .max)
    /// Tanh and average pooling.
    static let tanh = network("lenet5_tanh", .tanh, .average)

    private static func network(
        _ name: String, _ activation: LayerSpec.Activation, _ pooling: LayerSpec.Pooling
    ) -> Architecture {
        let word = activation == .relu ? "relu" : "tanh"
        return Architecture(
            name: name, side: 28, channels: 1,
            layers: [
                .conv(LayerNames("conv1"), width: 6, kernel: 5, stride: 1, pad: 2),
                .activation("\(word)1", activation),
                .pool("pool1", pooling, kernel: 2, stride: 2),
                .conv(LayerNames("conv2"), width: 16, kernel: 5, stride: 1, pad: 0),
                .activation("\(word)2", activation),
                .pool("pool2", pooling, kernel: 2, stride: 2),
                .flatten("flatten"),
                .dense(LayerNames("fc1"), width: 120),
                .activation("\(word)3", activation),
                .dense(LayerNames("fc2"), width: 84),
                .activation("\(word)4", activation),
                .dense(LayerNames("fc3"), width: 10),
            ])
    }
}
