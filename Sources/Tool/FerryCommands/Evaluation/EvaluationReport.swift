import Foundation
import Parity

/// What `evaluate` tells.
struct EvaluationReport: Encodable {
    struct Confusion: Encodable {
        let index: Int
        let label: String
        let answer: Int
        let answerLabel: String
        let count: Int
    }

    let model: String
    let folder: String
    let preprocess: String
    let `protocol`: String
    /// Short sides; null where the recipe decides.
    let scales: [Int?]
    let viewsPerPicture: Int
    let classes: Int
    /// How the pictures' classes were told.
    let labels: String
    /// Pictures that count: all but those that failed.
    let pictures: Int
    /// Pictures that could not be read or judged.
    let failed: Int
    /// Files that are no pictures.
    let skipped: Int
    let top1Wrong: Int
    let top5Wrong: Int
    /// Shares of `pictures`; null where there are none.
    let top1Error: Double?
    let top5Error: Double?
    let confusions: [Confusion]
    /// Pictures that an earlier run had done.
    let resumed: Int
    /// Of this run, reading the pictures included.
    let seconds: Double
    let picturesPerSecond: Double

    func text(coloured: Bool) -> String {
        let network =
            "\(visible(folder)) with \(visible(model)): \(classes) classes, \(visible(labels)); "
            + "\(`protocol`), \(viewsPerPicture) view\(viewsPerPicture == 1 ? "" : "s") a picture"
        var table = TextTable(columns: [
            .init("ERROR"), .init("", .right), .init("WRONG", .right), .init("OF", .right),
        ])
        for (name, share, wrong) in [
            ("top-1", top1Error, top1Wrong), ("top-5", top5Error, top5Wrong),
        ] {
            table.add([
                .init(name),
                .init(share.map { String(format: "%.2f %%", 100 * $0) } ?? "–", .strong),
                .init(Numbers.grouped(wrong)), .init(Numbers.grouped(pictures)),
            ])
        }
        var lines = [network, table.render(coloured: coloured)]
        if !confusions.isEmpty { lines.append(confusionTable(coloured)) }
        lines += counts
        let done = pictures - resumed
        lines.append(
            "\(Numbers.grouped(done)) pictures in \(Numbers.milliseconds(seconds * 1000)): "
                + (picturesPerSecond < 100
                    ? String(format: "%.1f", picturesPerSecond)
                    : Numbers.grouped(Int(picturesPerSecond.rounded()))) + " pictures/s"
                + (resumed > 0 ? "; \(Numbers.grouped(resumed)) were done before" : ""))
        return lines.joined(separator: "\n")
    }

    private func confusionTable(_ coloured: Bool) -> String {
        var table = TextTable(columns: [.init("CLASS"), .init("TAKEN FOR"), .init("TIMES", .right)])
        for pair in confusions {
            table.add([
                .init(Self.name(pair.index, pair.label)),
                .init(Self.name(pair.answer, pair.answerLabel)), .init(Numbers.grouped(pair.count)),
            ])
        }
        return table.render(coloured: coloured)
    }

    private static func name(_ index: Int, _ label: String) -> String {
        label == "\(index)" ? label : "\(index) \(label)"
    }

    private var counts: [String] {
        var lines: [String] = []
        if failed > 0 {
            lines.append(
                "\(Numbers.grouped(failed)) picture\(failed == 1 ? "" : "s") failed and "
                    + "\(failed == 1 ? "does" : "do") not count")
        }
        if skipped > 0 {
            lines.append(
                "\(Numbers.grouped(skipped)) other file\(skipped == 1 ? "" : "s") skipped")
        }
        return lines
    }
}
