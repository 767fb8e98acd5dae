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
    static let usage = ["ARCH -o FILE [--seed N] [--to FORMAT] [--force]"]
    static let options: [CommandOption] = [
        .value("output", "FILE", letter: "o", help: "the file to write"),
        .value("seed", "N", help: "chooses the weights (default: 1)"),
        .value("to", "FORMAT", help: "FILE's format (default: by its ending)"),
        .flag("force", help: "replace FILE when it exists"),
    ]
    static let discussion = """
        Weights are uniform, made from integers by exact operations only: the same on
        every machine. Architectures: lenet5, lenet5_tanh, alexnet, vgg11, vgg13, vgg16,
        vgg19, and each vgg with _bn.
        """
    static let example = """
        ferry init vgg16 -o vgg16.onnx --seed 1
        """

    private let architecture: String
    private let output: String
    private let seed: UInt64
    private let formatName: String?
    private let force: Bool
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        architecture = try arguments.exactly("ARCH")[0]
        guard let output = arguments.value("output"), !output.isEmpty else {
            throw UsageError("expected -o FILE, found nothing")
        }
        if let named = global.architecture, named != architecture {
            throw UsageError("--arch: expected \(architecture), as the argument says")
        }
        self.output = output
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        formatName = arguments.value("to")
        force = arguments.has("force")
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let format = try FormatRegistry.format(forWriting: output, named: formatName)
        try refuseExisting(output, unless: force)
        let start = ContinuousClock.now
        let activity = console.activity("making the weights of \(architecture)")
        defer { activity.finish() }
        let model: Model
        let checkpoint: Checkpoint
        do {
            model = try Architecture.seeded(architecture, seed: seed)
            checkpoint = try Translation.checkpoint(of: model, in: format.convention)
        } catch {
            guard error.isUsage else {
                throw ModelError(file: output, format: format.name, error: error)
            }
            throw UsageError("\(error)")
        }
        activity.enter("writing \(output)")
        try OutputFile.write(to: output, replacing: force) { file in
            try format.write(checkpoint, to: file)
        }
        activity.finish()
        let report = Conversion(
            source: "\(architecture), seed \(seed)", destination: output, format: format.name,
            architecture: architecture, preprocess: model.preprocess,
            tensors: checkpoint.tensors.count,
            bytes: checkpoint.tensors.reduce(0) { $0 + $1.tensor.byteCount },
            rounding: nil, problems: [],
            milliseconds: (ContinuousClock.now - start) / .milliseconds(1), notes: [])
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(
                "\(visible(output)): \(architecture), seed \(seed), \(report.tensors) tensors, "
                    + "\(Numbers.bytes(report.bytes)), "
                    + Numbers.milliseconds(report.milliseconds))
        }
        return .done
    }
}
