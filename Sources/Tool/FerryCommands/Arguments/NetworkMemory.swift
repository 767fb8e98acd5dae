import Architectures
import Reports
import Runtime

/// What Ferry needs to run each network, beside what is quoted for graphics processors.
func networkMemory(_ context: ArgumentContext) throws -> Argument {
    /// MiB; quoted in many places, none of which says what was measured how.
    let quoted = ["alexnet": 1191, "vgg11": 1467, "vgg13": 1477, "vgg16": 1501, "vgg19": 1527]
    var parts: [Double] = []
    var most = 0
    let rows = try context.chosen(else: ArchitectureRegistry.names).map { name in
        let network = try KnownNetwork(name)
        let plan = try network.plan(context.engine)
        let whole = network.sizes.parameterBytes + plan.preparedByteCount + plan.arenaByteCount
        most = max(most, whole)
        if let other = quoted[name] { parts.append(Double(whole) / Double(other << 20)) }
        return FigureTable.Row(
            name,
            [
                .bytes(network.sizes.parameterBytes), .bytes(plan.preparedByteCount),
                .bytes(plan.arenaByteCount), .bytes(whole),
                .bytes(network.sizes.peakActivationBytes), quoted[name].map { .bytes($0 << 20) },
            ])
    }
    let range = (parts.min() ?? 0, parts.max() ?? 0)
    func share(_ part: Double) -> String {
        Figure.decimal(100 * part, digits: 0).text(separator: ",")
    }
    return Argument(
        name: "memory", title: "Memory to run a network",
        claim: "Running one of these networks takes more than 1 GiB, and AlexNet hardly less than "
            + "VGG-19.",
        source: "often quoted for graphics processors, without a source",
        formulas: [
            "weights: 4 bytes × numbers of the file, statistics included",
            "prepared: convolutions’ weights rearranged, or transformed for Winograd’s filtering",
            "activations: what Ferry’s plan keeps alive at once, batch 1; unplanned: the same with "
                + "no two layers fused (‘ferry inspect --plan’, ‘--sizes’)",
            "left out: the program itself, and a few MiB of scratch a thread",
        ],
        table: FigureTable(
            "network",
            [
                .init("weight_bytes", "weights, MiB"), .init("prepared_bytes", "prepared"),
                .init("planned_bytes", "activations"), .init("bytes", "together"),
                .init("unplanned_bytes", "activations unplanned"),
                .init("quoted_bytes", "GPU, MiB", .quoted),
            ], rows),
        chart: .bars(
            .init([["weight_bytes", "prepared_bytes", "planned_bytes"]], mark: "quoted_bytes")),
        verdict: most < 1 << 30 ? .doesNotHold : .holds,
        conclusion: parts.isEmpty
            ? "No figure is quoted for these networks."
            : "Ferry’s plans take \(share(range.0)) to \(share(range.1)) % of the quoted figures; "
                + "weights are most of it, and activations of one picture little.")
}
