import Architectures
import FormatInterface
import Formats
import IR
import Parity
import Tensors

/// Makes another network of a network.
struct EditCommand: Command {
    static let name = "edit"
    static let abstract = "Change a network: its head, its end, towers, any picture size"
    static let usage = ["MODEL -o FILE CHANGE… [--to FORMAT] [--force]"]
    static let options: [CommandOption] = [
        .value("output", "FILE", letter: "o", help: "the file to write"),
        .flag("split-towers", help: "a convolution of its own for each group of channels"),
        .flag("merge-towers", help: "the inverse: such convolutions become one of several groups"),
        .value("head", "N", help: "another last dense layer, of N outputs"),
        .value("seed", "N", help: "chooses the head's weights (default: 1)"),
        .value("until", "LAYER", help: "the network up to a layer, whose result it gives"),
        .flag("features-only", help: "the network up to its flattening or global pool"),
        .flag("fully-convolutional", help: "convolutions for dense layers: any picture size"),
        .flag("average", help: "with --fully-convolutional: the mean over the map of scores"),
        .value("to", "FORMAT", help: "FILE's format (default: by its ending)"),
        .flag("force", help: "replace FILE when it exists"),
    ]
    static let discussion = """
        Changes are made in the order of this list. The result is a network that Ferry
        knows where it still is one (another head, features alone, merged towers), else a
        network of its own, which ONNX and whole Keras models can hold.
        """
    static let example = """
        ferry edit vgg16.onnx -o flowers.onnx --head 102 --seed 1
        ferry edit vgg16.pth -o vgg16_dense.onnx --fully-convolutional --average
        ferry edit alexnet_2012.onnx -o towers.onnx --split-towers
        """

    private let source: String
    private let output: String
    private let arguments: ParsedArguments
    private let classes: Int?
    private let seed: UInt64
    private let global: GlobalOptions

    private static let changes = [
        "split-towers", "merge-towers", "head", "until", "features-only", "fully-convolutional",
    ]

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        source = try arguments.exactly("MODEL")[0]
        guard let output = arguments.value("output") else {
            throw UsageError("expected -o FILE, found nothing")
        }
        self.output = output
        guard Self.changes.contains(where: arguments.has) else {
            let list = Self.changes.map { "--\($0)" }.joined(separator: ", ")
            throw UsageError("expected a change: \(list)")
        }
        try arguments.refuseTogether("split-towers", "merge-towers")
        try arguments.refuseTogether("until", "features-only")
        try arguments.refuseTogether("until", "fully-convolutional")
        try arguments.refuseTogether("features-only", "fully-convolutional")
        try arguments.require("fully-convolutional", with: "average")
        try arguments.require("head", with: "seed")
        classes = try arguments.integer("head", in: 1...1 << 20)
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        self.arguments = arguments
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let format = try FormatRegistry.format(
            forWriting: output, named: arguments.value("to"))
        try refuse(output, replacing: source)
        try refuseExisting(output, unless: arguments.has("force"))
        let start = ContinuousClock.now
        let activity = console.activity("reading \(source)")
        defer { activity.finish() }
        let file = try ModelFile(path: source, global).complete()
        let model = try edited(file)
        let checkpoint: Checkpoint
        do {
            checkpoint = try Translation.checkpoint(
                of: model, in: format.convention, withGraph: format.holdsGraph)
        } catch {
            throw ModelError(file: source, format: format.name, error: error)
        }
        activity.enter("writing \(output)")
        try OutputFile.write(to: output, replacing: arguments.has("force")) { file in
            try format.write(checkpoint, to: file)
        } check: { file in
            activity.enter("reading \(output) back")
            try ReadBack(destination: output, format: format, settlesConstants: false)
                .compare(file, with: checkpoint, model)
        }
        activity.finish()
        let notes = Translation.notes(
            of: model, writtenIn: format.convention, withGraph: format.holdsGraph)
        let report = Conversion(
            source, to: output, format.name, model, checkpoint, since: start, notes: notes)
        for note in notes { console.note("note: \(note)") }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(coloured: console.colours))
        }
        return .done
    }

    /// The network after all changes.
    private func edited(_ file: ModelFile) throws -> Model {
        var surgery = Surgery(file.model)
        do {
            if arguments.has("split-towers") { try surgery.splitTowers() }
            if arguments.has("merge-towers") { try surgery.mergeTowers() }
            if let classes { try surgery.replaceHead(classes: classes, seed: seed) }
            if let layer = arguments.value("until") { try surgery.keep(until: layer) }
            if arguments.has("features-only") { try surgery.keepFeatures() }
            if arguments.has("fully-convolutional") {
                try surgery.makeFullyConvolutional(averaging: arguments.has("average"))
            }
            return try surgery.result()
        } catch let error as SurgeryError {
            throw InputError(file: file.path, format: file.format, problem: "\(error)")
        } catch let error as TranslationError {
            throw ModelError(file: file.path, format: file.format, error: error)
        }
    }
}
