/// LeNet-5 as published: pictures of 32 × 32, trainable subsampling, a third layer that sees some
/// of the maps only, scaled tanh throughout, and distances to the digits' codes for outputs.
///
/// | layer | parameters |
/// |---|---|
/// | C1, 6 maps of 5 × 5 | 156 |
/// | S2, a coefficient and a bias a map | 12 |
/// | C3, 16 maps of 5 × 5 over 3, 4 or 6 of S2's | 1,516 |
/// | S4 | 32 |
/// | C5, 120 maps of 5 × 5 | 48,120 |
/// | F6, 84 units | 10,164 |
/// | RBF, 10 units of fixed codes | 0 |
///
/// Source: LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
/// Recognition", 1998, section II.B and table I.
enum LeNet5Original {
    static let network = Architecture(
        name: "lenet5_1998", side: 32, channels: 1,
        layers: [
            .conv(LayerNames("c1"), width: 6, kernel: 5),
            .activation("c1.squash", .scaledTanh),
            .subsampling(LayerNames("s2"), kernel: 2),
            .activation("s2.squash", .scaledTanh),
            .conv(LayerNames("c3"), width: 16, kernel: 5, connections: connections),
            .activation("c3.squash", .scaledTanh),
            .subsampling(LayerNames("s4"), kernel: 2),
            .activation("s4.squash", .scaledTanh),
            .conv(LayerNames("c5"), width: 120, kernel: 5),
            .activation("c5.squash", .scaledTanh),
            .flatten("flatten"),
            .dense(LayerNames("f6"), width: 84),
            .activation("f6.squash", .scaledTanh),
            .radialBasis(LayerNames("rbf"), width: 10),
        ],
        preprocess: "lenet5-1998", preprocessInKeras: "lenet5-1998", ranksSmallestFirst: true)

    /// The maps of S2 that each map of C3 is connected to.
    private static let connections = [
        [0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [0, 4, 5], [0, 1, 5],
        [0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5], [0, 3, 4, 5], [0, 1, 4, 5], [0, 1, 2, 5],
        [0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5],
        [0, 1, 2, 3, 4, 5],
    ]
}
