import Architectures
import Reports

/// Stacks of small kernels against one large kernel that sees as much.
func kernelStacks(_ context: ArgumentContext) throws -> Argument {
    let channels = 256
    var found: [(name: String, kernel: Int, depth: Int, network: KnownNetwork)] = []
    for (kernel, depth, name) in [
        (3, 3, "three 3 × 3"), (7, 1, "one 7 × 7"), (3, 2, "two 3 × 3"), (5, 1, "one 5 × 5"),
    ] {
        let layers = (1...depth).flatMap { place -> [LayerSpec] in
            [
                .conv(
                    LayerNames("conv\(place)"), width: channels, kernel: kernel, pad: kernel / 2),
                .activation("relu\(place)", .relu),
            ]
        }
        found.append(
            (name, kernel, depth, try KnownNetwork(name, side: 56, channels: channels, layers)))
    }
    let rows = found.map { name, _, depth, network in
        // Multiply-adds at one position are the weights.
        let weights = network.sizes.multiplyAdds / (56 * 56)
        return FigureTable.Row(
            name,
            [
                .count(weights / (channels * channels)), .count(weights),
                .count(network.sizes.parameters), .count(network.sizes.multiplyAdds),
                .count(network.receptiveField), .count(depth),
            ])
    }
    let weights = found.map(\.network.sizes.multiplyAdds)
    let fields = found.map(\.network.receptiveField)
    let isFewer = weights[0] < weights[1] && weights[2] < weights[3]
    let seesAsMuch = fields[0] == fields[1] && fields[2] == fields[3]
    func saved(_ stack: Int, _ single: Int) -> String {
        Figure.share(1 - Double(weights[stack]) / Double(weights[single])).text(separator: ",")
    }
    return Argument(
        name: "stacks", title: "Stacks of 3 × 3 kernels",
        claim: "Three layers of 3 × 3 see as much as one of 7 × 7, and two as much as one of "
            + "5 × 5, with fewer weights and more non-linear layers: 27 C² against 49 C², 18 C² "
            + "against 25 C².",
        source: "Simonyan and Zisserman, 2014, section 2.3",
        formulas: [
            "weights: layers × k² × C², here with C = \(channels) channels",
            "field: 1 + layers × (k − 1)",
            "multiply-adds on a map of 56 × 56: weights × 56²",
        ],
        table: FigureTable(
            "layers",
            [
                .init("weights_per_square", "weights ÷ C²"), .init("weights", "weights"),
                .init("parameters", "with biases"), .init("multiply_adds", "multiply-adds"),
                .init("field", "field"), .init("activations", "non-linear layers"),
            ], rows),
        verdict: isFewer && seesAsMuch ? .holds : .doesNotHold,
        conclusion: "Three 3 × 3 save \(saved(0, 1)) of the weights and of the work of one 7 × 7, "
            + "two 3 × 3 \(saved(2, 3)) of those of one 5 × 5.")
}
