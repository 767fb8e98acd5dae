import FormatInterface
import Reports

/// Checks what the networks' papers say for their designs.
struct CompareArchitecturesCommand: Command {
    static let name = "compare-architectures"
    static let abstract = "Check the papers' arguments for LeNet, AlexNet and VGG in numbers"
    static let usage = ["[ARCH…] [-o PAGE.html] [--no-timing] [--force]"]
    static let options: [CommandOption] = [
        .value("output", "PAGE", letter: "o", help: "also write the report as one page of HTML"),
        .flag("no-timing", help: "leave out what a clock tells: the same report each time"),
        .flag("force", help: "replace PAGE when it exists"),
    ]
    static let discussion = """
        Shared weights, activation functions, towers, overlapping pools, local response
        normalisation, stacks of small kernels, 1 × 1 kernels, global average pooling,
        dense layers, memory: what is said, the numbers with their formulas, and whether
        it holds. Numbers are counted on the networks' graphs, but for those marked as
        measured (here, by Ferry's engine) or quoted. With ARCH…, only what bears on
        these networks, and tables of these alone.

        \(architectureList)
        """
    static let example = """
        ferry compare-architectures -o arguments.html
        ferry compare-architectures alexnet vgg16 --no-timing
        """

    private let names: [String]
    private let output: String?
    private let measures: Bool
    private let force: Bool
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        names = arguments.arguments
        for name in names { _ = try knownArchitecture(name) }
        output = arguments.value("output")
        try arguments.require("output", with: "force")
        measures = !arguments.has("no-timing")
        force = arguments.has("force")
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        if let output { try refuseExisting(output, unless: force) }
        let engine = try Engine(global)
        let activity = console.activity("counting")
        defer { activity.finish() }
        let context = ArgumentContext(engine, measures: measures, names: names)
        let report = ArgumentReport(
            try context.arguments { activity.enter("checking \($0)") }, engine,
            measures: measures)
        activity.finish()
        if let output {
            let page = report.page
            try OutputFile.write(to: output, replacing: force) { file in
                try file.write(Array(page.utf8))
            }
        }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(coloured: console.colours))
        }
        return .done
    }
}
