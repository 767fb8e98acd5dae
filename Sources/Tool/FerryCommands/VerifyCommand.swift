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
        "MODEL --against float64 [--layers]",
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
            .value("against", "float64", help: "the model's own answers in double precision"),
            .flag("layers", help: "the growth of errors against float64, layer by layer"),
            .flag("all", help: "list bit-equal weights too"),
            .weights,
        ] + TensorNaming.options
    static let discussion = """
        B, or the record, is the reference. Weights must be bit-equal or differ for a
        reason that is shown; outputs must satisfy
        |out − ref| ≤ 1e-4·|ref| + 1e-5·max|ref|. The exit status is 0 when they do, and
        1 when they do not. With --weights, A computes with rounded weights and B with
        its own, and the outputs' difference is what the rounding costs. --against float64
        measures errors against the truth; with --layers for fast and strict numerics and
        for weights of 16 bits. --rename and
        --mapping change A's names. --partial passes over tensors that are no part of the
        network; with --weights-only, also over weights that both lack.
        """
    static let example = """
        ferry verify vgg16.onnx vgg16.h5
        ferry verify lenet5.onnx --fixture lenet5/golden
        ferry verify vgg16.onnx --against float64 --layers
        ferry verify part.pth vgg16.onnx --partial --weights-only
        """

    private let paths: [String]
    private let arrays: [ArrayArgument]
    private let batch: Int
    private let seed: UInt64
    private let weightsOnly: Bool
    private let fixture: String?
    private let against: String?
    private let layers: Bool
    private let listsAll: Bool
    private let weights: DenseWeights
    private let naming: TensorNaming
    private let global: GlobalOptions

    init(parsing arguments: ParsedArguments, global: GlobalOptions) throws(UsageError) {
        fixture = arguments.value("fixture")
        against = try arguments.choice("against", among: ["float64"])
        layers = arguments.has("layers")
        paths =
            fixture == nil && against == nil
            ? try arguments.exactly("A", "B") : try arguments.exactly("MODEL")
        arrays = try arguments.arrays("input")
        batch = try arguments.integer("batch", in: 1...65536) ?? 1
        seed = try arguments.integer("seed", in: 0...Int.max).map { UInt64($0) } ?? 1
        weightsOnly = arguments.has("weights-only")
        listsAll = arguments.has("all")
        weights = try arguments.choice("weights", of: DenseWeights.self) ?? .f32
        naming = try TensorNaming(arguments)
        self.global = global
        try arguments.refuseTogether("weights-only", "input", "fixture")
        try arguments.refuseTogether("against", "weights-only", "fixture")
        try arguments.require("against", with: "layers")
        try arguments.refuseTogether("weights-only", "weights")
        try arguments.refuseTogether("input", "batch")
        try arguments.refuseTogether("input", "seed")
    }

    func run(on console: Console) throws -> ExitStatus {
        if against != nil { return try verifyAgainstTruth(console) }
        if let fixture { return try verify(paths[0], against: fixture, console) }
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
            try compareOutputs(first, second, inputs: inputs, engine, &report)
            if report.hasEqualWeightsUpToElementType, report.verdict == .different {
                report.notes.append(
                    "every weight is equal up to element type: the outputs differ by what "
                        + "rounding weights and computing in that type cost")
            }
        }
        activity.finish()
        return try finish(report, console)
    }

    private func verify(
        _ path: String, against folder: String, _ console: Console
    ) throws -> ExitStatus {
        let file = try ModelFile(path: path, global, naming).complete()
        let engine = try Engine(global, weights: weights)
        var report = ParityReport(value: path, reference: folder)
        report.notes = file.model.notes
        noteWeights(in: &report)
        for record in try Fixture.records(in: folder) {
            try compare(file, with: record, engine, &report)
        }
        return try finish(report, console)
    }

    private func verifyAgainstTruth(_ console: Console) throws -> ExitStatus {
        let activity = console.activity("reading")
        defer { activity.finish() }
        let file = try ModelFile(path: paths[0], global, naming).complete()
        let comparison = TruthComparison(
            file: file, engine: try Engine(global, weights: weights),
            inputs: arrays.isEmpty
                ? try file.seededInputs(batch: batch, seed: seed) : try file.inputs(from: arrays))
        activity.enter("computing in float64")
        var report = try comparison.report()
        if arrays.isEmpty { report.notes.append("outputs compared on seeded noise") }
        let whole = TruthReport(
            report: report, growth: layers ? try comparison.growth() : nil)
        activity.finish()
        if global.json {
            try console.printJSON(whole)
        } else {
            try console.print(whole.text(coloured: console.colours))
        }
        return report.passes ? .done : .different
    }

    private func noteWeights(in report: inout ParityReport) {
        if weights == .f32 { return }
        report.notes.append(
            "dense weights of \(report.value) rounded to \(weights) in memory; "
                + "the reference keeps its own")
    }

    private func finish(_ report: ParityReport, _ console: Console) throws -> ExitStatus {
        if global.json {
            try console.printJSON(report)
        } else {
            try console.print(
                report.text(onlyRemarkable: !listsAll, coloured: console.colours))
        }
        return report.passes ? .done : .different
    }
}

extension [String] {
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
