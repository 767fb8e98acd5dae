import Architectures
import Reports

extension KnownNetwork.Layer {
    /// Connections from units and biases to the layer's units; nil for layers without parameters.
    ///
    /// A convolution's unit is connected to k² units of each map that its own map sees, a unit of
    /// subsampling to those of its square, a dense one to all; each to one bias.
    var connections: Int? {
        let units = sizes.outputShape.reduce(1, *)
        switch spec {
        case .conv(_, let conv):
            let square = conv.kernel * conv.kernel
            if let table = conv.connections {
                return table.reduce(0) { $0 + $1.count * square + 1 } * (units / table.count)
            }
            return units * (input[1] / conv.groups * square + 1)
        case .subsampling(_, let kernel): return units * (kernel * kernel + 1)
        case .dense: return units * (inputs + 1)
        default: return nil
        }
    }

    /// Units that the layer reads.
    var inputs: Int { input.reduce(1, *) }
}

/// What LeNet-5 shares, against layers that share nothing, or see everything.
func weightSharing(_ context: ArgumentContext) throws -> Argument {
    let network = try KnownNetwork("lenet5_1998")
    /// Source: LeCun et al., 1998, section II.B.
    let published = [
        "c1": (156, 122_304), "s2": (12, 5_880), "c3": (1_516, 151_600), "s4": (32, 2_000),
        "c5": (48_120, 48_120), "f6": (10_164, 10_164),
    ]
    var agrees = true
    var c1 = (parameters: 1, connections: 0, full: 0)
    let rows = network.layers.compactMap { layer -> FigureTable.Row? in
        guard let connections = layer.connections, let paper = published[layer.spec.name] else {
            return nil
        }
        let parameters = layer.sizes.parameters
        let full = (layer.inputs + 1) * layer.sizes.outputShape.reduce(1, *)
        agrees = agrees && paper == (parameters, connections)
        if layer.spec.name == "c1" { c1 = (parameters, connections, full) }
        return FigureTable.Row(
            layer.spec.name.uppercased(),
            [
                .count(parameters), .count(paper.0), .count(connections), .count(paper.1),
                .decimal(Double(connections) / Double(parameters), digits: 1), .count(full),
            ])
    }
    func words(_ count: Int) -> String { Numbers.grouped(count) }
    return Argument(
        name: "sharing", title: "Local connections and shared weights",
        claim: "A map whose units see small squares and share one kernel has few free parameters "
            + "for many connections.",
        source: "LeCun, Bottou, Bengio and Haffner, 1998, sections II.A and II.B",
        formulas: [
            "connections: units × (k² × maps seen + 1 bias); subsampling: units × (k² + 1)",
            "without sharing, each connection has a parameter of its own",
            "fully connected, parameters: (units read + 1) × units",
        ],
        table: FigureTable(
            "LeNet-5, 1998",
            [
                .init("parameters", "parameters"),
                .init("published_parameters", "in the paper", .quoted),
                .init("connections", "connections"),
                .init("published_connections", "in the paper", .quoted),
                .init("connections_per_parameter", "for each parameter"),
                .init("fully_connected", "fully connected"),
            ], rows),
        verdict: agrees ? .holds : .doesNotHold,
        conclusion: "C1 trains \(words(c1.parameters)) numbers for \(words(c1.connections)) "
            + "connections, each used \(words(c1.connections / c1.parameters)) times. Locally "
            + "connected but unshared it would train \(words(c1.connections)), fully connected "
            + "\(words(c1.full)), \(words(c1.full / c1.parameters)) times as many. "
            + (agrees ? "All counts are the paper’s." : "The counts are not the paper’s."))
}
