import Architectures
import FormatInterface
import Foundation
import IR
import Parity
import Runtime
import Tensors

/// Proves that two models, or a model and recorded outputs, are the same.
struct VerifyCommand: Command {
    static let name = "verify"
    static let abstract = "Compare two models' weights and outputs, or a model with records"
    static let usage = [
        "A B [--input X.npy] [--weights-only]",
        "MODEL --fixture DIR",
    ]
    static let options: [CommandOption] =
        [
            .value(
                "input", "[NAME=]FILE", repeats: true,
                help: "an array for an input, in A's layout (default: seeded noise)"),
            .value("batch", "N", help: "pictures of seeded noise (default: 1)"),
            .value("seed", "N", help: "chooses the noise (default: 1)"),
            .flag("weights-only", help: "compare weights, run nothing"),
            .value("fixture", "DIR", help: "a folder of input_0.pb, output_0.pb, or .npy"),
            .flag("all", help: "list bit-equal weights too"),
            .weights,
        ] + PageWriter.options + TensorNaming.options
    static let discussion = """
        B, or the record, is the reference. Weights must be bit-equal or differ for a
        reason that is shown; outputs must satisfy
        |out − ref| ≤ 1e-4·|ref| + 1e-5·max|ref|. The exit status is 0 when they do, and
        1 when they do not. With --weights, A computes with rounded weights and B with
        its own, and the outputs' difference is what the rounding costs. --rename and
        --mapping change A's names. --partial passes over tensors that are no part of the
        network; with --weights-only, also over weights that both lack.
        """
    static let example = """
        ferry verify vgg16.onnx vgg16.h5
        ferry verify lenet5.onnx --fixture lenet5/golden
        ferry verify part.pth vgg16.onnx --partial --weights-only
        """

    private let paths: [String]
    private let arrays: [ArrayArgument]
    private let batch: Int
    private let seed: UInt64
    private let weightsOnly: Bool
    private let fixture: String?
    private let listsAll: Bool
    private let weights: DenseWeights
    private let naming: TensorNaming
    private let page: PageWriter?
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        fixture = arguments.value("fixture")
        paths =
            fixture == nil
            ? try arguments.exactly("A", "B") : try arguments.exactly("MODEL")
        arrays = try arguments.arrays("input")
        batch = try arguments.integer("batch", in: 1...65536) ?? 1
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        weightsOnly = arguments.has("weights-only")
        listsAll = arguments.has("all")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        naming = try TensorNaming(arguments)
        page = try PageWriter(arguments)
        self.global = global
        try arguments.refuseTogether("weights-only", "input", "fixture")
        try arguments.refuseTogether("weights-only", "weights")
        try arguments.refuseTogether("input", "batch")
        try arguments.refuseTogether("input", "seed")
    }

    func run(on console: Console) throws -> ExitStatus {
        var page = self.page
        try page?.checkDestination(sources: paths)
        if let fixture { return try verify(paths[0], against: fixture, console, &page) }
        let activity = console.activity("reading")
        defer { activity.finish() }
        var other = TensorNaming()
        other.isPartial = naming.isPartial
        var first = try ModelFile(path: paths[0], global, naming)
        var second = try ModelFile(path: paths[1], global, other)
        if !weightsOnly { (first, second) = (try first.complete(), try second.complete()) }
        var report = ParityReport(value: paths[0], reference: paths[1])
        report.notes = (first.model.notes + second.model.notes).uniqued()
        activity.enter("comparing weights")
        report.weights = compareWeights(first.model, second.model)
        if !weightsOnly {
            activity.enter("comparing outputs")
            let engine = try Engine(global, weights: weights)
            let inputs =
                arrays.isEmpty
                ? try first.seededInputs(batch: batch, seed: seed) : try first.inputs(from: arrays)
            if arrays.isEmpty { report.notes.append("outputs compared on seeded noise") }
            noteWeights(in: &report)
            try compareOutputs(first, second, inputs: inputs, engine, &report, &page)
            if report.hasEqualWeightsUpToElementType, report.verdict == .different {
                report.notes.append(
                    "every weight is equal up to element type: the outputs differ by what "
                        + "rounding weights and computing in that type cost")
            }
        }
        activity.finish()
        return try finish(report, console, page, reading: paths)
    }

    private func verify(
        _ path: String, against folder: String, _ console: Console, _ page: inout PageWriter?
    ) throws -> ExitStatus {
        let file = try ModelFile(path: path, global, naming).complete()
        let engine = try Engine(global, weights: weights)
        var report = ParityReport(value: path, reference: folder)
        report.notes = file.model.notes
        noteWeights(in: &report)
        for record in try Recording.read(folder) {
            try compare(file, with: record, engine, &report, &page)
        }
        return try finish(report, console, page, reading: [path, folder])
    }

    private func noteWeights(in report: inout ParityReport) {
        if weights == .f32 { return }
        report.notes.append(
            "dense weights of \(report.value) rounded to \(weights) in memory; "
                + "the reference keeps its own")
    }

    private func finish(
        _ report: ParityReport, _ console: Console, _ page: PageWriter?, reading files: [String]
    ) throws -> ExitStatus {
        var report = report
        if let page {
            let engine = weightsOnly ? nil : try Engine(global, weights: weights)
            report.provenance = try .collect(
                paths: files + arrays.map(\.file), engine: engine, global,
                inputs: inputsInWords)
            try page.write(report)
        }
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(
                report.text(onlyRemarkable: !listsAll, coloured: console.colours))
        }
        return report.passes ? .done : .different
    }
}

extension VerifyCommand {
    /// Where the inputs come from.
    private var inputsInWords: String {
        if weightsOnly { return "none, weights alone" }
        if let fixture { return "as recorded in \(fixture)" }
        return arrays.isEmpty
            ? "seeded noise, seed \(seed), batch \(batch)"
            : arrays.map(\.file).joined(separator: ", ")
    }
}

extension [String] {
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
