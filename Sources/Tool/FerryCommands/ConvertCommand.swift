import Architectures
import FormatInterface
import Formats
import Foundation
import IR
import ONNXFormat
import Parity
import Tensors

/// Carries a model from one file format into another.
struct ConvertCommand: Command {
    static let name = "convert"
    static let abstract = "Write a model in another format, then read it back and compare"
    static let usage = [
        "SRC DST [--to FORMAT] [--arch NAME] [--force]",
        "SRC DST.onnx [--opset N] [--external-data]",
    ]
    static let options: [CommandOption] = [
        .value("to", "FORMAT", help: "DST's format (default: by its ending)"),
        .value("opset", "N", help: "onnx: the version of the operators, 9 to 28 (default: 17)"),
        .flag("external-data", help: "onnx: keep the weights in a file beside DST"),
        .flag("force", help: "replace DST when it exists"),
    ]
    static let discussion = """
        DST is written whole or not at all: a temporary file beside it is filled, read
        back, compared bit by bit, and only then renamed. A DST that is a symbolic link
        is replaced itself. What a format cannot say about a network travels as
        ferry.architecture and ferry.preprocess. ONNX weights above 1.5 GiB go to a file
        beside DST, called DST.HASH.data. Caffe's files (.caffemodel, binary or HDF5, and
        .prototxt) are read only; --prototxt says how their weights are used.
        Formats: \(FormatRegistry.writtenNames.joined(separator: ", ")).
        """
    static let example = """
        ferry convert vgg16.onnx vgg16.h5 --to keras-weights-h5
        """

    private let source: String
    private let destination: String
    private let formatName: String?
    private let force: Bool
    /// Present when the command line asks for a way to write ONNX.
    private let onnx: ONNXFormat.WritingOptions?
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let paths = try arguments.exactly("SRC", "DST")
        source = paths[0]
        destination = paths[1]
        formatName = arguments.value("to")
        force = arguments.has("force")
        onnx = try Self.onnxOptions(arguments)
        self.global = global
    }

    private static func onnxOptions(
        _ arguments: ParsedArguments
    ) throws(UsageError) -> ONNXFormat.WritingOptions? {
        let opset = arguments.value("opset")
        guard opset != nil || arguments.has("external-data") else { return nil }
        var options = ONNXFormat.WritingOptions()
        if let opset {
            let known = ONNXFormat.writtenOpsets
            guard let number = Int(opset), known.contains(number) else {
                throw UsageError(
                    "--opset: expected \(known.lowerBound) to \(known.upperBound), "
                        + "found '\(opset)'")
            }
            options.opset = number
        }
        options.keepsDataBeside = arguments.has("external-data")
        return options
    }

    func run(on console: Console) throws -> ExitStatus {
        let format = try FormatRegistry.format(forWriting: destination, named: formatName)
        if onnx != nil, format != ONNXFormat.self {
            throw UsageError(
                "--opset, --external-data: expected an ONNX destination, found \(format.name)")
        }
        try refuse(destination, replacing: source)
        try refuseExisting(destination, unless: force)
        let start = ContinuousClock.now
        let activity = console.activity("reading \(source)")
        defer { activity.finish() }
        var (checkpoint, model, notes) = try translated(for: format)
        let options = onnx ?? ONNXFormat.WritingOptions()
        if format == ONNXFormat.self, ONNXFormat.keepsDataBeside(checkpoint, options: options) {
            notes.append("the weights are in a file beside it, which belongs to it")
        }
        activity.enter("writing \(destination)")
        try OutputFile.write(to: destination, replacing: force) { file in
            if format == ONNXFormat.self {
                try ONNXFormat.write(checkpoint, to: file, options: options)
            } else {
                try format.write(checkpoint, to: file)
            }
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
        let (sourceFormat, read) = try ModelFile.read(source, global)
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
            let note = "an unknown network: tensors are copied as they are"
            return (read, nil, read.notes + [note])
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
        // Other versions of ONNX's operators keep axes, pads and bounds elsewhere.
        let isSettled = { (tensor: NamedTensor) in onnx != nil && tensor.tensor.elementCount <= 64 }
        let found = Set(written.tensors.map(\.key))
        guard checkpoint.tensors.allSatisfy({ found.contains($0.key) || isSettled($0) })
        else { throw readBackError }
        for tensor in written.tensors {
            let isEqual = originals[tensor.key].map { $0.isBitEqual(to: tensor.tensor) }
            guard isEqual ?? isSettled(tensor) else { throw readBackError }
        }
        // Weights alone do not say how an unknown network uses them.
        guard let model, model.architecture != nil || format.holdsGraph else { return }
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
                    mine.role == theirs.role,
                    TensorPlace(a) == TensorPlace(b) || a.isBitEqual(to: b)
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

/// Which elements a tensor stands for, without looking at them.
private struct TensorPlace: Equatable {
    private let storage: ObjectIdentifier
    private let byteOffset: Int
    private let shape: [Int]
    private let elementType: ElementType

    init(_ tensor: Tensor) {
        storage = ObjectIdentifier(tensor.storage)
        byteOffset = tensor.byteOffset
        shape = tensor.shape
        elementType = tensor.elementType
    }
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
