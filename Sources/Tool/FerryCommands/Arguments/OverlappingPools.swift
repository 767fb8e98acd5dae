import Architectures
import IR
import Reports

/// Sizes of maps behind pools of 3 × 3 and of 2 × 2, both with stride 2.
func overlappingPools(_ context: ArgumentContext) throws -> Argument {
    var rows: [FigureTable.Row] = []
    var same = (count: 0, all: 0)
    for name in ["alexnet_2012", "vgg16"] {
        for pool in try KnownNetwork(name).pools {
            let side = pool.input[2]
            let overlapping = try axis(side, kernel: 3)
            let plain = try axis(side, kernel: 2)
            same.all += 1
            if overlapping.floor == plain.floor { same.count += 1 }
            rows.append(
                FigureTable.Row(
                    "\(name), \(pool.spec.name)",
                    [side, overlapping.floor, plain.floor, overlapping.ceil, plain.ceil].map {
                        .count($0)
                    }))
        }
    }
    return Argument(
        name: "overlap", title: "Overlapping pools",
        claim: "Pools of 3 × 3 with stride 2 give maps of the same size as pools of 2 × 2, and "
            + "lower the top-1 and top-5 errors by 0.4 and 0.3 %.",
        source: "Krizhevsky, Sutskever and Hinton, 2012, section 3.4; errors quoted from there",
        formulas: [
            "⌊(side − kernel) ÷ stride⌋ + 1, or rounded up as in Caffe",
            "each value is read (k ÷ stride)² times: 2¼ by 3/2, once by 2/2",
        ],
        table: FigureTable(
            "pool",
            [
                .init("side", "side before"), .init("overlapping", "3/2, rounded down"),
                .init("plain", "2/2, rounded down"), .init("overlapping_up", "3/2, rounded up"),
                .init("plain_up", "2/2, rounded up"),
            ], rows),
        verdict: same.count == same.all ? .holds : same.count > 0 ? .holdsInPart : .doesNotHold,
        conclusion: "Rounded down, the sizes are the same at odd sides, as all of AlexNet’s are; "
            + "at even ones, as VGG’s, maps behind 3/2 are one smaller, and rounding up makes "
            + "them the same there instead.")
}

private func axis(_ side: Int, kernel: Int) throws -> SpatialWindow.Axis {
    let window = SpatialWindow(kernel: [kernel, kernel], strides: [2, 2])
    return try window.axes(input: [side, side], kernel: nil)[0]
}
