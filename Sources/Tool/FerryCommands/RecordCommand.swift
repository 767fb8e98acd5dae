import Architectures
import FormatInterface
import IR
import Images
import Runtime
import Tensors

/// Records a network's inputs, outputs and activations.
struct RecordCommand: Command {
    static let name = "record"
    static let abstract = "Record a network's inputs, outputs and activations as a fixture"
    static let usage = [
        "MODEL PICTURE… -o DIR [--layers | --layer NAME…]",
        "MODEL [NAME=]X.npy… -o DIR",
        "MODEL -o DIR [--seed N] [--batch N]",
    ]
    static let options: [CommandOption] =
        [
            .value("output", "DIR", letter: "o", help: "the folder to write"),
            .flag("layers", help: "record every layer's activation"),
            .value("layer", "NAME", repeats: true, help: "record a layer's or value's activation"),
            .flag("float64", help: "compute in double precision, and write float64 arrays"),
            .value("seed", "N", help: "chooses the noise where no input is given (default: 1)"),
            .value("batch", "N", help: "pictures of noise (default: 1)"),
            .value(
                "preprocess", "NAME",
                help: "torchvision, keras-caffe, keras-tf, caffe, none (default: as trained)"),
            .value(
                "exif", "ignore|apply", help: "what to do with turned pictures (default: ignore)"),
            .flag("force", help: "replace DIR when it is a recording"),
            .weights,
        ] + TensorNaming.options
    static let discussion = """
        Each picture, or set of arrays for the network's inputs, becomes a folder of DIR
        in the layout of ONNX's test data: test_data_set_0/input_0.pb, output_0.pb and so
        on, numbered in the network's own order and laid out as its file declares.
        Activations lie beside them in activations.safetensors, by the names of their
        values. 'ferry verify MODEL --fixture DIR' compares with them.
        """
    static let example = """
        ferry record vgg16.onnx cat.jpg dog.jpg -o vgg16.recording --layers
        ferry verify vgg16.h5 --fixture vgg16.recording
        """

    private let model: String
    private let inputs: [ArrayArgument]
    private let output: String
    private let selection: LayerSelection
    private let inFloat64: Bool
    private let seed: UInt64
    private let batch: Int
    private let preprocess: Preprocessing?
    private let exif: EXIFHandling
    private let force: Bool
    private let weights: DenseWeights
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let words = try arguments.atLeast("MODEL")
        guard let output = arguments.value("output"), !output.isEmpty else {
            throw UsageError("expected -o DIR, found nothing")
        }
        model = words[0]
        inputs = words.dropFirst().map { ArrayArgument($0) }
        self.output = output.withoutFinalSlashes
        selection =
            arguments.has("layers") ? .all : .named(arguments.values("layer"))
        inFloat64 = arguments.has("float64")
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        batch = try arguments.integer("batch", in: 1...65536) ?? 1
        preprocess = try arguments.choice("preprocess", of: Preprocessing.self)
        exif = try arguments.choice("exif", of: EXIFHandling.self) ?? .ignore
        force = arguments.has("force")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        naming = try TensorNaming(arguments)
        self.global = global
        try arguments.refuseTogether("layers", "layer")
        try arguments.refuseTogether("float64", "weights")
        try arguments.refuseTogether("float64", "numerics")
        for option in ["seed", "batch"] where arguments.has(option) && !inputs.isEmpty {
            throw UsageError("--\(option): expected no inputs beside it, found '\(words[1])'")
        }
    }

    func run(on console: Console) throws -> ExitStatus {
        try RecordingWriter.refuseExisting(output, unless: force)
        let engine = try Engine(global, weights: weights)
        let activity = console.activity("reading \(model)")
        defer { activity.finish() }
        let file = try ModelFile(path: model, global, naming).complete()
        for note in file.model.notes { console.note("note: \(note)") }
        let names = try selection.values(of: file)
        let sets = try inputSets(of: file, console)
        let writer = RecordingWriter(
            file: file, engine: engine, names: names, selection: selection,
            arithmetic: inFloat64 ? .float64 : engine.arithmetic)
        activity.enter("recording \(output)")
        let report = try writer.write(sets, to: output, replacing: force)
        activity.finish()
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(report.text)
        }
        return .done
    }

    /// What the network is given, set by set: tensors by the graph's input names, in its layout.
    private func inputSets(
        of file: ModelFile, _ console: Console
    ) throws -> [InputSet] {
        if inputs.isEmpty {
            let noise = try file.seededInputs(batch: batch, seed: seed)
            return [InputSet(name: "seeded noise, seed \(seed)", tensors: noise)]
        }
        if try isPicture(inputs[0].file) { return try pictures(for: file, console) }
        let count = file.model.graph.inputs.count
        guard count > 0, inputs.count % count == 0 else {
            throw UsageError(
                "expected \(count) arrays a set "
                    + "(\(file.model.graph.inputs.map(\.name).joined(separator: ", "))), "
                    + "found \(inputs.count)")
        }
        return try stride(from: 0, to: inputs.count, by: count).map { start in
            let set = Array(inputs[start..<start + count])
            return InputSet(
                name: set.map(\.file).joined(separator: ", "),
                tensors: try file.inputs(from: set))
        }
    }

    /// Whether an input is no array.
    private func isPicture(_ path: String) throws -> Bool {
        try !path.hasSuffix(".pb") && !ArrayFile.isArray(path)
    }

    private func pictures(
        for file: ModelFile, _ console: Console
    ) throws -> [InputSet] {
        let input = try file.pictureInput()
        let recipe = try file.recipe(preprocess)
        console.note("preprocess: \(recipe.rawValue)")
        return try inputs.map { picture in
            let path = picture.name.map { "\($0)=\(picture.file)" } ?? picture.file
            let tensor = try file.tensor(
                of: path, by: recipe, exif: exif, for: input.shape, console)
            let type = file.model.graph.inputs[0].elementType
            return InputSet(name: path, tensors: [input.name: tensor.converted(to: type)])
        }
    }
}
