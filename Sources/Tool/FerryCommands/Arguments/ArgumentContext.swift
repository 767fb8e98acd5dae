import Architectures
import Reports

/// What arguments are checked with.
struct ArgumentContext {
    let engine: Engine
    /// Whether a clock is asked.
    let measures: Bool
    /// The networks asked for; empty for all.
    private let names: [String]

    init(_ engine: Engine, measures: Bool, names: [String]) {
        self.engine = engine
        self.measures = measures
        self.names = names
    }

    /// Names of the networks asked for, else those of `usual`.
    func chosen(else usual: [String]) -> [String] { names.isEmpty ? usual : names }

    /// Every argument that one of the networks asked for bears on.
    func arguments(progress: (String) -> Void) throws -> [Argument] {
        try Self.all.filter { bearsOn($0.networks) }.map { check in
            progress(check.title)
            let argument = try check.argument(self)
            return measures ? argument : argument.without(.measured)
        }
    }

    private func bearsOn(_ networks: [String]) -> Bool {
        names.isEmpty || networks.contains(where: names.contains)
    }

    /// One argument's check.
    struct Check: Sendable {
        var title: String
        /// The networks it bears on.
        var networks: [String]
        var argument: @Sendable (ArgumentContext) throws -> Argument
    }

    private static let vgg = ArchitectureRegistry.names.filter { $0.hasPrefix("vgg") }

    private static let headed = ArchitectureRegistry.architectures.filter(\.endsInDenseLayer)
        .map(\.name)

    /// In the papers' order.
    private static let all = [
        Check(
            title: "weight sharing", networks: ["lenet5_1998"], argument: weightSharing),
        Check(
            title: "activation functions", networks: ArchitectureRegistry.names,
            argument: activationFunctions),
        Check(
            title: "two towers", networks: ["alexnet_2012", "caffenet", "alexnet"],
            argument: twoTowers),
        Check(
            title: "overlapping pools", networks: ["alexnet_2012", "caffenet", "alexnet"],
            argument: overlappingPools),
        Check(
            title: "local response normalisation", networks: ["vgg11", "vgg11_lrn"],
            argument: localResponse),
        Check(title: "stacks of 3 × 3", networks: vgg, argument: kernelStacks),
        Check(title: "1 × 1 convolutions", networks: ["vgg16_c"], argument: narrowConvolutions),
        Check(
            title: "global average pooling", networks: headed, argument: pooledHeads),
        Check(
            title: "dense layers", networks: ArchitectureRegistry.names, argument: denseShares),
        Check(title: "memory", networks: ArchitectureRegistry.names, argument: networkMemory),
    ]
}

extension Argument {
    fileprivate func without(_ origin: FigureTable.Origin) -> Argument {
        var argument = self
        argument.table = table.without(origin)
        return argument
    }
}
