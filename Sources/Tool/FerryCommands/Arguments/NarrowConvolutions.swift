import Architectures
import Reports

/// What 1 × 1 convolutions take in VGG's configuration C, and would take as 3 × 3.
func narrowConvolutions(_ context: ArgumentContext) throws -> Argument {
    let network = try KnownNetwork("vgg16_c")
    let wide = try KnownNetwork("vgg16")
    let pairs = zip(network.convolutions, wide.convolutions).filter { narrow, _ in
        narrow.sizes.window?.kernel == [1, 1]
    }
    func row(
        _ name: String, _ narrow: [KnownNetwork.Layer], _ wide: [KnownNetwork.Layer],
        fields: (Int, Int)
    ) -> FigureTable.Row {
        FigureTable.Row(
            name,
            [
                .count(narrow.parameters),
                .share(Double(narrow.parameters) / Double(network.sizes.parameters)),
                .count(narrow.multiplyAdds),
                .share(Double(narrow.multiplyAdds) / Double(network.sizes.multiplyAdds)),
                .count(wide.parameters), .count(wide.multiplyAdds), .count(fields.0),
                .count(fields.1),
            ])
    }
    func field(_ layer: KnownNetwork.Layer) -> Int { layer.sizes.receptiveField?.first ?? 0 }
    var rows = pairs.map { row($0.title, [$0], [$1], fields: (field($0), field($1))) }
    let fields = (network.receptiveField, wide.receptiveField)
    let (narrow, others) = (pairs.map(\.0), pairs.map(\.1))
    rows.append(row("whole network", network.layers, wide.layers, fields: fields))
    rows.insert(row("all 1 × 1", narrow, others, fields: fields), at: pairs.count)
    let plain = try KnownNetwork("vgg13")
    let keepsField = plain.receptiveField == fields.0
    let parts = [
        Double(narrow.parameters) / Double(network.sizes.parameters),
        Double(narrow.multiplyAdds) / Double(network.sizes.multiplyAdds),
    ].map { Figure.share($0).text(separator: ",") }
    return Argument(
        name: "narrow", title: "1 × 1 convolutions",
        claim: "A 1 × 1 convolution adds a non-linear layer without changing the receptive field "
            + "(configuration C); 3 × 3 in its place sees more (D).",
        source: "Simonyan and Zisserman, 2014, section 2.3, after Lin, Chen and Yan, 2013",
        formulas: [
            "parameters: C² k² + C; multiply-adds: C² k² × positions",
            "shares are of vgg16_c; the last columns are vgg16’s, the same layers with k = 3",
        ],
        table: FigureTable(
            "vgg16_c",
            [
                .init("parameters", "parameters"), .init("parameter_share", "share"),
                .init("multiply_adds", "multiply-adds"), .init("work_share", "share"),
                .init("parameters_3x3", "parameters, k = 3"),
                .init("multiply_adds_3x3", "multiply-adds, k = 3"), .init("field", "field"),
                .init("field_3x3", "field, k = 3"),
            ], rows),
        verdict: keepsField && fields.1 > fields.0 ? .holds : .doesNotHold,
        conclusion: "Three more non-linear layers for \(parts[0]) of the parameters and "
            + "\(parts[1]) of the work; the last map sees \(fields.0) pixels, as without them "
            + "(vgg13: \(plain.receptiveField)), and \(fields.1) with 3 × 3 in their place.")
}
