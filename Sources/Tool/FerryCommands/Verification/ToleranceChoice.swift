import Parity

/// How far apart values may be, from the command line.
enum ToleranceChoice {
    static let options: [CommandOption] = [
        .value(
            "tolerance", "exact|fp32|fp16", help: "how close is close, as below (default: fp32)"),
        .value("rtol", "R", help: "allowed part of the reference value, instead"),
        .value("atol", "A", help: "allowed part of the largest reference value, instead"),
        .value("max-ulp", "N", help: "float32 steps that no pair may be further apart"),
        .value("min-cosine", "C", help: "the least cosine of a tensor with its reference"),
        .value("top", "K", help: "the best K classes must agree"),
    ]

    static func tolerance(_ arguments: ParsedArguments) throws(UsageError) -> Tolerance {
        let preset = try arguments.choice("tolerance", of: TolerancePreset.self) ?? .fp32
        var tolerance = preset.tolerance
        let relative = try arguments.number("rtol", in: 0...1e9)
        let absolute = try arguments.number("atol", in: 0...1e9)
        if relative != nil || absolute != nil {
            tolerance.relative = relative ?? tolerance.relative
            tolerance.absoluteOfMaximum = absolute ?? tolerance.absoluteOfMaximum
            tolerance.reason = "given on the command line"
        }
        tolerance.maximumULP = try arguments.integer("max-ulp", in: 0...1 << 32)
        tolerance.minimumCosine = try arguments.number("min-cosine", in: -1...1)
        tolerance.top = try arguments.integer("top", in: 1...1_000_000)
        return tolerance
    }
}
