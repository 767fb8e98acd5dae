import Architectures
import Reports

extension KnownNetwork {
    /// The network with every convolution over all channels.
    func withoutGroups() throws -> KnownNetwork {
        let layers = architecture.layers.map { layer -> LayerSpec in
            guard case .conv(let names, var spec) = layer else { return layer }
            spec.groups = 1
            return .conv(names, spec)
        }
        return try KnownNetwork(
            "\(architecture.name), one tower", side: architecture.side,
            channels: architecture.channels, layers)
    }
}

/// What AlexNet's two towers save.
func twoTowers(_ context: ArgumentContext) throws -> Argument {
    let two = try KnownNetwork("alexnet_2012")
    let one = try two.withoutGroups()
    func row(_ name: String, _ two: [KnownNetwork.Layer], _ one: [KnownNetwork.Layer])
        -> FigureTable.Row
    {
        FigureTable.Row(
            name,
            [
                .count(two.parameters), .count(one.parameters), .count(two.multiplyAdds),
                .count(one.multiplyAdds),
                .share(Double(two.multiplyAdds) / Double(one.multiplyAdds)),
            ])
    }
    var rows = zip(two.convolutions, one.convolutions).map { row($0.title, [$0], [$1]) }
    rows.append(row("whole network", two.layers, one.layers))
    let saved = one.sizes.parameters - two.sizes.parameters
    let saves = saved > 0 && two.sizes.multiplyAdds < one.sizes.multiplyAdds
    let work = Double(two.sizes.multiplyAdds) / Double(one.sizes.multiplyAdds)
    return Argument(
        name: "towers", title: "Two towers",
        claim: "Half of the kernels on each of two processors, which meet in some layers only, "
            + "make a network of 60 million parameters that two processors can hold.",
        source: "Krizhevsky, Sutskever and Hinton, 2012, sections 3.2 and 3.5",
        formulas: [
            "parameters of a convolution: outputs × (inputs ÷ towers × k² + 1)",
            "multiply-adds: outputs × inputs ÷ towers × k² × positions",
        ],
        table: FigureTable(
            "alexnet_2012",
            [
                .init("parameters", "parameters, two towers"),
                .init("parameters_one", "one tower"),
                .init("multiply_adds", "multiply-adds, two towers"),
                .init("multiply_adds_one", "one tower"), .init("work", "two to one"),
            ], rows),
        verdict: saves ? .holds : .doesNotHold,
        conclusion: "Two towers have \(Numbers.grouped(two.sizes.parameters)) parameters, one "
            + "\(Numbers.grouped(one.sizes.parameters)): few are saved, as most lie in dense "
            + "layers, which see both towers. Of the work "
            + Figure.share(work).text(separator: ",") + " is left.")
}
