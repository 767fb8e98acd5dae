import Architectures
import FormatInterface
import Foundation
import IR
import Images
import Runtime
import Tensors

/// Runs a network on pictures or arrays.
struct RunCommand: Command {
    static let name = "run"
    static let abstract = "Run a network on pictures (top-5) or on arrays"
    static let usage = [
        "MODEL PICTURE… [--preprocess NAME] [--protocol NAME] [--scale Q] [--output Y.npy]",
        "MODEL --input X.npy --output Y.npy",
    ]
    static let options: [CommandOption] =
        [
            .value(
                "input", "[NAME=]FILE", repeats: true, help: "an array for an input, as .npy or .pb"
            ),
            .value(
                "output", "[NAME=]FILE", repeats: true, help: "where an output goes, as .npy or .pb"
            ),
            .value(
                "preprocess", "NAME",
                help: "\(Preprocessing.allCases.map(\.rawValue).joined(separator: ", "))"),
            .value(
                "exif", "ignore|apply", help: "what to do with turned pictures (default: ignore)"),
        ] + ProtocolChoice.options + [
            .flag("force", help: "replace output files that exist"),
            .weights,
            .flag("float64", help: "compute in double precision, and write float64 arrays"),
        ] + TensorNaming.options
    static let discussion = """
        Arrays are laid out as the file declares them; 'ferry inspect' says how. They are
        NumPy's, or ONNX tensors (.pb), which hold every element type. Pictures are
        prepared by the model's recipe, which is named on standard error. --partial passes
        over tensors that are no part of the network; none may be missing. --float64 gives
        the truth that errors are measured against; inputs keep the declared type.

        \(ProtocolChoice.discussion)
        --output then holds the network's own outputs where there is one view, else the
        averaged softmax.
        """
    static let example = """
        ferry run vgg16.onnx cat.jpg
        ferry run alexnet.onnx cat.jpg --protocol ten-crop
        ferry run vgg16.pth cat.jpg dog.jpg --protocol dense --scales 256,384,512
        ferry run lenet5.onnx --input digits.npy --output logits.npy
        ferry run wrapped.pth cat.jpg --rename '^backbone\\.body\\.=features.' --partial
        """

    private let model: String
    private let pictures: [String]
    private let inputs: [ArrayArgument]
    private let outputs: [ArrayArgument]
    private let preprocess: Preprocessing?
    private let exif: EXIFHandling
    private let views: ProtocolChoice
    private let force: Bool
    private let weights: DenseWeights
    private let inFloat64: Bool
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        let words = try arguments.atLeast("MODEL")
        model = words[0]
        pictures = Array(words.dropFirst())
        inputs = try arguments.arrays("input")
        outputs = try arguments.arrays("output")
        preprocess = try arguments.choice("preprocess", of: Preprocessing.self)
        exif = try arguments.choice("exif", of: EXIFHandling.self) ?? .ignore
        views = try ProtocolChoice(arguments)
        force = arguments.has("force")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        inFloat64 = arguments.has("float64")
        naming = try TensorNaming(arguments)
        self.global = global
        try arguments.refuseTogether("float64", "weights")
        try arguments.refuseTogether("float64", "numerics")
        // A network of constants alone has nothing to be given.
        if pictures.isEmpty, inputs.isEmpty, outputs.isEmpty {
            throw UsageError("expected PICTURE or --input, found neither")
        }
        if !pictures.isEmpty, !inputs.isEmpty {
            throw UsageError("expected pictures or --input, found both")
        }
        if !inputs.isEmpty, outputs.isEmpty {
            throw UsageError("--input: expected --output too")
        }
        for option in ["preprocess", "protocol", "scale", "scales"]
        where !inputs.isEmpty && arguments.has(option) {
            throw UsageError("--\(option): expected pictures, found --input")
        }
    }

    func run(on console: Console) throws -> ExitStatus {
        for output in outputs { try refuseExisting(output.file, unless: force) }
        let engine = try Engine(global, weights: weights)
        let file = try ModelFile(path: model, global, naming).complete()
        for note in file.model.notes { console.note("note: \(note)") }
        if pictures.isEmpty {
            let bound = try file.inputs(from: inputs)
            let results =
                inFloat64
                ? try engine.truth(of: file, inputs: bound) : try engine.run(file, inputs: bound)
            try write(results, of: file)
            return .done
        }
        return try classify(file, engine, console)
    }

    // MARK: Pictures

    private func classify(
        _ file: ModelFile, _ engine: Engine, _ console: Console
    ) throws -> ExitStatus {
        let classifier = try PictureClassifier(
            file, engine, views, preprocess: preprocess, exif: exif, inFloat64: inFloat64)
        let recipe = classifier.recipe
        console.note("preprocess: \(recipe.rawValue)")
        if let note = classifier.views.note { console.note("note: \(note)") }
        var classified: [Classification] = []
        var collected: [[String: Tensor]] = []
        let progress = console.progress("pictures")
        var done = 0
        let status = console.forEach(pictures) { path in
            defer {
                done += 1
                progress.update(done, of: pictures.count)
            }
            let prepared = try classifier.viewing.views(of: path)
            for note in prepared.notes { console.note("note: \(path): \(note)") }
            let answer = try classifier.answer(prepared, of: path)
            collected.append(answer.outputs)
            let classification = Classification(path, answer.scores, recipe, classifier.views)
            classified.append(classification)
            if !global.json { try console.print(classification.text(coloured: console.colours)) }
            return .done
        }
        progress.finish()
        if global.json { try console.printJSON(classified) }
        if !outputs.isEmpty, status == .done { try write(stack(collected), of: file) }
        return status
    }

    // MARK: Arrays

    /// One array an output: those of all pictures along the first axis.
    private func stack(_ results: [[String: Tensor]]) throws(UsageError) -> [String: Tensor] {
        guard let first = results.first, results.count > 1 else { return results.first ?? [:] }
        var stack: [String: Tensor] = [:]
        for (name, tensor) in first where !tensor.shape.isEmpty {
            let parts = results.compactMap { $0[name] }
            if let other = parts.first(where: {
                $0.shape.dropFirst() != tensor.shape.dropFirst()
            }) {
                throw UsageError(
                    "--output: expected answers of one shape to stack, found \(tensor.shape) and "
                        + "\(other.shape); run such pictures one at a time")
            }
            stack[name] = stacked(parts)
        }
        return stack
    }

    private func write(_ results: [String: Tensor], of file: ModelFile) throws {
        let names = file.model.graph.outputs.map(\.name)
        guard outputs.count <= names.count else {
            throw UsageError("--output: expected at most \(names.count), found \(outputs.count)")
        }
        for (index, output) in outputs.enumerated() {
            let name = output.name ?? names[index]
            guard let tensor = results[name] else {
                throw UsageError(
                    "--output: expected one of \(names.joined(separator: ", ")), "
                        + "found '\(output.name ?? "")'")
            }
            try ArrayFile.write(
                file.declared(tensor), named: name, to: output.file, replacing: force)
        }
    }
}
