import Architectures
import Reports

/// What of each network's weights and work lies in its dense layers.
func denseShares(_ context: ArgumentContext) throws -> Argument {
    var shares: [String: (weights: Double, work: Double)] = [:]
    let rows = try context.chosen(else: ArchitectureRegistry.names).map { name in
        let network = try KnownNetwork(name)
        let (convolutions, dense) = (network.convolutions, network.denseLayers)
        let weights = Double(dense.parameters) / Double(network.sizes.parameters)
        let work = Double(dense.multiplyAdds) / Double(network.sizes.multiplyAdds)
        shares[name] = (weights, work)
        return FigureTable.Row(
            name,
            [
                .count(convolutions.parameters), .count(dense.parameters),
                .count(network.sizes.parameters), .share(weights),
                .count(convolutions.multiplyAdds), .count(dense.multiplyAdds),
                .count(network.sizes.multiplyAdds), .share(work),
            ])
    }
    let holding = shares.values.count { $0.weights >= 0.945 && (0.05...0.1).contains($0.work) }
    let examples = ["alexnet", "vgg16"].compactMap { name in
        shares[name].map { share in
            "\(name)’s dense layers hold "
                + Figure.share(share.weights).text(separator: ",") + " of its weights and do "
                + Figure.share(share.work).text(separator: ",") + " of its work"
        }
    }
    return Argument(
        name: "dense", title: "Where weights and work lie",
        claim: "Convolutions do 90 to 95 % of the work with 5 % of the parameters, dense layers "
            + "the rest of the work with 95 % of the parameters.",
        source: "Krizhevsky, 2014, section 2",
        formulas: [
            "weights, with biases: outputs × (inputs ÷ groups × k² + 1), dense outputs × (inputs + 1)",
            "work, in multiply-adds: the weights × positions, biases not counted",
        ],
        table: FigureTable(
            "network",
            [
                .init("convolution_parameters", "conv weights"),
                .init("dense_parameters", "dense weights"), .init("parameters", "all"),
                .init("weight_share", "dense, of weights"),
                .init("convolution_multiply_adds", "conv work"),
                .init("dense_multiply_adds", "dense work"), .init("multiply_adds", "all"),
                .init("work_share", "dense, of work"),
            ], rows),
        chart: .bars(.init([["weight_share"], ["work_share"]])),
        verdict: holding == shares.count ? .holds : holding > 0 ? .holdsInPart : .doesNotHold,
        conclusion: examples.joined(separator: "; ")
            + (examples.isEmpty ? "" : ". ")
            + "Parameters of subsampling and normalisation are of neither kind.")
}
