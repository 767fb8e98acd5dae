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
        "SRC DST [--dtype f16|bf16|f32|f64 [--allow-overflow]]",
        "SRC DST [--rename REGEX=TEXT]… [--mapping FILE] [--partial]",
        "SRC DST.onnx [--opset N] [--external-data]",
    ]
    static let options: [CommandOption] =
        [
            .value("to", "FORMAT", help: "DST's format (default: by its ending)"),
            .value("opset", "N", help: "onnx: the version of the operators, 9 to 28 (default: 17)"),
            .flag("external-data", help: "onnx: keep the weights in a file beside DST"),
            .value("dtype", "TYPE", help: "round weights to f16, bf16, f32 or f64"),
            .flag("allow-overflow", help: "let values beyond that type's range become infinite"),
            .flag("force", help: "replace DST when it exists"),
        ] + TensorNaming.options
    static let discussion = """
        DST is written whole or not at all: a temporary file beside it is filled, read
        back, compared bit by bit, and only then renamed. A DST that is a symbolic link
        is replaced itself. What a format cannot say about a network travels as
        ferry.architecture and ferry.preprocess. ONNX weights above 1.5 GiB go to a file
        beside DST, called weights.HASH.data. Caffe's files (.caffemodel, binary or HDF5, and
        .prototxt) are read only; --prototxt says how their weights are used.
        --dtype rounds to nearest, ties to even; integers stay as they are. --rename and
        --mapping change SRC's names before its network is recognised; DST has the names
        that are usual there. With --partial, tensors that are missing, unexpected or of
        another shape are reported and left out, and the rest is written.
        Formats: \(FormatRegistry.writtenNames.joined(separator: ", ")).
        """
    static let example = """
        ferry convert vgg16.onnx vgg16.h5 --to keras-weights-h5
        ferry convert vgg16.pth half.safetensors --dtype f16
        ferry convert scaled.pth half.onnx --dtype f16 --allow-overflow
        ferry convert wrapped.pth vgg16.onnx --rename '^net\\.vgg\\.='
        ferry convert renamed.npz vgg16.pth --mapping names.txt
        ferry convert finetuned.pth backbone.safetensors --partial --arch vgg16
        ferry convert vgg16.pth vgg16.onnx --opset 22 --external-data --force
        """

    private let source: String
    private let destination: String
    private let formatName: String?
    private let force: Bool
    /// Present when the command line asks for a way to write ONNX.
    private let onnx: ONNXFormat.WritingOptions?
    private let elementType: ElementType?
    private let allowsOverflow: Bool
    private let naming: TensorNaming
    private let global: GlobalOptions

    private static let elementTypes: [String: ElementType] = [
        "f16": .float16, "bf16": .bfloat16, "f32": .float32, "f64": .float64,
    ]

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let paths = try arguments.exactly("SRC", "DST")
        source = paths[0]
        destination = paths[1]
        formatName = arguments.value("to")
        force = arguments.has("force")
        onnx = try Self.onnxOptions(arguments)
        elementType = try arguments.choice("dtype", among: ["f16", "bf16", "f32", "f64"])
            .flatMap { Self.elementTypes[$0] }
        try arguments.require("dtype", with: "allow-overflow")
        allowsOverflow = arguments.has("allow-overflow")
        naming = try TensorNaming(arguments)
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
        let (sourceFormat, found) = try ModelFile.readUnchecked(source, global, naming)
        let checksums = Meanwhile { try found.check() }
        var (checkpoint, model, notes) = try translated(
            found.checkpoint, of: sourceFormat, for: format)
        let rounding = try elementType.map { elementType in
            let report = RoundingReport(of: checkpoint, rounded: elementType)
            if !allowsOverflow {
                try report.refuseOverflow(of: source, format: format.name)
            }
            return report
        }
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
        } check: { file in
            try checksums.wait()
            activity.enter("reading \(destination) back")
            let readBack = ReadBack(
                destination: destination, format: format,
                settlesConstants: format == ONNXFormat.self)
            try readBack.compare(file, with: checkpoint, model)
        }
        let report = Conversion(
            source, to: destination, format.name, model, checkpoint, rounding: rounding,
            since: start, notes: notes)
        activity.finish()
        for note in notes { console.note("note: \(note)") }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text(coloured: console.colours))
        }
        return .done
    }

    /// The source as the destination's format keeps it.
    private func translated(
        _ read: Checkpoint, of sourceFormat: any ModelFormat.Type, for format: any ModelFormat.Type
    ) throws -> (Checkpoint, Model?, notes: [String]) {
        var read = read
        do {
            let file = try ModelFile(
                path: source, format: sourceFormat, read, global, isPartial: naming.isPartial)
            // A graph without some of its weights is none.
            var model = format.holdsGraph ? try file.complete().model : file.model
            if let elementType { model = try model.rounded(to: elementType) }
            var checkpoint = try Translation.checkpoint(
                of: model, in: format.convention, withGraph: format.holdsGraph)
            if model.architecture == nil, !format.holdsGraph {
                // Its tensors may be those of a known network that has other operators.
                checkpoint.metadata[MetadataKey.architecture] = MetadataKey.unknownArchitecture
            }
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
                read.convention == format.convention, !read.tensors.isEmpty
            else { throw error }
            if let elementType { read.round(to: elementType) }
            let note = "an unknown network: tensors are copied as they are"
            return (read, nil, read.notes + [note])
        }
    }
}

extension Checkpoint {
    /// Rounds all floating-point tensors.
    fileprivate mutating func round(to elementType: ElementType) {
        for index in tensors.indices where tensors[index].tensor.elementType.isFloatingPoint {
            tensors[index].tensor = tensors[index].tensor.rounded(to: elementType)
        }
    }
}
