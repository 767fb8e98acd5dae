import Architectures
import FormatInterface
import Formats
import IR
import Parity
import Tensors

/// Makes a network with seeded weights.
struct InitCommand: Command {
    static let name = "init"
    static let abstract = "Write a network with seeded weights"
    static let usage = ["ARCH -o FILE [--seed N] [--from MODEL] [--to FORMAT] [--force]"]
    static let options: [CommandOption] = [
        .value("output", "FILE", letter: "o", help: "the file to write"),
        .value("seed", "N", help: "chooses the weights (default: 1)"),
        .value("from", "MODEL", help: "a shallower network of the same blocks to grow from"),
        .value("to", "FORMAT", help: "FILE's format (default: by its ending)"),
        .flag("force", help: "replace FILE when it exists"),
    ]
    static let discussion = """
        Weights are uniform, made from integers by exact operations only: the same on
        every machine. With --from, MODEL's first four convolutions go to the same places
        of the same blocks, and its dense layers to the end, as VGG's authors grew their
        networks from vgg11; all other weights are those of the seed.

        \(architectureList)
        """
    static let example = """
        ferry init vgg16 -o vgg16.onnx --seed 1
        ferry init vgg16 -o vgg16.pth --from vgg11.pth --seed 7
        """

    private let architecture: Architecture
    private let output: String
    private let seed: UInt64
    private let source: String?
    private let formatName: String?
    private let force: Bool
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let name = try arguments.exactly("ARCH")[0]
        guard let output = arguments.value("output") else {
            throw UsageError("expected -o FILE, found nothing")
        }
        architecture = try knownArchitecture(name)
        if let named = global.architecture, named != name {
            throw UsageError("--arch: expected \(name), as the argument says")
        }
        self.output = output
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        source = arguments.value("from")
        formatName = arguments.value("to")
        force = arguments.has("force")
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let format = try FormatRegistry.format(forWriting: output, named: formatName)
        try refuseExisting(output, unless: force)
        let start = ContinuousClock.now
        let activity = console.activity("making the weights of \(architecture.name)")
        defer { activity.finish() }
        let (model, taken) = try made()
        let checkpoint: Checkpoint
        do {
            checkpoint = try Translation.checkpoint(of: model, in: format.convention)
        } catch {
            throw ModelError(file: output, format: format.name, error: error)
        }
        activity.enter("writing \(output)")
        try OutputFile.write(to: output, replacing: force) { file in
            try format.write(checkpoint, to: file)
        }
        activity.finish()
        let report = Conversion(
            description, to: output, format.name, model, checkpoint, since: start, notes: taken)
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(
                "\(visible(output)): \(visible(description)), \(report.tensors) tensors, "
                    + "\(Numbers.bytes(report.bytes)), "
                    + Numbers.milliseconds(report.milliseconds))
            for note in taken { console.note("note: \(note)") }
        }
        return .done
    }

    private var description: String {
        "\(architecture.name), seed \(seed)" + (source.map { ", grown from \($0)" } ?? "")
    }

    /// The network, and which of its layers came from another.
    private func made() throws -> (Model, notes: [String]) {
        guard let source else {
            return (architecture.seeded(seed: seed, sizes: architecture.publishedSizes), [])
        }
        var options = global
        options.architecture = nil
        let file = try ModelFile(path: source, options).complete()
        do {
            let (model, pairs) = try architecture.grown(from: file.model, seed: seed)
            let list = pairs.map { $0 == $1 ? $0 : "\($0) (its \($1))" }
            return (model, ["from \(source): \(list.joined(separator: ", "))"])
        } catch {
            throw ModelError(file: source, format: file.format, error: error)
        }
    }
}
