import Architectures
import IR
import Reports
import Runtime
import Tensors

/// What local response normalisation costs VGG's configuration A.
func localResponse(_ context: ArgumentContext) throws -> Argument {
    let networks = try ["vgg11", "vgg11_lrn"].map { try KnownNetwork($0) }
    let plans = try networks.map { try $0.plan(context.engine) }
    let times = try context.measures ? measured(context.engine) : nil
    let rows = networks.indices.map { index in
        let sizes = networks[index].sizes
        return FigureTable.Row(
            networks[index].architecture.name,
            [
                .count(sizes.parameters), .bytes(sizes.activationBytes),
                .bytes(sizes.peakActivationBytes), .bytes(plans[index].arenaByteCount),
                times.map { Figure.milliseconds($0.whole[index]) },
                index == 1 ? times.map { Figure.milliseconds($0.normalization) } : nil,
                .decimal([29.6, 29.7][index], digits: 1),
            ])
    }
    let extra = networks[1].sizes.activationBytes - networks[0].sizes.activationBytes
    let arena = plans[1].arenaByteCount - plans[0].arenaByteCount
    func mebibytes(_ bytes: Int) -> String { Figure.bytes(bytes).text(separator: ",") + " MiB" }
    let time = times.map { times in
        let cost = Figure.milliseconds(times.normalization).text(separator: ",")
        let share = Figure.share(times.normalization / times.whole[0]).text(separator: ",")
        return " and \(cost) ms, \(share) of what the whole of A takes"
    }
    let costs = extra > 0 && arena >= 0 && (times.map { $0.normalization > 0 } ?? true)
    return Argument(
        name: "lrn", title: "Local response normalisation",
        claim: "Normalising over neighbouring channels does not improve configuration A, but "
            + "takes memory and time.",
        source: "Simonyan and Zisserman, 2014, sections 2.1 and 4.1; errors quoted from table 3",
        formulas: [
            "y = x ÷ (k + α Σ x²)^β over n = 5 channels: one map of 64 × 224 × 224 more",
            "kept: input and all layers’ results, as for training; peak: what is alive at once; "
                + "planned: the same with Ferry’s fusions, batch 1",
        ]
            + (context.measures
                ? ["time: the network’s and the layer’s median of 9 runs, both networks in turn"]
                : []),
        table: FigureTable(
            "network",
            [
                .init("parameters", "parameters"), .init("kept_bytes", "kept, MiB"),
                .init("peak_bytes", "peak, MiB"), .init("planned_bytes", "planned, MiB"),
                .init("milliseconds", "time, ms", .measured),
                .init("lrn_milliseconds", "the layer, ms", .measured),
                .init("top1_error", "top-1 error, %", .quoted),
            ], rows),
        verdict: costs ? .holds : .doesNotHold,
        conclusion: "The layer has no parameters; it costs \(mebibytes(extra)) of kept "
            + "activations, \(mebibytes(arena)) of planned ones\(time ?? ""), and the paper "
            + "finds errors no lower.")
}

extension KnownNetwork {
    /// The plan for a batch of 1.
    func plan(_ engine: Engine) throws -> Plan {
        try engine.plan(file, inputShapes: file.inputShapes(batch: 1))
    }
}

/// Milliseconds of both networks, and of the normalisation alone.
private func measured(_ engine: Engine) throws -> (whole: [Double], normalization: Double) {
    // The tensors of both are the same.
    let weights = try Architecture.seeded("vgg11", seed: 1).weights
    let plans = try ["vgg11", "vgg11_lrn"].map { name in
        let network = try KnownNetwork(name)
        let file = ModelFile(
            Model(
                graph: network.file.model.graph, weights: weights,
                architecture: network.architecture, origin: .pytorch))
        let inputs = try file.seededInputs(batch: 1)
        return (
            plan: try engine.plan(file, inputShapes: inputs.mapValues(\.shape)), inputs: inputs
        )
    }
    let rounds = try Rounds(plans, engine, count: 9)
    let step = plans[1].plan.summary.firstIndex { $0.operation.contains("LRN") }
    return (rounds.whole.map(median), step.map { median(rounds.steps[1][$0]) } ?? 0)
}
