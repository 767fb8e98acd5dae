import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import Parity
import Tensors

/// Carries a model from one file format into another.
struct ConvertCommand: Command {
    static let name = "convert"
    static let abstract = "Write a model in another format, then read it back and compare"
    static let usage = ["SRC DST [--to FORMAT] [--arch NAME] [--force]"]
    static let options: [CommandOption] = [
        .value(
            "to", "FORMAT",
            help: "onnx, hdf5, keras, keras-h5 … (default: by DST's ending)"),
        .flag("force", help: "replace DST when it exists"),
    ]
    static let discussion = """
        DST is written whole or not at all: a temporary file beside it is filled, read
        back, compared bit by bit, and only then renamed. A DST that is a symbolic link
        is replaced itself. What a format cannot say about a network travels as
        ferry.architecture and ferry.preprocess.
        """
    static let example = """
        ferry convert vgg16.onnx vgg16.h5 --to keras-weights-h5
        """

    private let source: String
    private let destination: String
    private let formatName: String?
    private let force: Bool
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let paths = try arguments.exactly("SRC", "DST")
        source = paths[0]
        destination = paths[1]
        formatName = arguments.value("to")
        force = arguments.has("force")
        self.global = global
    }

    func run(on console: Console) throws -> ExitStatus {
        let format = try FormatRegistry.format(forWriting: destination, named: formatName)
        try refuse(destination, replacing: source)
        try refuseExisting(destination, unless: force)
        let start = ContinuousClock.now
        let activity = console.activity("reading \(source)")
        defer { activity.finish() }
        let (checkpoint, model, notes) = try translated(for: format)
        activity.enter("writing \(destination)")
        try OutputFile.write(to: destination, replacing: force) { file in
            try format.write(checkpoint, to: file)
        } check: { temporary in
            activity.enter("reading \(destination) back")
            try compare(temporary, with: checkpoint, model, format)
        }
        let report = Conversion(
            source: source, destination: destination, format: format.name,
            architecture: model?.architecture?.name, preprocess: model?.preprocess,
            tensors: checkpoint.tensors.count,
            bytes: checkpoint.tensors.reduce(0) { $0 + $1.tensor.byteCount },
            milliseconds: (ContinuousClock.now - start) / .milliseconds(1), notes: notes)
        activity.finish()
        for note in notes { console.note("note: \(note)") }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text)
        }
        return .done
    }

    /// The source as the destination's format keeps it.
    private func translated(
        for format: any ModelFormat.Type
    ) throws -> (Checkpoint, Model?, notes: [String]) {
        let (sourceFormat, read) = try ModelFile.read(source)
        do {
            let model = try ModelFile(path: source, format: sourceFormat, read, global).model
            let checkpoint = try Translation.checkpoint(of: model, in: format.convention)
            return (
                checkpoint, model,
                model.notes
                    + Translation.notes(
                        of: model, writtenIn: format.convention, withGraph: format.holdsGraph)
            )
        } catch let error as TranslationError {
            throw ModelError(file: source, format: format.name, error: error)
        } catch let error as ModelError {
            // Tensors without a known meaning can move as they are, between files of one convention.
            guard case .unrecognized = error.error, global.architecture == nil,
                read.convention == format.convention
            else { throw error }
            return (read, nil, ["an unknown network: tensors are copied as they are"])
        }
    }

    /// Reads the written file and compares every tensor with what was to be written and, through
    /// the translation back, with the model itself.
    private func compare(
        _ temporary: String, with checkpoint: Checkpoint, _ model: Model?,
        _ format: any ModelFormat.Type
    ) throws {
        var written = try format.read(InputFile(path: temporary))
        let originals = Dictionary(
            checkpoint.tensors.map { ($0.key, $0.tensor) }, uniquingKeysWith: { first, _ in first })
        guard written.tensors.count == checkpoint.tensors.count,
            written.tensors.allSatisfy({ originals[$0.key]?.isBitEqual(to: $0.tensor) ?? false })
        else { throw readBackError }
        guard let model else { return }
        // Equal bits need not be moved and compared again: those of the source are at hand.
        for index in written.tensors.indices {
            guard let original = originals[written.tensors[index].key] else { continue }
            written.tensors[index].tensor = original
        }
        let again = try? Translation.model(
            from: written, architecture: model.architecture?.name)
        guard let again, again.weights.count == model.weights.count,
            model.layers.count == again.layers.count
        else { throw readBackError }
        for (layer, other) in zip(model.layers, again.layers) {
            for (mine, theirs) in zip(layer.parameters, other.parameters) {
                guard let a = model.weights[mine.name], let b = again.weights[theirs.name],
                    mine.role == theirs.role, a.isBitEqual(to: b)
                else { throw readBackError }
            }
        }
    }

    private var readBackError: OutputError {
        OutputError(
            file: destination, problem: "read back differently from what was written; not replaced")
    }
}

extension NamedTensor {
    /// What a file finds the tensor by.
    fileprivate var key: [String] { [layer ?? "", name] }
}

/// What `convert` reports.
struct Conversion: Encodable {
    let source: String
    let destination: String
    let format: String
    let architecture: String?
    let preprocess: String?
    let tensors: Int
    let bytes: Int
    let milliseconds: Double
    let notes: [String]

    var text: String {
        let network = architecture.map { ", \($0)" } ?? ""
        return "\(visible(source)) → \(visible(destination)): \(format)\(network), "
            + "\(tensors) tensors, \(Numbers.bytes(bytes)), read back bit-equal, "
            + Numbers.milliseconds(milliseconds)
    }
}
